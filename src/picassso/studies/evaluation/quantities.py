"""What errors are looked up against: signal-to-noise, specific star formation, stellar mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import aperture_signal_to_noise, aperture_total
from picassso.core import PROPERTIES, GalaxyImage, Maps, reference_band

__all__ = ["QUANTITIES", "Quantity", "measure_quantities", "signal_to_noise_band"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity and the edges of its bins.

    Parameters
    ----------
    name : str
        As in files.
    title : str
        In words, with unit.
    edges : tuple of float
        Inner edges; the first and the last bin are open.
    """

    name: str
    title: str
    edges: tuple[float, ...]


QUANTITIES: tuple[Quantity, ...] = (
    Quantity(
        "signal_to_noise",
        "signal-to-noise in the aperture",
        (10, 30, 100, 300, 1000, 3000, 10000, 30000),
    ),
    Quantity("log_specific_star_formation_rate", "true log sSFR [1/yr]", (-12, -11, -10)),
    Quantity("log_stellar_mass", "true log stellar mass [M☉]", (9, 9.5, 10, 10.5, 11)),
)
"""Every quantity of `measure_quantities`, in this order."""


def signal_to_noise_band(bands: tuple[str, ...]) -> str:
    """Band of the signal-to-noise: r, or the middle one where there is no r."""
    return reference_band(bands)


def measure_quantities(
    image: GalaxyImage, truth: Maps, region: NDArray[np.bool_]
) -> tuple[float, ...]:
    """The value of each of `QUANTITIES` for one view, inside one region.

    Parameters
    ----------
    image : GalaxyImage
        As stored, so that the noise drawn does not choose the bin.
    truth : Maps
        True maps on the same pixels.
    region : (H, W) bool array
        True where to sum.

    Returns
    -------
    tuple of float
        NaN where the truth is absent; minus infinity for the logarithm of no mass, and for that of
        a specific rate whose star formation lies below its floor.
    """
    band = image.bands.index(signal_to_noise_band(image.bands))
    mass, rate = (
        aperture_total(truth[p], region, pixel_area=truth.pixel_area)
        if p in truth.properties
        else np.nan
        for p in ("stellar_mass", "star_formation_rate")
    )
    if rate < PROPERTIES["star_formation_rate"].total_floor:
        rate = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        log_mass = np.log10(np.float64(mass))
        log_specific_rate = np.log10(np.divide(rate, mass))
    return (
        aperture_signal_to_noise(image.flux[band], image.noise[band], region),
        float(log_specific_rate),
        float(log_mass),
    )
