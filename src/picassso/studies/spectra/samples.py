"""Spectra to judge an autoencoder by: mock ones whose truth is known, and real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.archive import DatasetStore
from picassso.archive.fibres import light_in_parts
from picassso.archive.spectra.reading import held_spectra, spectrum_format
from picassso.core import REST_GRID, FibreLight, InputError, Spectrum
from picassso.observatory.spectra.resample import NO_VALID_PIXELS, resample, to_rest
from picassso.observatory.spectra.spectrograph import observe_spectrum, rest_fluxes
from picassso.observatory.spectra.widen import widen
from picassso.studies.spectra.rows import spread_over

__all__ = [
    "HALVES",
    "Sample",
    "half_of",
    "library_spectra",
    "mock_sample",
    "observed_sample",
    "split_in_halves",
]

HALVES = ("tune", "report")
"""Real spectra by which choices may be made, and those whose numbers are then quoted."""

_DRAWN_AROUND = 3
"""Other spectra for each of a library's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Spectra at rest, on `REST_GRID`.

    Parameters
    ----------
    name : str
        Of the sample.
    galaxy_id : (N,) array of str
        Whose they are.
    flux, inverse_variance : (N, 1000) float32 array
        1e-17 erg s^-1 cm^-2 per rest Angstrom; inverse variance 0 where nothing is known.
    redshift : (N,) array
        At which they were observed.
    signal_to_noise : (N,) array
        Median of the usable pixels as observed; NaN without any.
    flags : tuple of tuple of str
        What is to be known of each.
    truth : (N, 1000) float32 array or None
        Without noise and gaps.
    """

    name: str
    galaxy_id: NDArray[np.str_]
    flux: NDArray[np.float32]
    inverse_variance: NDArray[np.float32]
    redshift: NDArray[np.float64]
    signal_to_noise: NDArray[np.float64]
    flags: tuple[tuple[str, ...], ...]
    truth: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.galaxy_id)

    def take(self, rows: NDArray[np.intp], name: str) -> Sample:
        """Some of the spectra under another name."""
        return replace(
            self,
            name=name,
            flags=tuple(self.flags[k] for k in rows),
            truth=None if self.truth is None else self.truth[rows],
            **{
                field: getattr(self, field)[rows]
                for field in (
                    "galaxy_id",
                    "flux",
                    "inverse_variance",
                    "redshift",
                    "signal_to_noise",
                )
            },
        )


def library_spectra(store: DatasetStore, *, limit: int, seed: int) -> NDArray[np.float32]:
    """(n, 1000) noise-free spectra such as autoencoders learn from, to fit components to.

    Of at most `limit` views of the training split, evenly spread, each with three others drawn
    around it; see `picassso.observatory.spectra.widen`.
    """
    rows = spread_over(store.indices("train"), limit)
    parts = []
    for part, (continuum, lines, dispersion, redshift) in light_in_parts(store, rows):
        parts.append(rest_fluxes(continuum, lines, dispersion, redshift))
        rng = np.random.default_rng([seed, 4, part.start])
        for _ in range(_DRAWN_AROUND):
            light = widen(continuum, lines, dispersion, rng)
            parts.append(
                rest_fluxes(light.continuum, light.line_flux, light.line_dispersion, redshift)
            )
    return np.concatenate(parts)


def mock_sample(
    store: DatasetStore, rows: NDArray[np.int64], *, widened: bool, seed: int
) -> Sample:
    """Spectra of some rows of a store, as SDSS would measure them, brought to rest like real ones.

    Parameters
    ----------
    store : DatasetStore
        With spectra.
    rows : (n,) int array
        Which.
    widened : bool
        Those of other galaxies drawn around them; see `picassso.observatory.spectra.widen`.
    seed : int
        Of the noise, and of what is drawn.
    """
    spectra, truth = [], []
    for part, (continuum, line_flux, dispersion, redshift) in light_in_parts(store, rows):
        if widened:
            rng = np.random.default_rng([seed, 1, part.start])
            light = widen(continuum, line_flux, dispersion, rng)
            continuum, line_flux = light.continuum, light.line_flux
            dispersion = light.line_dispersion
        truth.append(rest_fluxes(continuum, line_flux, dispersion, redshift))
        for k, row in enumerate(rows[part].tolist()):
            fibre = FibreLight(
                galaxy_id=str(store.table["galaxy_id"][row]),
                view=int(store.table["view"][row]),
                redshift=float(redshift[k]),
                continuum=continuum[k],
                line_flux=line_flux[k],
                line_dispersion=float(dispersion[k]),
                stellar_dispersion=np.nan_to_num(store.table["stellar_dispersion"][row]),
            )
            spectra.append(observe_spectrum(fibre, np.random.default_rng([seed, 2, row])))
    name = "widened mocks" if widened else "mocks"
    return replace(_at_rest(name, spectra), truth=np.concatenate(truth))


def observed_sample(paths: Sequence[Path]) -> Sample:
    """Real spectra of files and folders.

    A spectrum without redshift or without pixels is kept, with a flag that says so.

    Raises
    ------
    InputError
        If a file cannot be read, a folder holds no spectra, or there is nothing to read.
    """
    spectra = [s for path in paths for file in _files(path) for s in _spectra(file)]
    if not spectra:
        raise InputError("no observed spectra were given; give files or folders of them")
    return _at_rest("observed", spectra)


def half_of(galaxy_id: str) -> str:
    """Half that a real spectrum belongs to, by a hash (SHA-256) of its name alone.

    No seed, run or other spectrum moves it from one half into the other.
    """
    return HALVES[hashlib.sha256(galaxy_id.encode()).digest()[0] & 1]


def split_in_halves(sample: Sample) -> dict[str, Sample]:
    """Real spectra by half, in the order of `HALVES`; an empty half is left out."""
    halves = np.array([half_of(str(name)) for name in sample.galaxy_id])
    rows = {half: np.flatnonzero(halves == half) for half in HALVES}
    return {h: sample.take(r, f"observed, {h} half") for h, r in rows.items() if len(r)}


def _files(path: Path) -> Iterator[Path]:
    """A file, or those of a folder that hold spectra."""
    if not path.is_dir():
        yield path
        return
    found = [f for f in sorted(path.rglob("*")) if f.is_file() and spectrum_format(f)]
    if not found:
        raise InputError(f"{path}: holds no spectra; give files that do, or their folder")
    yield from found


def _spectra(file: Path) -> Iterator[Spectrum]:
    """Spectra of a file; one whose redshift cannot be used comes without pixels, and says so."""
    for held in held_spectra(file):
        try:
            yield held.spectrum()
        except InputError:
            spectrum = held.spectrum(0.0)
            flags = (*spectrum.flags, "redshift_unusable")
            yield replace(spectrum, mask=np.ones_like(spectrum.mask), flags=flags)


def _at_rest(name: str, spectra: Sequence[Spectrum]) -> Sample:
    at_rest = [resample(to_rest(s), REST_GRID) for s in spectra]
    return Sample(
        name=name,
        galaxy_id=np.array([s.galaxy_id for s in spectra]),
        flux=np.stack([s.flux for s in at_rest]),
        inverse_variance=np.stack([s.inverse_variance for s in at_rest]),
        redshift=np.array([s.redshift for s in spectra]),
        signal_to_noise=np.array([_signal_to_noise(s) for s in spectra]),
        flags=tuple(s.flags for s in at_rest),
    )


def _signal_to_noise(spectrum: Spectrum) -> float:
    usable = spectrum.usable
    if NO_VALID_PIXELS in spectrum.flags or not usable.any():
        return np.nan
    return float(np.median((spectrum.flux * np.sqrt(spectrum.inverse_variance))[usable]))
