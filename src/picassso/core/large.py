"""Arrays of large frames: held in a file, and worked through in blocks of rows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from picassso.core.errors import InputError

__all__ = ["LARGEST_IN_MEMORY", "block_mean", "empty_array", "row_blocks"]

LARGEST_IN_MEMORY = 256 * 2**20
"""Bytes; a larger array is held in a file."""

_BLOCK = 2**22
"""Pixels of a block of rows: images of up to 2048 x 2048 are one block."""


def empty_array(shape: tuple[int, ...], dtype: DTypeLike, *, number: int = 1) -> NDArray:
    """Uninitialised array, in memory if it is small, else in a file without a name.

    The file lies in the folder that TMPDIR names, else in /var/tmp, which unlike /tmp is seldom
    held in memory, else where Python puts temporary files. Its space is claimed at once, and
    freed when the array goes, or the process ends, however it ends.

    Parameters
    ----------
    shape, dtype
        As for `numpy.empty`.
    number : int
        Of such arrays that will be held at once: small is what they are together.

    Raises
    ------
    InputError
        If the disk has no room for it.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size * number <= LARGEST_IN_MEMORY:
        return np.empty(shape, dtype)
    var_tmp = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None
    folder = Path(os.environ.get("TMPDIR") or var_tmp or tempfile.gettempdir())
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            # A file with holes would end the process by a signal when the disk is full.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, dtype, mode="r+", shape=shape).view(np.ndarray)
    except OSError as error:
        raise InputError(
            f"{folder}: no room for {size / 1e9:.1f} GB of temporary data of a large image "
            f"({error.strerror or error}); free some space, set TMPDIR to a folder with more, or "
            "paint a region"
        ) from None


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Blocks of rows of an (H, W) frame, one after the other."""
    height, width = shape
    step = max(_BLOCK // max(width, 1), 1)
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def block_mean(
    plane: NDArray, side: int, *, where: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Mean of the finite values of each block of `side` x `side` pixels.

    Parameters
    ----------
    plane : (H, W) array
        Any numbers.
    side : int
        Blocks at the upper and right edge hold what is left.
    where : (H, W) bool array, optional
        Values elsewhere are taken as zero.

    Returns
    -------
    (ceil(H / side), ceil(W / side)) float32 array
        NaN where a block has no finite value.
    """
    height, width = plane.shape
    columns = np.arange(0, width, side)
    means = np.empty((-(-height // side), columns.size), np.float32)
    for row, mean in enumerate(means):
        strip = plane[row * side : (row + 1) * side]
        if where is not None:
            strip = np.where(where[row * side : (row + 1) * side], strip, 0)
        known = np.isfinite(strip)
        total = np.where(known, strip, 0).sum(axis=0, dtype=np.float64)
        number = np.add.reduceat(known.sum(axis=0), columns)
        mean[:] = np.nan
        np.divide(
            np.add.reduceat(total, columns), number, out=mean, where=number > 0, casting="same_kind"
        )
    return means
