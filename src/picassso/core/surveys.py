"""Bands and surveys: filters, pixel scale, depth, seeing, and corrections to AB magnitudes."""

from __future__ import annotations

from dataclasses import dataclass

from picassso.core.errors import InputError

__all__ = [
    "NANOMAGGY_ZERO_POINT",
    "PANSTARRS",
    "SDSS",
    "SURVEYS",
    "Survey",
    "get_survey",
    "reference_band",
]

NANOMAGGY_ZERO_POINT = 22.5
"""AB magnitude of 1 nanomaggy (3.631 microjansky)."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What must be known of an imaging survey to imitate it and to read its files.

    Parameters
    ----------
    name : str
        Name as typed by users.
    bands : tuple of str
        Band names, blue to red.
    filters : tuple of str
        Transmission curves, as named by speclite.
    effective_wavelengths : tuple of float
        Angstrom, in vacuum to the accuracy needed for dust curves.
    pixel_scale : float
        Arcsec per pixel.
    sky_noise : tuple of float
        1 sigma of the sky in one native pixel, as surface brightness [nanomaggy arcsec^-2]. It
        goes as 1 / pixel size when pixels are averaged.
    psf_fwhm : tuple of float
        Typical seeing a band [arcsec].
    psf_fwhm_range : tuple of float
        Range in which the r-band seeing is drawn [arcsec].
    extinction : tuple of float
        A_b / E(B-V)_SFD.
    ab_offsets : tuple of float
        Added to catalogued magnitudes to bring them to the AB system.
    """

    name: str
    bands: tuple[str, ...]
    filters: tuple[str, ...]
    effective_wavelengths: tuple[float, ...]
    pixel_scale: float
    sky_noise: tuple[float, ...]
    psf_fwhm: tuple[float, ...]
    psf_fwhm_range: tuple[float, float]
    extinction: tuple[float, ...]
    ab_offsets: tuple[float, ...]

    def band_indices(self, bands: tuple[str, ...]) -> tuple[int, ...]:
        """Positions of `bands` among the survey's own; unknown names raise InputError."""
        unknown = [b for b in bands if b not in self.bands]
        if unknown:
            raise InputError(
                f"bands {unknown} are not in survey {self.name!r}, which has {list(self.bands)}"
            )
        return tuple(self.bands.index(b) for b in bands)


# Sky noise and seeing: measured on SDSS field 002583-2-0136 (3-sigma clipped standard deviation
# of an uncrowded region; psf_width of its psField). Extinction: Schlafly & Finkbeiner 2011,
# table 6, R_V = 3.1. AB offsets: https://www.sdss.org/dr12/algorithms/fluxcal/
SDSS = Survey(
    name="sdss",
    bands=("u", "g", "r", "i", "z"),
    filters=("sdss2010-u", "sdss2010-g", "sdss2010-r", "sdss2010-i", "sdss2010-z"),
    effective_wavelengths=(3551.0, 4686.0, 6166.0, 7480.0, 8932.0),
    pixel_scale=0.396,
    sky_noise=(0.316, 0.128, 0.199, 0.325, 1.334),
    psf_fwhm=(1.47, 1.30, 1.05, 1.00, 1.15),
    psf_fwhm_range=(0.9, 1.8),
    extinction=(4.239, 3.303, 2.285, 1.698, 1.263),
    ab_offsets=(-0.04, 0.0, 0.0, 0.0, 0.02),
)

# The stacks of the 3 pi survey. Depth and seeing: Chambers et al. 2016 (arXiv:1612.05560), 5 sigma
# for points 23.3 23.2 23.1 22.3 21.4 mag, which is sky noise times the root of the Gaussian PSF's
# 4 pi sigma^2; four real stacks agree to 20%, each scaled to the usual twelve exposures.
# Neighbouring pixels of real ones share noise, for they were resampled (Waters et al. 2020, ApJS
# 251, 4). Effective wavelengths: Tonry et al. 2012 (ApJ 750, 99), table 4, whose magnitudes are
# AB. Extinction: Schlafly & Finkbeiner 2011, table 6, R_V = 3.1.
PANSTARRS = Survey(
    name="panstarrs",
    bands=("g", "r", "i", "z", "y"),
    filters=("panstarrs-g", "panstarrs-r", "panstarrs-i", "panstarrs-z", "panstarrs-y"),
    effective_wavelengths=(4810.0, 6170.0, 7520.0, 8660.0, 9620.0),
    pixel_scale=0.25,
    sky_noise=(0.194, 0.234, 0.275, 0.597, 1.435),
    psf_fwhm=(1.31, 1.19, 1.11, 1.07, 1.02),
    psf_fwhm_range=(0.9, 1.6),
    extinction=(3.172, 2.271, 1.682, 1.322, 1.087),
    ab_offsets=(0.0, 0.0, 0.0, 0.0, 0.0),
)

SURVEYS: dict[str, Survey] = {s.name: s for s in (SDSS, PANSTARRS)}


def get_survey(name: str) -> Survey:
    """Survey of a name, whatever its case; an unknown one raises InputError with the choices."""
    try:
        return SURVEYS[name.lower()]
    except (KeyError, AttributeError):
        raise InputError(f"unknown survey {name!r}; choose one of {sorted(SURVEYS)}") from None


def reference_band(bands: tuple[str, ...]) -> str:
    """The band that stands for all: r, or the middle one where there is no r."""
    return "r" if "r" in bands else bands[len(bands) // 2]
