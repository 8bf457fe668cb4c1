"""What is measured on every sample of a predicted spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra.indices import INDICES, measure
from picassso.analysis.spectra.ratios import CLASSIFIED, EMISSION_CLASSES, classify

__all__ = ["MEASURED", "MEASURED_UNITS", "class_shares", "measure_samples"]

MEASURED: tuple[str, ...] = (
    "EW_OII",
    "EW_Hdelta",
    "EW_Hgamma",
    "EW_Hbeta",
    "EW_OIII5008",
    "EW_OI6302",
    "EW_Halpha",
    "EW_NII6585",
    "EW_SII",
    "D4000",
    "Dn4000",
    "HdeltaA",
    "log_NII_Ha",
    "log_OIII_Hb",
    "log_SII_Ha",
    "log_OI_Ha",
    "log_Ha_Hb",
    "flux_Halpha",
)
"""Names of indices, in the order of the tables."""

MEASURED_UNITS: tuple[str, ...] = tuple(INDICES[name].unit for name in MEASURED)


def measure_samples(
    wavelength: NDArray[np.float64], flux: NDArray[np.float32], stars: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Measure spectra (..., L) at rest: (..., K) in the order of `MEASURED`, NaN where unknown.

    Lines are measured above `stars` (..., L), the light that is not theirs.
    """
    found = measure(wavelength, flux, MEASURED, stars=stars)
    return np.stack([found[name] for name in MEASURED], axis=-1).astype(np.float32)


def class_shares(numbers: NDArray[np.float32]) -> list[dict[str, float]]:
    """Share of samples (N, S, K), in the order of `MEASURED`, in each of `EMISSION_CLASSES`."""
    found = classify(*(numbers[..., MEASURED.index(name)] for name in CLASSIFIED))
    shares = np.stack([(found == k).mean(axis=1) for k in range(len(EMISSION_CLASSES))], axis=1)
    return [dict(zip(EMISSION_CLASSES, row, strict=True)) for row in shares.tolist()]
