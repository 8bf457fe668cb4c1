"""What makes a galaxy's gas shine, by two ratios of lines: Baldwin, Phillips & Terlevich 1981."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.spectra.indices import measure

__all__ = [
    "CLASSIFIED",
    "EMISSION_CLASSES",
    "NO_EMISSION",
    "classify",
    "classify_spectra",
    "kauffmann_2003",
    "kewley_2001",
    "log_ratio",
    "schawinski_2007",
]

EMISSION_CLASSES: tuple[str, ...] = (
    "star-forming",
    "composite",
    "Seyfert",
    "LINER",
    "no_emission",
)
"""Names of the classes that `classify` gives the numbers of."""

NO_EMISSION = EMISSION_CLASSES.index("no_emission")
"""Number of the class of those whose lines are too weak to tell."""

CLASSIFIED: tuple[str, ...] = ("log_NII_Ha", "log_OIII_Hb", "EW_Halpha")
"""Names of the indices that `classify` goes by, in its order."""

_WEAKEST = 0.5
"""Angstrom of Halpha: galaxies below are passive (Cid Fernandes et al. 2011, MNRAS 413, 1687)."""


def log_ratio(flux: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """log10(flux / other), NaN unless both are positive."""
    top, bottom = np.asarray(flux, dtype=np.float64), np.asarray(other, dtype=np.float64)
    positive = (top > 0) & (bottom > 0)
    logs = [np.log10(np.where(positive, value, np.nan)) for value in (top, bottom)]
    return logs[0] - logs[1]


def kewley_2001(log_nii_ha: ArrayLike) -> NDArray[np.float64]:
    """log([O III] / Hbeta) up to which starbursts reach: Kewley et al. 2001 (ApJ 556, 121), eq. 5.

    -inf from the asymptote at log([N II] / Halpha) = 0.47 on: nothing lies below the curve there.
    """
    return _hyperbola(log_nii_ha, asymptote=0.47, level=1.19)


def kauffmann_2003(log_nii_ha: ArrayLike) -> NDArray[np.float64]:
    """log([O III] / Hbeta) below which gas shines by young stars alone.

    Kauffmann et al. 2003 (MNRAS 346, 1055), eq. 1; -inf from the asymptote at 0.05 on.
    """
    return _hyperbola(log_nii_ha, asymptote=0.05, level=1.3)


def schawinski_2007(log_nii_ha: ArrayLike) -> NDArray[np.float64]:
    """log([O III] / Hbeta) between Seyferts (above) and LINERs.

    Schawinski et al. 2007 (MNRAS 382, 1415).
    """
    return 1.05 * np.asarray(log_nii_ha, dtype=np.float64) + 0.45


def _hyperbola(x: ArrayLike, *, asymptote: float, level: float) -> NDArray[np.float64]:
    """0.61 / (x - asymptote) + level left of the asymptote."""
    x = np.asarray(x, dtype=np.float64)
    left = x < asymptote
    curve = 0.61 / np.where(left, x - asymptote, -1.0) + level
    return np.where(np.isnan(x), np.nan, np.where(left, curve, -np.inf))


def classify(
    log_nii_ha: ArrayLike, log_oiii_hb: ArrayLike, halpha_width: ArrayLike
) -> NDArray[np.int8]:
    """Numbers of the classes of galaxies, as in `EMISSION_CLASSES`.

    Below the line of Kauffmann et al. 2003 they are star-forming, between it and that of Kewley et
    al. 2001 composite, above it Seyferts and LINERs on the two sides of the line of Schawinski et
    al. 2007. Old stars light gas with the ratios of a LINER: what has less than 3 Angstrom of
    Halpha is more likely retired than active (Cid Fernandes et al. 2011, MNRAS 413, 1687).

    Parameters
    ----------
    log_nii_ha, log_oiii_hb : (...) array
        log10([N II] 6585 / Halpha) and log10([O III] 5008 / Hbeta).
    halpha_width : (...) array
        Equivalent width of Halpha, positive in emission [Angstrom].

    Returns
    -------
    (...) int8 array
        `NO_EMISSION` where a ratio is NaN, or the width is not at least 0.5 Angstrom.
    """
    x, y = np.asarray(log_nii_ha, dtype=np.float64), np.asarray(log_oiii_hb, dtype=np.float64)
    conditions = [
        np.isnan(x) | np.isnan(y) | ~(np.asarray(halpha_width) >= _WEAKEST),
        y < kauffmann_2003(x),
        y < kewley_2001(x),
        y > schawinski_2007(x),
    ]
    names = ["no_emission", "star-forming", "composite", "Seyfert"]
    numbers = [EMISSION_CLASSES.index(name) for name in names]
    return np.select(conditions, numbers, EMISSION_CLASSES.index("LINER")).astype(np.int8)


def classify_spectra(
    wavelength: ArrayLike,
    flux: ArrayLike,
    *,
    inverse_variance: ArrayLike | None = None,
    stars: ArrayLike | None = None,
) -> NDArray[np.int8]:
    """Classes of spectra by what `measure` gives of `CLASSIFIED`.

    Without `stars`, what they absorb of Hbeta makes weak emission vanish (`NO_EMISSION`) and moves
    the rest upwards.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom, in vacuum, at rest.
    flux : (..., L) array
        Per wavelength.
    inverse_variance : (..., L) array, optional
        Not positive where nothing is known.
    stars : (..., L) array, optional
        Light of the stars by a model, in the unit of `flux`.
    """
    found = measure(wavelength, flux, CLASSIFIED, inverse_variance=inverse_variance, stars=stars)
    return classify(*(found[name] for name in CLASSIFIED))
