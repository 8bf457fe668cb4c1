"""One galaxy, however it is given: files, an array, or an image that is read already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits import Region, image_from_array, read_image
from picassso.core import GalaxyImage, InputError

__all__ = ["ImageLike", "open_image"]

ImageLike = str | Path | Sequence[str | Path] | GalaxyImage | NDArray[Any]


def open_image(
    image: ImageLike,
    *,
    survey: str,
    bands: str | Sequence[str] | None,
    redshift: float | None,
    pixel_scale: float | None,
    psf_fwhm: float | Sequence[float] | None,
    ebv: float,
    region: Region | None = None,
) -> GalaxyImage:
    """Read an image, make one of an array, or take one as it is.

    Parameters
    ----------
    image, survey, bands, redshift, pixel_scale, psf_fwhm, ebv, region
        As of `picassso.painting.paint`.

    Raises
    ------
    InputError
        If it cannot be read, or is a GalaxyImage and something is given beside it that it holds
        itself.
    """
    about: dict[str, Any] = {
        "redshift": redshift,
        "bands": bands,
        "pixel_scale": pixel_scale,
        "psf_fwhm": psf_fwhm,
        "region": region,
    }
    if isinstance(image, GalaxyImage):
        given = [k for k, v in about.items() if v is not None] + (["ebv"] if ebv else [])
        if given:
            raise InputError(
                f"{', '.join(given)} given beside a GalaxyImage, which holds its own; set them "
                "when it is read"
            )
        return image
    if isinstance(image, np.ndarray):
        if about.pop("region") is not None:
            raise InputError("a region is for files; cut the array instead")
        return image_from_array(image, survey=survey, ebv=ebv, **about)
    return read_image(image, survey=survey, ebv=ebv, **about)
