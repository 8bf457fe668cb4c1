"""The data set store: images, true maps and a table of what each view is, in one zarr group.

Layout of format 1 (zarr version 3)::

    STORE/zarr.json          attributes: format, package version, config, fingerprint, ...
    STORE/flux               (N, B, H, W) float32, surface brightness: noise-free, or with a
                             real sky where the attribute real_sky says so
    STORE/maps               (N, P, H, W) float32, true surface densities, NaN where absent
    STORE/fibre/<array>      what a fibre on the middle of each image sees, where the attribute
                             spectra says so; see `picassso.archive.fibres`
    STORE/table/<column>     (N,) or (N, B), one row a view
    STORE/contact_sheet.png  what it looks like

The views of one galaxy are one file of each array (a zarr shard), one view is one compressed
chunk of it. While a store is being made, `STORE/progress` holds one small file per finished
galaxy, written after its pixels; the table is made of them at the end.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.archive.compression import round_mantissa
from picassso.archive.damage import DAMAGED, REMEDY
from picassso.archive.fibres import FibreArrays
from picassso.archive.layout import lay_out, open_group
from picassso.archive.progress import Progress
from picassso.archive.splits import SPLITS
from picassso.archive.table import fingerprint, flags_of, table_from_rows, write_table
from picassso.core import FibreLight, GalaxyImage, InputError, Maps, folder_made_whole

__all__ = ["DatasetStore"]


class DatasetStore:
    """A data set on disk: images, true maps, and a table of one row a view.

    Make one with `picassso.archive.mock`, open one with `DatasetStore.open`.

    Parameters
    ----------
    path : path-like
        Folder of the store.
    group : zarr.Group
        The open group.

    Attributes
    ----------
    flux : zarr.Array
        (N, B, H, W) float32, surface brightness [nanomaggy arcsec^-2]: without noise, or, where
        `real_sky`, with all of it.
    maps : zarr.Array
        (N, P, H, W) float32, surface densities in the units of `picassso.core.PROPERTIES`; NaN
        throughout where a property is absent.
    bands, properties : tuple of str
        What the second axes of `flux` and `maps` are.
    survey : str
        Name of the survey.
    real_sky : bool
        Whether `flux` lies on pieces of real sky: nothing may be added to it then.
    has_spectra : bool
        Whether the light of a fibre is kept beside every image.
    """

    def __init__(self, path: str | os.PathLike[str], group: Any) -> None:
        self.path = Path(path)
        self._group = group
        self._progress = Progress(self.path)
        attributes = dict(group.attrs)
        self.attributes: dict[str, Any] = attributes
        self.flux = group["flux"]
        self.maps = group["maps"]
        self.bands: tuple[str, ...] = tuple(attributes["bands"])
        self.properties: tuple[str, ...] = tuple(attributes["properties"])
        self.survey: str = attributes["survey"]
        self.config: dict[str, Any] = attributes["config"]
        self.views: int = attributes["views"]
        self.real_sky: bool = bool(attributes.get("real_sky", False))
        self.has_spectra: bool = bool(attributes.get("spectra", False))
        self._fibres = FibreArrays(self.path, group) if self.has_spectra else None

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        config: Mapping[str, Any],
        galaxies: int,
        views: int,
        shape: tuple[int, int],
        survey: str,
        bands: Sequence[str],
        properties: Sequence[str],
        real_sky: bool = False,
        spectra: bool = False,
    ) -> DatasetStore:
        """Make an empty store; it appears whole under its name or not at all.

        Parameters
        ----------
        path : path-like
            Folder that must not exist yet.
        config : mapping
            All that decides the contents, JSON-serialisable.
        galaxies, views : int
            Number of galaxies, and of views of each.
        shape : (int, int)
            Height and width of every image.
        survey : str
            Name of the survey.
        bands, properties : sequence of str
            Names along the second axes.
        real_sky : bool
            Whether the images will lie on real sky, with its noise.
        spectra : bool
            Whether the light of a fibre will be kept beside every image.

        Raises
        ------
        InputError
            If `path` exists or cannot be made.
        """
        path = Path(path)
        with folder_made_whole(path) as partial:
            lay_out(
                partial,
                config=config,
                galaxies=galaxies,
                views=views,
                shape=shape,
                survey=survey,
                bands=bands,
                properties=properties,
                real_sky=real_sky,
                spectra=spectra,
            )
            Progress(partial).begin()
        return cls(path, open_group(path, writable=True))

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, writable: bool = False) -> DatasetStore:
        """Open a store, finished or not.

        Raises
        ------
        InputError
            If there is none at `path`, or one of another format version.
        """
        path = Path(path)
        group = open_group(path, writable=writable)
        try:
            return cls(path, group)
        except DAMAGED as error:
            raise InputError(
                f"{path}: a part of this data set is missing or damaged ({error}); {REMEDY}"
            ) from None

    def __len__(self) -> int:
        return int(self.flux.shape[0])

    def __repr__(self) -> str:
        state = "" if self.complete else ", unfinished"
        return f"DatasetStore({str(self.path)!r}, {len(self)} views{state})"

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of every image."""
        return int(self.flux.shape[2]), int(self.flux.shape[3])

    @property
    def galaxies(self) -> int:
        """Number of galaxies, failed ones included."""
        return len(self) // self.views

    @property
    def complete(self) -> bool:
        """Whether the table has been written, which is the last thing that happens."""
        return bool(self.attributes.get("complete", False))

    @property
    def fingerprint(self) -> str:
        """Hash of the config and the table."""
        self._require_complete()
        return str(self.attributes["fingerprint"])

    @cached_property
    def table(self) -> dict[str, NDArray[Any]]:
        """One row a view: column name to array, (N,) or (N, B); text columns as unicode."""
        self._require_complete()
        table = {}
        for name in self.attributes["columns"]:
            try:
                column = np.asarray(self._group[f"table/{name}"][:])
            except DAMAGED as error:
                raise InputError(
                    f"{self.path}: its table lacks {name!r} or it is damaged ({error}); {REMEDY}"
                ) from None
            text = column.dtype.kind not in "if"
            table[name] = np.array(column.tolist(), dtype=str) if text else column
        return table

    def indices(self, split: str) -> NDArray[np.int64]:
        """Rows of ``"train"``, ``"validation"`` or ``"test"``; failed galaxies are in none."""
        if split not in SPLITS:
            raise InputError(f"unknown split {split!r}; choose one of {list(SPLITS)}")
        return np.flatnonzero(self.table["split"] == split)

    def flux_of(self, i: int) -> NDArray[np.float32]:
        """Flux of row `i` as stored, (B, H, W); InputError if it is lost or damaged."""
        flux = self._read(self.flux, i)
        if not np.isfinite(flux).all():
            raise self._lost(i, "part of its flux is not there")
        return flux

    def maps_of(self, i: int) -> NDArray[np.float32]:
        """True maps of row `i`, (P, H, W), NaN where absent; InputError as of `flux_of`."""
        maps = self._read(self.maps, i)
        if np.isnan(maps).all():
            raise self._lost(i, "its maps are not there")
        return maps

    def _read(self, array: Any, i: int) -> NDArray[np.float32]:
        try:
            return np.asarray(array[i])
        except DAMAGED as error:
            raise self._lost(i, str(error)) from error

    def _lost(self, i: int, why: str) -> InputError:
        return InputError(
            f"{self.path}: the pixels of row {i} are lost or damaged ({why}); {REMEDY}"
        )

    def image(self, i: int) -> GalaxyImage:
        """Image of row `i` as stored, `noise` set to 1 sigma a band; see `observed`."""
        row = self._row(i)
        flux = self.flux_of(i)
        return GalaxyImage(
            galaxy_id=str(row["galaxy_id"]),
            view=int(row["view"]),
            survey=self.survey,
            bands=self.bands,
            flux=flux,
            noise=np.asarray(row["noise"], dtype=np.float32),
            mask=np.zeros(flux.shape[1:], dtype=bool),
            psf_fwhm=np.asarray(row["psf_fwhm"], dtype=np.float32),
            pixel_scale=float(row["pixel_scale"]),
            redshift=float(row["redshift"]),
        )

    def observed(self, i: int, rng: np.random.Generator) -> GalaxyImage:
        """Image of row `i` as a telescope would see it; see `with_noise`."""
        return self.with_noise(self.image(i), rng)

    def with_noise(self, image: GalaxyImage, rng: np.random.Generator) -> GalaxyImage:
        """An image with the noise that it says, drawn from `rng`; real sky has its own already."""
        from picassso.observatory import add_noise

        return image if self.real_sky else add_noise(image, rng)

    def truth(self, i: int) -> Maps:
        """True maps of row `i`."""
        row = self._row(i)
        return Maps(
            galaxy_id=str(row["galaxy_id"]),
            view=int(row["view"]),
            properties=self.properties,
            cube=self.maps_of(i),
            pixel_area=float(row["kpc_per_pixel"]) ** 2,
            flags=flags_of(row),
        )

    def fibre_light(self, i: int) -> FibreLight:
        """Light that enters a fibre on the middle of image `i`; InputError as of `fibre_lights`."""
        return self._need_fibres().light(i, self._row(i))

    def fibre_lights(
        self, rows: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
        """Light that enters many fibres, to train on.

        Parameters
        ----------
        rows : (n,) array of int
            Rows, in any order.

        Returns
        -------
        continuum : (n, 4801) float32 array
            On `picassso.core.FIBRE_GRID` [1e-17 erg s^-1 cm^-2 Angstrom^-1, at rest].
        line_flux : (n, 25) float32 array
            Of `picassso.core.EMISSION_LINES` [1e-17 erg s^-1 cm^-2].
        line_dispersion, redshift : (n,) float64 array
            [km s^-1], and of the galaxies.

        Raises
        ------
        InputError
            If the store has no spectra, or one of these is lost, damaged or could not be made.
        """
        fibres, rows = self._need_fibres(), np.asarray(rows, dtype=np.int64)
        for i in rows[self.table["failure"][rows] != ""]:
            self._row(int(i))
        dispersion, redshift = self.table["line_dispersion"][rows], self.table["redshift"][rows]
        return *fibres.read(rows), dispersion, redshift

    def write_galaxy(
        self,
        galaxy: int,
        *,
        flux: NDArray[np.float32],
        maps: NDArray[np.float32],
        rows: Sequence[Mapping[str, Any]],
        lights: Sequence[FibreLight] = (),
    ) -> None:
        """Write all views of one galaxy, pixels first, then the mark that they are there.

        Parameters
        ----------
        galaxy : int
            Its number, from 0; its rows are ``galaxy * views`` and the following.
        flux, maps : (V, B, H, W) and (V, P, H, W) array
        rows : sequence of mappings
            One a view; see `picassso.archive.table.columns`.
        lights : sequence of FibreLight
            One a view, where the store has spectra.
        """
        at = slice(galaxy * self.views, (galaxy + 1) * self.views)
        self.flux[at] = round_mantissa(flux)
        self.maps[at] = round_mantissa(maps)
        if self._fibres is not None:
            self._fibres.write(at, lights)
        self._progress.mark(galaxy, rows)

    def write_failure(self, galaxy: int, *, galaxy_id: str, reason: str) -> None:
        """Record that a galaxy could not be made; its rows belong to no split."""
        row = {"galaxy_id": galaxy_id, "galaxy": galaxy, "failure": reason}
        self._progress.mark(galaxy, [row | {"view": v} for v in range(self.views)])

    def forget_failures(self) -> None:
        """Take back the marks of galaxies that could not be made, so that they are tried anew."""
        self._progress.forget_failures()

    def done(self) -> set[int]:
        """Numbers of the galaxies that are finished or have failed."""
        if self.complete:
            return set(range(self.galaxies))
        return self._progress.done()

    def finalise(self) -> None:
        """Write the table, the split and the fingerprint; the store is complete after this."""
        missing = set(range(self.galaxies)) - self.done()
        if missing:
            raise InputError(f"{self.path}: {len(missing)} galaxies are still to be made")
        rows = [row for galaxy in range(self.galaxies) for row in self._progress.rows(galaxy)]
        table = table_from_rows(
            rows,
            properties=self.properties,
            n_bands=len(self.bands),
            spectra=self.has_spectra,
        )
        write_table(self._group, table, properties=self.properties)
        self._group.attrs.update(
            {
                "columns": sorted(table),
                "fingerprint": fingerprint(self.config, table),
                "complete": True,
            }
        )
        self.attributes = dict(self._group.attrs)
        self._progress.end()

    def _row(self, i: int) -> dict[str, Any]:
        row = {name: column[i] for name, column in self.table.items()}
        if row["failure"]:
            raise InputError(f"{self.path}: row {i} could not be made: {row['failure']}")
        return row

    def _need_fibres(self) -> FibreArrays:
        if self._fibres is None:
            raise InputError(
                f"{self.path} has no spectra; make another store that has some with: "
                "picassso mock --spectra"
            )
        return self._fibres

    def _require_complete(self) -> None:
        if not self.complete:
            raise InputError(
                f"{self.path} is unfinished ({len(self.done())} of {self.galaxies} galaxies); "
                "run the command that began it once more: it goes on where it stopped"
            )
