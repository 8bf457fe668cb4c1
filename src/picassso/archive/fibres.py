"""Light that enters a fibre, kept in a store beside images and maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.compression import compressor, round_mantissa
from picassso.archive.damage import DAMAGED, REMEDY
from picassso.archive.table import flags_of
from picassso.core import FIBRE_GRID, LINE_NAMES, FibreLight, InputError

if TYPE_CHECKING:
    from picassso.archive.store import DatasetStore

__all__ = ["FibreArrays", "light_in_parts", "lit_rows", "rest_light", "rest_spectra"]

_DARK = "fibre_without_stars"
"""Flag of `picassso.observatory.spectra.fibre.fibre_light`."""

_MANTISSA_BITS = 13
"""Explicit mantissa bits that are kept: a relative error of at most 2^-14 = 6.1e-5."""

_CHUNK = 500
"""Fibres whose light is in memory at once."""

_GRID = {
    "log10_first": 3.49,
    "log10_step": 1e-4,
    "pixels": len(FIBRE_GRID),
    "unit": "Angstrom",
    "medium": "vacuum",
    "frame": "rest",
}


class FibreArrays:
    """The two arrays of a store that hold what its fibres see, one row a view.

    ``fibre/continuum`` is (N, 4801) on `picassso.core.FIBRE_GRID`
    [1e-17 erg s^-1 cm^-2 Angstrom^-1], ``fibre/line_flux`` (N, 25) of
    `picassso.core.EMISSION_LINES` [1e-17 erg s^-1 cm^-2]; both per Angstrom at rest, float32 of
    13 mantissa bits, NaN where nothing was written.

    Parameters
    ----------
    path : Path
        Of the store.
    group : zarr.Group
        Of the store.

    Raises
    ------
    KeyError
        If an array is missing.
    InputError
        If the arrays are of another grid or other lines than those of this version.
    """

    def __init__(self, path: Path, group: Any) -> None:
        self.path = path
        self.continuum = group["fibre/continuum"]
        self.line_flux = group["fibre/line_flux"]
        for what, found, expected in (
            ("grid of its spectra", self.continuum.attrs.get("grid"), _GRID),
            ("list of its emission lines", self.line_flux.attrs.get("lines"), list(LINE_NAMES)),
        ):
            if found != expected:
                raise InputError(
                    f"{path}: the {what} is {found}, expected {expected}; make it again with "
                    "picassso mock --spectra"
                )

    @staticmethod
    def lay_out(group: Any, *, galaxies: int, views: int) -> None:
        """Make the empty arrays in the group of a new store, one shard a galaxy."""
        for name, length, axis, about in (
            (
                "continuum",
                len(FIBRE_GRID),
                "wavelength",
                {"unit": "1e-17 erg s-1 cm-2 Angstrom-1", "grid": _GRID},
            ),
            (
                "line_flux",
                len(LINE_NAMES),
                "line",
                {"unit": "1e-17 erg s-1 cm-2", "lines": list(LINE_NAMES)},
            ),
        ):
            group.create_array(
                f"fibre/{name}",
                shape=(galaxies * views, length),
                dtype="float32",
                chunks=(1, length),
                shards=(views, length),
                compressors=compressor(),
                fill_value=np.nan,  # what is lost must not pass for darkness
                dimension_names=("view", axis),
                attributes={**about, "mantissa_bits": _MANTISSA_BITS},
            )

    def write(self, at: slice, lights: Sequence[FibreLight]) -> None:
        """Write the light of the views of one galaxy.

        Parameters
        ----------
        at : slice
            Their rows.
        lights : sequence of FibreLight
            One a view.
        """
        for array, values in (
            (self.continuum, [light.continuum for light in lights]),
            (self.line_flux, [light.line_flux for light in lights]),
        ):
            array[at] = round_mantissa(np.stack(values), bits=_MANTISSA_BITS)

    def light(self, i: int, row: Mapping[str, Any]) -> FibreLight:
        """Light of one view.

        Parameters
        ----------
        i : int
            Its row.
        row : mapping
            What the table says of it.

        Raises
        ------
        InputError
            As of `read`.
        """
        continuum, line_flux = self.read(np.array([i]))
        return FibreLight(
            galaxy_id=str(row["galaxy_id"]),
            view=int(row["view"]),
            redshift=float(row["redshift"]),
            continuum=continuum[0],
            line_flux=line_flux[0],
            line_dispersion=float(row["line_dispersion"]),
            stellar_dispersion=float(row["stellar_dispersion"]),
            flags=flags_of(row),
        )

    def read(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Continuum (n, 4801) and line flux (n, 25) of some rows, in their order.

        Raises
        ------
        InputError
            If something of them is lost or damaged.
        """
        rows = np.arange(self.continuum.shape[0])[rows]  # from the end where negative
        try:
            continuum, line_flux = (_rows_of(a, rows) for a in (self.continuum, self.line_flux))
        except DAMAGED as error:
            raise InputError(f"{self.path}: its spectra are damaged ({error}); {REMEDY}") from error
        there = np.isfinite(continuum).all(axis=1) & np.isfinite(line_flux).all(axis=1)
        if not there.all():
            raise InputError(
                f"{self.path}: part of the spectrum of row {rows[~there][0]} is lost; {REMEDY}"
            )
        return continuum, line_flux


def lit_rows(store: DatasetStore, split: str) -> NDArray[np.int64]:
    """Rows of a split of a store whose fibre sees stars: the others have no spectrum to learn."""
    rows = store.indices(split)
    dark = [_DARK in flags.split(";") for flags in store.table["flags"][rows].tolist()]
    return rows[~np.array(dark, dtype=bool)]


def light_in_parts(
    store: DatasetStore, rows: NDArray[np.int64]
) -> Iterator[tuple[slice, tuple[NDArray[Any], ...]]]:
    """Light of some rows of a store, so many at once as fit into memory.

    Yields
    ------
    slice
        Which of `rows`.
    continuum, line_flux, line_dispersion, redshift : arrays
        Of `DatasetStore.fibre_lights`.
    """
    for first in range(0, len(rows), _CHUNK):
        part = slice(first, min(first + _CHUNK, len(rows)))
        yield part, store.fibre_lights(rows[part])


def rest_light(
    store: DatasetStore, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n, 1000) noise-free spectra of some rows, and what they are without emission lines.

    As `rest_spectra`, for once the reading.
    """
    from picassso.observatory.spectra.spectrograph import rest_fluxes

    flux, stars = [], []
    for _, (continuum, line_flux, *seen) in light_in_parts(store, rows):
        flux.append(rest_fluxes(continuum, line_flux, *seen))
        stars.append(rest_fluxes(continuum, np.zeros_like(line_flux), *seen))
    return _lit(store, rows, flux), np.concatenate(stars)


def rest_spectra(store: DatasetStore, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, 1000) noise-free spectra at rest of some rows of a store, on `REST_GRID`.

    Parameters
    ----------
    store : DatasetStore
        With spectra.
    rows : (n,) int array
        Which.

    Raises
    ------
    InputError
        If the store has no spectra, or no light enters one of the fibres.
    """
    from picassso.observatory.spectra.spectrograph import rest_fluxes

    return _lit(store, rows, [rest_fluxes(*light) for _, light in light_in_parts(store, rows)])


def _lit(
    store: DatasetStore, rows: NDArray[np.int64], parts: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """All parts together, none of them dark."""
    spectra = np.concatenate(parts)
    dark = ~(spectra > 0).any(axis=1)
    if dark.any():
        raise InputError(f"{store.path}: no light enters the fibre of row {rows[dark][0]}")
    return spectra


def _rows_of(array: Any, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Some rows of an array; neighbours are read at once, several times as fast as one by one."""
    wanted, places = np.unique(rows, return_inverse=True)
    found = np.empty((len(wanted), array.shape[1]), dtype=np.float32)
    breaks = np.flatnonzero(np.diff(wanted) > 1) + 1
    for first, stop in zip([0, *breaks], [*breaks, len(wanted)], strict=True):
        if first < stop:
            found[first:stop] = array[wanted[first] : wanted[stop - 1] + 1]
    return found[places]
