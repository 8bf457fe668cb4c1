"""How a store lies on disk: its zarr group, made and opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from picassso.archive.compression import MANTISSA_BITS, compressor
from picassso.archive.fibres import FibreArrays
from picassso.core import PROPERTIES, InputError

__all__ = ["FORMAT_VERSION", "lay_out", "open_group"]

FORMAT_VERSION = 1
"""Version of the layout; a store of another version is refused."""

_FORMAT = "picassso-dataset"
_FLUX_UNIT = "nanomaggy arcsec-2"


def lay_out(
    folder: Path,
    *,
    config: Mapping[str, Any],
    galaxies: int,
    views: int,
    shape: tuple[int, int],
    survey: str,
    bands: Sequence[str],
    properties: Sequence[str],
    real_sky: bool,
    spectra: bool,
) -> None:
    """Make the group and the empty arrays of a store in an empty folder.

    Parameters
    ----------
    folder : Path
        Where.
    config, galaxies, views, shape, survey, bands, properties, real_sky, spectra
        As of `picassso.archive.DatasetStore.create`.
    """
    import zarr

    import picassso

    group = zarr.open_group(folder, mode="w", zarr_format=3)
    group.attrs.update(
        {
            "format": _FORMAT,
            "format_version": FORMAT_VERSION,
            "package_version": picassso.__version__,
            "config": dict(config),
            "survey": survey,
            "bands": list(bands),
            "properties": list(properties),
            "views": views,
            "mantissa_bits": MANTISSA_BITS,
            "real_sky": real_sky,
            "complete": False,
            **({"spectra": True} if spectra else {}),
        }
    )
    units = [PROPERTIES[p].unit for p in properties]
    for name, depth, unit, axis in (
        ("flux", len(bands), _FLUX_UNIT, "band"),
        ("maps", len(properties), units, "property"),
    ):
        group.create_array(
            name,
            shape=(galaxies * views, depth, *shape),
            dtype="float32",
            chunks=(1, depth, *shape),
            shards=(views, depth, *shape),
            compressors=compressor(),
            fill_value=np.nan,  # what is lost must not pass for empty sky
            dimension_names=("view", axis, "y", "x"),
            attributes={"unit": unit},
        )
    if spectra:
        FibreArrays.lay_out(group, galaxies=galaxies, views=views)


def open_group(path: Path, *, writable: bool) -> Any:
    """The zarr group of a store.

    Parameters
    ----------
    path : Path
        Of the store.
    writable : bool
        Whether it may be written to.

    Returns
    -------
    zarr.Group

    Raises
    ------
    InputError
        If there is none at `path`, or one of another format version.
    """
    import zarr

    if not (path / "zarr.json").is_file():
        found = "is not a data set store" if path.exists() else "does not exist"
        raise InputError(f"{path} {found}; make one with: picassso mock ... -o {path}")
    try:
        group = zarr.open_group(path, mode="r+" if writable else "r")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: its zarr.json is damaged ({error}); remove the store and make it again"
        ) from None
    if group.attrs.get("format") != _FORMAT:
        raise InputError(f"{path} is a zarr group, but not a data set made by picassso mock")
    version = group.attrs.get("format_version")
    if version != FORMAT_VERSION:
        remedy = (
            "update picassso to read it"
            if isinstance(version, int) and version > FORMAT_VERSION
            else "make it again with picassso mock"
        )
        raise InputError(
            f"{path} has format version {version}, expected {FORMAT_VERSION}; {remedy}"
        )
    return group
