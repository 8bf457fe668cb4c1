"""Real sky: backgrounds cut from calibrated survey frames, with their sources and their noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError

__all__ = ["SkyBackground"]

_PLACES = 100


@dataclass(frozen=True, slots=True, eq=False)
class SkyBackground:
    """Pieces of real sky, the same piece in all bands.

    Parameters
    ----------
    frames : (B, H, W) float32 array
        Surface brightness [nanomaggy arcsec^-2] of survey frames on one grid, as
        `picassso.archive.read_image` gives it, without their sky level; NaN where a band has no
        data.
    pixel_scale : float
        Arcsec per pixel of the frames.
    """

    frames: NDArray[np.float32]
    pixel_scale: float

    def draw(
        self,
        rng: np.random.Generator,
        shape: tuple[int, int],
        pixel_scale: float,
    ) -> NDArray[np.float32]:
        """Cut a piece out of the frames at a random place.

        Parameters
        ----------
        rng : numpy.random.Generator
            Of the place.
        shape : (int, int)
            Height and width of the piece, in its own pixels.
        pixel_scale : float
            Of the piece [arcsec]. Where it is not that of the frames, surface brightness is
            averaged over areas, and the noise becomes that of the larger pixels, or that of the
            frames in patches.

        Returns
        -------
        (B, H, W) float32 array
            Surface brightness [nanomaggy arcsec^-2].

        Raises
        ------
        InputError
            If the frames are smaller than the piece, or hold no such piece without bad pixels.
        """
        ratio = pixel_scale / self.pixel_scale
        native = abs(ratio - 1.0) < 1e-2
        need = shape if native else tuple(int(np.ceil(n * ratio)) for n in shape)
        room = [have - n for have, n in zip(self.frames.shape[1:], need, strict=True)]
        if min(room) < 0:
            raise InputError(
                f"sky background: frames of {self.frames.shape[1:]} pixels, expected at least "
                f"{need} for {shape} pixels of {pixel_scale:.3f} arcsec; give larger frames"
            )
        for _ in range(_PLACES):
            y, x = (int(rng.integers(0, r + 1)) for r in room)
            piece = self.frames[:, y : y + need[0], x : x + need[1]]
            if np.isfinite(piece).all():
                break
        else:
            raise InputError(
                f"sky background: none of {_PLACES} random places of {need} pixels is free of bad "
                "pixels; give frames with fewer NaN"
            )
        if native:
            return piece.copy()
        rows, columns = (_area_average(n, m, ratio) for n, m in zip(shape, need, strict=True))
        return (rows @ piece @ columns.T).astype(np.float32)


def _area_average(out: int, size: int, ratio: float) -> NDArray[np.float64]:
    """(out, size) matrix that averages `size` pixels over `out` pixels `ratio` times as large."""
    edge = np.arange(out + 1) * ratio
    pixel = np.arange(size)
    overlap = np.minimum(edge[1:, None], pixel + 1) - np.maximum(edge[:-1, None], pixel)
    overlap = np.clip(overlap, 0.0, None)
    return overlap / overlap.sum(axis=1, keepdims=True)
