"""How the large arrays of a store are packed: rounded mantissas, shuffled bytes, zstd."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["MANTISSA_BITS", "compressor", "round_mantissa"]

MANTISSA_BITS = 11
"""Explicit mantissa bits that are kept: a relative error of at most 2^-12 = 2.4e-4."""

_EXPLICIT_BITS = 23


def round_mantissa(values: ArrayLike, *, bits: int = MANTISSA_BITS) -> NDArray[np.float32]:
    """Round float32 numbers to `bits` explicit mantissa bits, halves to even.

    Noise below the last kept bit does not compress; rounding it away halves the store. Rounding
    to nearest, ties to even, has no preferred direction, so that sums stay unbiased. The relative
    error is at most ``2**-(bits + 1)``. NaN and infinities pass; subnormal numbers (below
    1.2e-38, the far tails of a PSF) become zero.

    Parameters
    ----------
    values : array
        Any shape; taken as float32.
    bits : int
        Explicit mantissa bits to keep, 1 to 22.

    Returns
    -------
    array of float32
        A new array of the same shape.
    """
    values = np.ascontiguousarray(values, dtype=np.float32)
    drop = _EXPLICIT_BITS - bits
    word = values.view(np.uint32)
    half = np.uint32((1 << (drop - 1)) - 1)
    keep = np.uint32(0xFFFFFFFF ^ ((1 << drop) - 1))
    rounded = (word + half + ((word >> np.uint32(drop)) & np.uint32(1))) & keep
    tiny = np.abs(values) < np.finfo(np.float32).tiny
    # A carry out of the mantissa of a NaN would turn it into another number.
    out = np.where(np.isfinite(values), rounded, word).view(np.float32)
    out[tiny] = 0.0
    return out


def compressor() -> Any:
    """The codec of every large array: zstd after a byte shuffle (zarr's Blosc)."""
    from zarr.codecs import BloscCodec

    return BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle")
