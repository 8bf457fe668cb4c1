"""What is known of a galaxy's spectrum from its image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError

__all__ = ["QUANTILES", "QUANTILE_NAMES", "PredictedSpectrum"]

QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
"""Those in which a posterior is given: median, 68% and 95% intervals."""

QUANTILE_NAMES = ("p2_5", "p16", "p50", "p84", "p97_5")


@dataclass(frozen=True, slots=True, eq=False)
class PredictedSpectrum:
    """Posterior of the spectrum that a fibre would record, given an image.

    Parameters
    ----------
    galaxy_id : str
        Name of the galaxy.
    view : int
        Number of the camera (0 for a real image).
    redshift : float
        Of the galaxy.
    frame : str
        ``"rest"`` or ``"observed"``: of `wavelength` and of the flux densities.
    wavelength : (L,) float64 array
        Angstrom, in vacuum.
    quantiles : (5, L) float32 array
        Flux density at `QUANTILES` of its posterior [1e-17 erg s^-1 cm^-2 Angstrom^-1].
    mean : (L,) float32 array
        Mean of the posterior, same unit.
    resolution_limited : (L,) bool array
        True where the stellar models resolve less than SDSS's spectrographs.
    latent_mean, latent_covariance : (D,), (D, D) float32 array
        Posterior of the z-scored latents and, last, log10 of the norm.
    latent_samples : (S, D) float32 array
        Draws from it.
    residual_samples : (S, R) float32 array
        Standard normal numbers by which the decoder scatters each draw, as its autoencoder misses
        spectra.
    index_names, index_units : tuple of str
        Of K numbers measured on every sample: equivalent widths, breaks, line ratios.
    index_samples : (S, K) float32 array
        Each index moved and stretched by itself, as calibration found; NaN where a sample has
        none, such as a ratio of lines in absorption.
    index_quantiles : (5, K) float32 array
        At `QUANTILES`, of the samples that have one; NaN where fewer than half do.
    class_probabilities : mapping of str to float
        Of the classes of the diagram of Baldwin, Phillips & Terlevich (1981).
    position : (float, float)
        x and y of the fibre in the image [pixels, from 0].
    sky : (float, float) or None
        Right ascension and declination of the fibre [deg, ICRS].
    flags : tuple of str
        Short words for machines.
    provenance : mapping of str to str
        Weights, conditions and assumptions.
    """

    galaxy_id: str
    view: int
    redshift: float
    frame: str
    wavelength: NDArray[np.float64]
    quantiles: NDArray[np.float32]
    mean: NDArray[np.float32]
    resolution_limited: NDArray[np.bool_]
    latent_mean: NDArray[np.float32]
    latent_covariance: NDArray[np.float32]
    latent_samples: NDArray[np.float32]
    residual_samples: NDArray[np.float32]
    index_names: tuple[str, ...]
    index_units: tuple[str, ...]
    index_samples: NDArray[np.float32]
    index_quantiles: NDArray[np.float32]
    class_probabilities: Mapping[str, float]
    position: tuple[float, float]
    sky: tuple[float, float] | None
    flags: tuple[str, ...]
    provenance: Mapping[str, str]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What had to be assumed, and what to beware of, a line each."""
        return tuple(self.provenance.get("assumptions", "").splitlines())

    def index(self, name: str) -> NDArray[np.float32]:
        """(5,) quantiles of one index at `QUANTILES`; an unknown name raises InputError."""
        if name not in self.index_names:
            raise InputError(f"no index {name!r}; there are {', '.join(self.index_names)}")
        return self.index_quantiles[:, self.index_names.index(name)]

    def to_observed(self, redshift: float | None = None) -> PredictedSpectrum:
        """The same spectrum as it arrives: wavelength (1 + z), flux density / (1 + z).

        Parameters
        ----------
        redshift : float, optional
            Default: that of the galaxy.

        Raises
        ------
        InputError
            If the spectrum is not at rest, or the redshift is negative.
        """
        z = self.redshift if redshift is None else redshift
        if self.frame != "rest":
            raise InputError(f"{self.galaxy_id}: the spectrum is in the observed frame already")
        if not z >= 0:
            raise InputError(f"redshift is {z}, expected 0 or a positive number")
        stretch = np.float32(1.0 + z)
        return replace(
            self,
            redshift=float(z),
            frame="observed",
            wavelength=self.wavelength * (1.0 + z),
            quantiles=self.quantiles / stretch,
            mean=self.mean / stretch,
        )
