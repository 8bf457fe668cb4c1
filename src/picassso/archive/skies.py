"""Real sky under mock galaxies: survey frames brought onto one grid, and cuts of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.core import GalaxyImage, InputError, get_survey, written_whole
from picassso.observatory import add_noise
from picassso.observatory.sky import SkyBackground

__all__ = ["SkyFrames", "StoredSky"]

_PLACE = 1
"""Marks the random numbers of the place, which are none of those that `observe` draws."""

_SAME_SCALE = 1e-2
"""Pixel scales that differ by less are one, as for `SkyBackground`."""


@dataclass(frozen=True, slots=True)
class StoredSky:
    """An aligned sky in a file, which all processes of a mock share.

    Parameters
    ----------
    path : Path
        ``.npy`` file of the frames.
    pixel_scale : float
        Arcsec per pixel.
    noise : tuple of float
        1 sigma a band in the frames as they were [nanomaggy arcsec^-2].
    smoothed_noise : tuple of float
        The same on the common grid: less in bands that were resampled, whose neighbouring pixels
        share their noise.
    """

    path: Path
    pixel_scale: float
    noise: tuple[float, ...]
    smoothed_noise: tuple[float, ...]

    def lay_under(self, image: GalaxyImage, *, seed: int) -> GalaxyImage:
        """A noise-free image on a piece of sky, its `noise` measured on that piece.

        The noise is stated as `read_image` states that of a real image: as it was before bands
        were brought onto one grid. Where the image has other pixels than the frames, it is that
        of the frames times the ratio of the pixel scales.

        Parameters
        ----------
        image : GalaxyImage
            Without noise.
        seed : int
            The place depends on this, the galaxy's id and the view's number alone.

        Raises
        ------
        InputError
            If the frames are too small, or hold no such piece without bad pixels.
        """
        sky = SkyBackground(np.load(self.path, mmap_mode="r"), pixel_scale=self.pixel_scale)
        name = hashlib.sha256(image.galaxy_id.encode()).digest()[:8]
        rng = np.random.default_rng([seed, int.from_bytes(name, "little"), image.view, _PLACE])
        background = sky.draw(rng, image.shape, image.pixel_scale)
        ratio = image.pixel_scale / self.pixel_scale
        noise = np.array(self.noise) / ratio
        if abs(ratio - 1.0) < _SAME_SCALE:
            noise *= _noise_of(background) / np.array(self.smoothed_noise)
        on_sky = add_noise(image, rng, background=background)
        return replace(on_sky, noise=noise.astype(np.float32))


@dataclass(frozen=True, slots=True)
class SkyFrames:
    """Calibrated survey frames of one field, all bands.

    Parameters
    ----------
    paths : tuple of Path
        FITS files, as `picassso.archive.read_image` reads them.
    region : (x0, x1, y0, y1) or None
        Pixel box of the r band to use alone.
    """

    paths: tuple[Path, ...]
    region: tuple[int, int, int, int] | None = None

    @classmethod
    def of(
        cls,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        region: tuple[int, int, int, int] | None,
    ) -> SkyFrames:
        """Frames of a caller.

        Raises
        ------
        InputError
            If one does not exist, or there is none.
        """
        if isinstance(paths, str | os.PathLike):
            paths = [paths]
        files = tuple(sorted(Path(p) for p in paths))
        if not files:
            raise InputError("sky: no frame was given, expected calibrated frames, one a band")
        missing = [str(p) for p in files if not p.is_file()]
        if missing:
            raise InputError(f"no such sky frame: {', '.join(missing)}")
        return cls(files, region)

    def identity(self) -> dict[str, Any]:
        """Names of the files, hash of their contents, and the box: part of a store's config."""
        digest = hashlib.sha256()
        for path in self.paths:
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        identity: dict[str, Any] = {
            "sky": [p.name for p in self.paths],
            "sky_sha256": digest.hexdigest(),
        }
        if self.region is not None:
            identity["sky_region"] = list(self.region)
        return identity

    def store(self, path: Path, *, survey: str) -> StoredSky:
        """Bring the frames onto one grid and write them to a file, whole or not at all.

        Raises
        ------
        InputError
            If a frame cannot be used or a band of the survey is missing.
        """
        from picassso.archive.fits import read_image

        image = read_image(self.paths, survey=survey, region=self.region)
        bands = get_survey(survey).bands
        if image.bands != bands:
            raise InputError(
                f"sky: the frames hold the bands {' '.join(image.bands)}, expected "
                f"{' '.join(bands)}; give one calibrated frame for each"
            )
        aligned = np.where(image.mask, np.float32(np.nan), image.flux)
        with written_whole(path) as partial:
            np.save(partial, aligned)
        return StoredSky(
            path=path,
            pixel_scale=image.pixel_scale,
            noise=tuple(map(float, image.sky_noise)),
            smoothed_noise=tuple(map(float, _noise_of(aligned))),
        )


def _noise_of(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 sigma a band, between neighbouring sources and without them."""
    from picassso.archive.fits.sky import sky_noise

    return np.array([sky_noise(band)[0] for band in frames])
