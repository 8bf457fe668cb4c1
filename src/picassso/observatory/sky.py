"""Real sky: backgrounds cut from calibrated survey frames, with their sources and their noise."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError

__all__ = ["SkyBackground"]

_PLACES = 100


class SkyBackground:
    """Pieces of real sky, the same piece in all bands.

    Parameters
    ----------
    paths : sequence of paths
        One FITS frame a band, in the order of the survey's bands: sky-subtracted, nanomaggies per
        pixel (as SDSS frames are), aligned with each other pixel by pixel.
    pixel_scale : float or None
        Arcsec per pixel of the frames; None reads it from their WCS.

    Raises
    ------
    InputError
        If a frame cannot be read, has no image or no WCS, or differs in shape from the others.
    """

    def __init__(self, paths: Sequence[str | Path], *, pixel_scale: float | None = None) -> None:
        if not paths:
            raise InputError("sky background: no frames were given, expected one a band")
        frames, scales = zip(*(_read_frame(Path(p), pixel_scale) for p in paths), strict=True)
        for path, frame, scale in zip(paths, frames, scales, strict=True):
            if frame.shape != frames[0].shape or not np.isclose(scale, scales[0], rtol=1e-2):
                raise InputError(
                    f"sky background {path}: {frame.shape} pixels of {scale:.3f} arcsec, expected "
                    f"{frames[0].shape} of {scales[0]:.3f} as in {paths[0]}; align the frames first"
                )
        self.pixel_scale = float(scales[0])
        brightness = np.stack(frames) / self.pixel_scale**2
        self.frames: NDArray[np.float32] = brightness.astype(np.float32)

    def draw(
        self,
        rng: np.random.Generator,
        shape: tuple[int, int],
        pixel_scale: float,
        *,
        choices: int = 1,
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
        choices : int
            Of so many random places the one with the least light is taken; 1 takes any.

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
        found: list[NDArray[np.float32]] = []
        for _ in range(_PLACES):
            y, x = (int(rng.integers(0, r + 1)) for r in room)
            piece = self.frames[:, y : y + need[0], x : x + need[1]]
            if np.isfinite(piece).all():
                found.append(piece)
            if len(found) >= choices:
                break
        if not found:
            raise InputError(
                f"sky background: none of {_PLACES} random places of {need} pixels is free of bad "
                "pixels; give frames with fewer NaN"
            )
        piece = min(found, key=lambda p: float(p.mean(dtype=np.float64)))
        if native:
            return piece.copy()
        rows, columns = (_area_average(n, m, ratio) for n, m in zip(shape, need, strict=True))
        return (rows @ piece @ columns.T).astype(np.float32)


def _read_frame(path: Path, pixel_scale: float | None) -> tuple[NDArray[np.float32], float]:
    """Image of a frame and its arcsec per pixel."""
    from astropy.io import fits
    from astropy.wcs import WCS
    from astropy.wcs.utils import proj_plane_pixel_scales

    try:
        # headers of real frames are full of small sins, which the WCS reader mends
        with warnings.catch_warnings(), fits.open(path) as hdus:
            warnings.simplefilter("ignore")
            hdu = next((h for h in hdus if h.is_image and h.header.get("NAXIS") == 2), None)
            if hdu is None:
                raise InputError(f"sky background {path}: no 2-D image in it, expected one")
            frame = np.asarray(hdu.data, dtype=np.float32)
            wcs = WCS(hdu.header)
    except (OSError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"sky background {path}: cannot be read as FITS ({error}); expected one frame a band"
        ) from None
    if pixel_scale is not None:
        return frame, pixel_scale
    if not wcs.has_celestial:
        raise InputError(
            f"sky background {path}: no celestial WCS in its header; pass pixel_scale in arcsec"
        )
    return frame, float(np.mean(proj_plane_pixel_scales(wcs.celestial)) * 3600.0)


def _area_average(out: int, size: int, ratio: float) -> NDArray[np.float64]:
    """(out, size) matrix that averages `size` pixels over `out` pixels `ratio` times as large."""
    edge = np.arange(out + 1) * ratio
    pixel = np.arange(size)
    overlap = np.minimum(edge[1:, None], pixel + 1) - np.maximum(edge[:-1, None], pixel)
    overlap = np.clip(overlap, 0.0, None)
    return overlap / overlap.sum(axis=1, keepdims=True)
