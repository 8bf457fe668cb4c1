"""How bright stars are: band luminosities against age, metallicity and redshift."""

from __future__ import annotations

import sys
import uuid
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError, MissingExtraError, Survey
from picassso.core.cache import cache_dir
from picassso.observatory.light_build import (
    build_light_table,
    inputs_fingerprint,
    recipe_fingerprint,
)

__all__ = ["LightTable", "load_light_table", "surface_brightness_factor"]

_ARRAYS = ("redshift", "metallicity", "age", "luminosity")

_ARCSEC_PER_RADIAN = 206264.80624709636


@dataclass(frozen=True, slots=True)
class LightTable:
    """Light of simple stellar populations, with their nebulae while young, in a survey's bands.

    Parameters
    ----------
    survey : str
        Name of the survey.
    bands : tuple of str
        Band names, blue to red.
    redshift : (R,) float64 array
        Increasing.
    metallicity : (Z,) float64 array
        Mass fraction of metals, increasing.
    age : (A,) float64 array
        Gyr, increasing.
    luminosity : (R, Z, A, B) float32 array
        Nanomaggies that 1 Msun formed would have at 10 pc, in the observed bands, its spectrum
        redshifted (factor 1 + z of the band's width included).
    """

    survey: str
    bands: tuple[str, ...]
    redshift: NDArray[np.float64]
    metallicity: NDArray[np.float64]
    age: NDArray[np.float64]
    luminosity: NDArray[np.float32]

    def at_redshift(self, redshift: float) -> NDArray[np.float32]:
        """(Z, A, B) luminosities at one redshift, linear between those of the table.

        Raises
        ------
        InputError
            If the redshift lies outside the table.
        """
        first, last = float(self.redshift[0]), float(self.redshift[-1])
        if not first <= redshift <= last:
            raise InputError(
                f"redshift is {redshift:g}, expected {first:g} to {last:g}, the range of the light "
                "table; place the galaxy at a redshift inside it"
            )
        k = int(np.clip(np.searchsorted(self.redshift, redshift) - 1, 0, len(self.redshift) - 2))
        part = (redshift - self.redshift[k]) / (self.redshift[k + 1] - self.redshift[k])
        below, above = self.luminosity[k], self.luminosity[k + 1]
        return below + np.float32(part) * (above - below)

    def luminosities(
        self, age_gyr: ArrayLike, metallicity: ArrayLike, redshift: float
    ) -> NDArray[np.float32]:
        """Light of star particles, each per solar mass formed.

        The logarithm of the luminosity is interpolated, linearly in (log metallicity, log age):
        fading populations follow power laws of age, which are straight lines there. Ages and
        metallicities outside the grid are clamped to it.

        Parameters
        ----------
        age_gyr : (N,) array
            Ages [Gyr].
        metallicity : (N,) array
            Mass fractions of metals.
        redshift : float
            By which the spectra are shifted.

        Returns
        -------
        (N, B) float32 array
            Nanomaggies at 10 pc per Msun formed. The observed flux is that times the initial mass
            times ``(10 pc / D_L)^2``.

        Raises
        ------
        InputError
            If shapes differ, a value is not finite, or the redshift lies outside the table.
        """
        age = np.ascontiguousarray(age_gyr, dtype=np.float32)
        metals = np.ascontiguousarray(metallicity, dtype=np.float32)
        if age.ndim != 1 or age.shape != metals.shape:
            raise InputError(
                f"stars: age has shape {age.shape} and metallicity {metals.shape}, expected one "
                "value of each per particle"
            )
        for name, values in (("age", age), ("metallicity", metals)):
            if not np.isfinite(values).all():
                bad = int(np.count_nonzero(~np.isfinite(values)))
                raise InputError(
                    f"stars: {name} of {bad} of {len(values)} particles is not finite, expected "
                    "finite numbers; drop or repair those particles"
                )
        from picassso.observatory.look_up import bilinear

        out = np.empty((len(age), len(self.bands)), dtype=np.float32)
        bilinear(
            np.log(self.age).astype(np.float32),
            np.log(self.metallicity).astype(np.float32),
            np.log(self.at_redshift(redshift)),
            age,
            metals,
            out,
        )
        return out


def load_light_table(survey: Survey) -> LightTable:
    """Light table of a survey: from the user's cache, built into it on first use.

    With the table in the cache neither bagpipes nor speclite is needed. Several processes may
    build at once: each writes a file of its own, and the last to finish names it.

    Raises
    ------
    MissingExtraError
        If there is no table in the cache and bagpipes or speclite is not installed.
    InputError
        If the cache cannot be written, or a grid cannot be read.
    """
    return _load(survey, cache_dir())


@lru_cache(maxsize=8)
def _load(survey: Survey, folder: Path) -> LightTable:
    """Table of one cache folder; kept, for callers ask once a galaxy."""
    stem = f"light_{survey.name}_{recipe_fingerprint(survey)}"
    try:
        path = folder / f"{stem}_{inputs_fingerprint(survey)}.npz"
    except MissingExtraError:
        arrays = _newest(folder, stem)
        if arrays is None:
            raise
    else:
        arrays = _read(path) or _build(path, survey)
    return LightTable(survey=survey.name, bands=survey.bands, **arrays)


def _newest(folder: Path, stem: str) -> dict[str, NDArray] | None:
    """The last table that was made by this recipe while the grids were installed."""
    paths = sorted(folder.glob(f"{stem}_*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
    return next((arrays for p in paths if (arrays := _read(p)) is not None), None)


def _read(path: Path) -> dict[str, NDArray] | None:
    """Arrays of a table, or None where there is none that can be read whole."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in _ARRAYS}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _build(path: Path, survey: Survey) -> dict[str, NDArray]:
    """Build a table and put it at `path`, whole or not at all."""
    print(
        f"picassso: making the light table of {survey.name}, once ({path})",
        file=sys.stderr,
        flush=True,
    )
    arrays = build_light_table(survey)
    temporary = path.with_name(f".{path.stem}_{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            np.savez_compressed(file, **arrays)
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"light table {path}: cannot be written ({error.strerror}); expected about 4 MB of "
            "space in a folder that you may write to; set PICASSSO_CACHE to one"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    return arrays


def surface_brightness_factor(redshift: float) -> float:
    """Surface brightness [nMgy arcsec^-2] of 1 nMgy-at-10-pc per kpc^2.

    ``(10 pc / D_L)^2 (kpc per arcsec)^2``, in which the distances cancel but for Tolman's (1930)
    factor: ``(0.01 / 206264.8)^2 / (1 + z)^4``.
    """
    return (0.01 / _ARCSEC_PER_RADIAN) ** 2 / (1.0 + redshift) ** 4
