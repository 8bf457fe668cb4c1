"""A data set store of coarser pixels, made of another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.lock import locked
from picassso.archive.store import DatasetStore
from picassso.core import InputError

__all__ = ["rebin"]


def rebin(
    store: str | os.PathLike[str] | DatasetStore,
    *,
    pixels: int,
    output: str | os.PathLike[str],
) -> DatasetStore:
    """Average the images and true maps of a store in blocks of pixels; spectra stay what they are.

    Surface brightness and surface densities are linear, so that a coarser pixel holds their mean;
    a property that is absent stays absent. The noise of a pixel goes down by the side of a block,
    its noise being independent between pixels (of a real sky, which carries its noise, that is an
    approximation). The PSF keeps its width on the sky. Galaxies and splits stay what they are. A
    call that was cut off goes on when it is repeated.

    Parameters
    ----------
    store : path or DatasetStore
        Finished.
    pixels : int
        Height and width of the new images; divides those of the store.
    output : path
        Folder of the new store. If it holds the same one already, that is returned.

    Returns
    -------
    DatasetStore
        Its config is that of the store, with its own ``pixels`` and, as ``rebinned_from``, the
        fingerprint of the store.

    Raises
    ------
    InputError
        If the store is unfinished, its images are not square or cannot be divided so, or `output`
        holds something else.
    """
    source = store if isinstance(store, DatasetStore) else DatasetStore.open(store)
    height, width = source.shape
    if height != width or not 1 <= pixels <= height or height % pixels:
        raise InputError(
            f"{source.path}: images of {width} x {height} pixels cannot be averaged to "
            f"{pixels} x {pixels}; choose a side that divides theirs"
        )
    config = {**source.config, "pixels": pixels, "rebinned_from": source.fingerprint}
    target = _begun(source, config, output)
    if not target.complete:
        with locked(target.path):
            for galaxy in sorted(set(range(source.galaxies)) - target.done()):
                _write(source, target, galaxy, block=height // pixels)
            target.finalise()
    return DatasetStore.open(output)


def _begun(
    source: DatasetStore, config: dict[str, Any], output: str | os.PathLike[str]
) -> DatasetStore:
    """The store that `output` holds, which must be this one, or a new one."""
    if not Path(output).exists():
        return DatasetStore.create(
            output,
            config=config,
            galaxies=source.galaxies,
            views=source.views,
            shape=(config["pixels"], config["pixels"]),
            survey=source.survey,
            bands=source.bands,
            properties=source.properties,
            real_sky=source.real_sky,
            spectra=source.has_spectra,
        )
    found = DatasetStore.open(output, writable=True)
    if found.config != config:
        raise InputError(
            f"{output} holds another data set than {source.path} at {config['pixels']} pixels; "
            "remove it, or choose another output"
        )
    return found


def _write(source: DatasetStore, target: DatasetStore, galaxy: int, *, block: int) -> None:
    """One galaxy, all of its views."""
    from picassso.observatory.psf import rebin as block_means

    views = slice(galaxy * source.views, (galaxy + 1) * source.views)
    rows = [_coarser(source.table, i, block) for i in range(views.start, views.stop)]
    if rows[0]["failure"]:
        target.write_failure(galaxy, galaxy_id=rows[0]["galaxy_id"], reason=rows[0]["failure"])
        return
    target.write_galaxy(
        galaxy,
        flux=block_means(np.asarray(source.flux[views]), block),
        maps=block_means(np.asarray(source.maps[views]), block),
        rows=rows,
        lights=[
            source.fibre_light(i) for i in range(views.start, views.stop) if source.has_spectra
        ],
    )


def _coarser(table: dict[str, NDArray[Any]], row: int, block: int) -> dict[str, Any]:
    """A row of the table with pixels `block` times as large."""
    found = {name: column[row].tolist() for name, column in table.items() if name != "split"}
    return found | {
        "pixel_scale": found["pixel_scale"] * block,
        "kpc_per_pixel": found["kpc_per_pixel"] * block,
        "noise": [sigma / block for sigma in found["noise"]],
    }
