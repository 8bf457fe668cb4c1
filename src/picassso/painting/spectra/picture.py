"""A predicted spectrum drawn: what its figure is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import INDICES
from picassso.analysis.spectra.ratios import kauffmann_2003, kewley_2001
from picassso.core import FIBRE_DIAMETER, GalaxyImage
from picassso.figures.predicted_spectrum import (
    Boundary,
    IndexRow,
    SamplePlane,
    predicted_spectrum_figure,
)
from picassso.painting.spectra.observed import ObservedSpectrum
from picassso.painting.spectra.predicted import PredictedSpectrum
from picassso.painting.spectra.stamp import REDSHIFT_ASSUMED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_spectrum", "error_text"]

_TABLE = {
    "EW_OII": "EW([O II])",
    "EW_Hdelta": r"EW(H$\delta$)",
    "EW_Hbeta": r"EW(H$\beta$)",
    "EW_OIII5008": "EW([O III] 5008)",
    "EW_Halpha": r"EW(H$\alpha$)",
    "EW_NII6585": "EW([N II] 6585)",
    "EW_SII": "EW([S II])",
    "D4000": "D4000",
    "Dn4000": r"D$_n$4000",
    "log_Ha_Hb": r"log(H$\alpha$/H$\beta$)",
}
"""Rows of the table, by the names of indices."""

_ALARMING = (
    REDSHIFT_ASSUMED,
    "outside_training_range",
    "masked_pixels_in_fibre",
    "image_ends_within_stamp",
    "brighter_beside_fibre",
)
"""Flags that are written into the figure: bands may be wrong."""

_RETIRED = 3.0
"""Angstrom of EW(Halpha) below which galaxies are retired or passive (Cid Fernandes et al. 2011,
MNRAS 413, 1687)."""


def draw_spectrum(
    image: GalaxyImage,
    predicted: PredictedSpectrum,
    *,
    field: int,
    observed: ObservedSpectrum | None = None,
) -> Figure:
    """Draw a predicted spectrum beside its image, with a table and two planes of its posterior.

    Parameters
    ----------
    image : GalaxyImage
        From which it was predicted.
    predicted : PredictedSpectrum
        At rest.
    field : int
        Side of the square around the fibre that is shown [pixels].
    observed : ObservedSpectrum, optional
        A real one, to be compared with.
    """
    seen = {} if observed is None else observed.indices
    return predicted_spectrum_figure(
        image,
        predicted.wavelength,
        predicted.quantiles,
        limited=predicted.resolution_limited,
        position=predicted.position,
        fibre=FIBRE_DIAMETER,
        field=field,
        rows=[_row(predicted, name, label, seen.get(name)) for name, label in _TABLE.items()],
        planes=[_bpt(predicted, seen), _age_plane(predicted, seen)],
        observed=None if observed is None else observed.flux,
        note=_note(predicted, observed),
        beware=", ".join(f.replace("_", " ") for f in predicted.flags if f in _ALARMING),
    )


def _note(predicted: PredictedSpectrum, observed: ObservedSpectrum | None) -> str:
    words = "picassso {version}, weights {weights}".format(**predicted.provenance)
    if observed is None:
        return words
    if not np.isfinite(observed.departure.p_value):
        return f"{words}\nobserved: covers too little for a p-value"
    return f"{words}\nobserved latents: p-value {observed.departure.p_value:.2g}"


def _row(
    predicted: PredictedSpectrum, name: str, label: str, seen: tuple[float, float] | None
) -> IndexRow:
    _, low, middle, high, _ = (float(v) for v in predicted.index(name))
    unit = "Å" if INDICES[name].unit == "Angstrom" else ""
    return IndexRow(label, unit, low, middle, high, "" if seen is None else error_text(*seen))


def error_text(value: float, error: float) -> str:
    """A measured number with its error, to two digits of that: ``4.31 ± 0.12``."""
    if not np.isfinite(value) or not np.isfinite(error):
        return "–"
    digits = int(np.clip(1 - np.floor(np.log10(error)), 0, 3)) if error > 0 else 2
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _point(seen: Mapping[str, tuple[float, float]], x: str, y: str) -> tuple[float, float] | None:
    return (seen[x][0], seen[y][0]) if seen else None


def _samples(predicted: PredictedSpectrum, name: str) -> NDArray[np.float32]:
    return predicted.index_samples[:, predicted.index_names.index(name)]


def _bpt(predicted: PredictedSpectrum, seen: Mapping[str, tuple[float, float]]) -> SamplePlane:
    """The diagram of Baldwin, Phillips & Terlevich, with the shares of its classes."""
    x_limits, y_limits = (-1.6, 0.7), (-1.3, 1.4)
    x = np.linspace(*x_limits, 200)
    lines = (
        ("Kewley+ 2001", kewley_2001, "-"),
        ("Kauffmann+ 2003", kauffmann_2003, "--"),
    )
    shares = [
        f"{name} {share:.0%}".replace("_", " ").replace(" ", "\N{NO-BREAK SPACE}")
        for name, share in sorted(predicted.class_probabilities.items(), key=lambda kv: -kv[1])
        if share >= 0.005
    ]
    return SamplePlane(
        x=_samples(predicted, "log_NII_Ha"),
        y=_samples(predicted, "log_OIII_Hb"),
        x_label=r"log([N II] 6585 / H$\alpha$)",
        y_label=r"log([O III] 5008 / H$\beta$)",
        x_limits=x_limits,
        y_limits=y_limits,
        boundaries=tuple(
            Boundary(x, np.where(np.isfinite(curve(x)), curve(x), -9.0), label, style)
            for label, curve, style in lines
        ),
        note=", ".join(shares),
        observed=_point(seen, "log_NII_Ha", "log_OIII_Hb"),
    )


def _age_plane(
    predicted: PredictedSpectrum, seen: Mapping[str, tuple[float, float]]
) -> SamplePlane:
    """The break at 4000 A, which ages deepen, against star formation now."""
    x_limits = (1.0, 2.4)
    return SamplePlane(
        x=_samples(predicted, "D4000"),
        y=_samples(predicted, "EW_Halpha"),
        x_label="D4000",
        y_label=r"EW(H$\alpha$) [Å]",
        x_limits=x_limits,
        y_limits=(-6.0, 400.0),
        boundaries=(Boundary(np.array(x_limits), np.full(2, _RETIRED), "3 Å: retired below", ":"),),
        observed=_point(seen, "D4000", "EW_Halpha"),
        y_ticks=(-3.0, 0.0, 3.0, 10.0, 30.0, 100.0, 300.0),
    )
