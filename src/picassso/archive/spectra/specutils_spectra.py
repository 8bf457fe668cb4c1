"""Spectra of specutils (``Spectrum``, in its versions below 2 ``Spectrum1D``), to and fro."""

from __future__ import annotations

from typing import Any

import numpy as np

from picassso.archive.fits.units import is_number
from picassso.archive.spectra.held import hold
from picassso.archive.spectra.tables import flat_meta, medium_said
from picassso.archive.spectra.units import angstrom, flux_density, inverse_variance
from picassso.core import InputError, Spectrum, need

__all__ = ["from_specutils", "to_specutils"]

_POWERS = {"std": 1, "var": 2, "ivar": -2}
"""Of the unit of flux, by the names that astropy gives kinds of uncertainty."""


def from_specutils(
    spectrum: Any, *, redshift: float | None = None, medium: str | None = None
) -> Spectrum:
    """Spectrum of one of specutils, which need not be installed: attributes alone are read.

    Parameters
    ----------
    spectrum : specutils.Spectrum or Spectrum1D
        Of one axis, with an uncertainty.
    redshift : float, optional
        By which its wavelengths are shifted. Default: that of its spectral axis, else ``redshift``
        or ``z`` in its meta. That of an axis is 0 where nobody has set it, so that 0 must be given.
    medium : str, optional
        Of its wavelengths, ``"vacuum"`` or ``"air"``, which specutils does not say. Default: as
        ``medium`` in its meta says, else vacuum, flagged.

    Raises
    ------
    InputError
        If it has several axes, no uncertainty, units of something else, or no redshift.
    """
    source = f"specutils {type(spectrum).__name__}"
    for name in ("spectral_axis", "flux"):
        if getattr(getattr(spectrum, name, None), "unit", None) is None:
            raise InputError(
                f"{source}: {name} is no quantity with a unit; expected a Spectrum of specutils"
            )
    if np.ndim(spectrum.flux) != 1:
        raise InputError(
            f"{source}: flux has shape {np.shape(spectrum.flux)}; expected one axis: give its "
            "spectra one by one"
        )
    wave = angstrom(spectrum.spectral_axis.value, spectrum.spectral_axis.unit, f"{source}: axis")
    meta = flat_meta(getattr(spectrum, "meta", None) or {})
    medium = medium or medium_said(meta)
    mask = getattr(spectrum, "mask", None)
    said, said_by = _redshift(spectrum, meta)
    resolution = meta.get("resolution")
    held = hold(
        source=source,
        galaxy_id=str(meta.get("galaxy_id") or meta.get("object") or ""),
        wavelength=wave,
        medium=medium or "vacuum",
        flux=flux_density(spectrum.flux.value, spectrum.flux.unit, wave, f"{source}: flux"),
        inverse_variance=_inverse_variance(spectrum, wave, source),
        mask=None if mask is None else np.broadcast_to(np.asarray(mask) != 0, wave.shape),
        redshift=said,
        redshift_from=said_by,
        resolution=float(resolution) if is_number(resolution) else None,
        flags=(*meta.get("flags", ()), *(() if medium else ("medium_assumed_vacuum",))),
    )
    return held.spectrum(redshift)


def to_specutils(spectrum: Spectrum) -> Any:
    """The spectrum as one of specutils, with its inverse variance, mask and redshift.

    What specutils has no place for (medium, resolution, flags, name) is in its meta.

    Raises
    ------
    MissingExtraError
        If specutils is not installed.
    """
    need("specutils", extra="spectra")
    import specutils
    from astropy import units as u
    from astropy.nddata import InverseVariance

    unit = u.Unit(1e-17 * u.erg / u.s / u.cm**2 / u.AA)
    made_by = getattr(specutils, "Spectrum", None) or specutils.Spectrum1D
    return made_by(
        spectral_axis=spectrum.wavelength * u.AA,
        flux=spectrum.flux * unit,
        uncertainty=InverseVariance(spectrum.inverse_variance, unit=unit**-2),
        mask=spectrum.mask.copy(),
        redshift=spectrum.redshift,
        meta={
            "galaxy_id": spectrum.galaxy_id,
            "redshift": spectrum.redshift,
            "medium": spectrum.medium,
            "resolution": spectrum.resolution,
            "flags": list(spectrum.flags),
        },
    )


def _inverse_variance(spectrum: Any, wave: Any, source: str) -> Any:
    uncertainty: Any = getattr(spectrum, "uncertainty", None)
    kind = getattr(uncertainty, "uncertainty_type", None)
    if kind not in _POWERS:
        found = "no uncertainty" if uncertainty is None else f"an uncertainty of type {kind!r}"
        raise InputError(
            f"{source}: {found}; expected StdDevUncertainty, VarianceUncertainty or "
            "InverseVariance of astropy.nddata"
        )
    unit = uncertainty.unit
    if unit is None:
        unit = spectrum.flux.unit ** _POWERS[kind]
    return inverse_variance(uncertainty.array, unit, wave, f"{source}: uncertainty")


def _redshift(spectrum: Any, meta: dict[str, Any]) -> tuple[Any, str]:
    """Redshift as the object says it, and where; that of an axis is 0 where nobody set it."""
    of_axis = getattr(spectrum, "redshift", None)
    if of_axis is not None and float(of_axis) != 0:
        return float(of_axis), "that of its spectral axis"
    keyword = next((k for k in ("redshift", "z") if meta.get(k) is not None), None)
    if keyword is not None:
        return meta[keyword], f"{keyword} of its meta"
    return None, "its spectral axis has none, or 0, and its meta neither redshift nor z"
