"""Make the galaxy of the demo from a data set: a noisy image, and its true maps.

Writes two files: ``galaxy.fits``, a FITS cube as an observer would have it (surface brightness
with sky noise, inverse variance, PSF, pixel scale, redshift), and ``galaxy_truth.fits.gz``, the
true maps, which `picassso paint` never reads. Example::

    python examples/make_demo_galaxy.py STORE --row 0 -o src/picassso/painting/demo
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.io import fits

from picassso.archive import DatasetStore, round_mantissa, write_maps
from picassso.core import GalaxyImage, InputError, PicasssoError, written_whole
from picassso.observatory import add_noise

LARGEST = 2**20
"""Bytes that the image may take in the package."""


def main() -> int:
    """Write both files; exit code 0, or 2 after one clear message."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, help="data set made by `picassso mock`")
    parser.add_argument("--row", type=int, default=0, help="number within the test split, from 0")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    given = parser.parse_args()
    try:
        make(given.store, row=given.row, seed=given.seed, folder=given.output)
    except PicasssoError as error:
        print(f"make_demo_galaxy: {error}", file=sys.stderr)
        return 2
    return 0


def make(path: Path, *, row: int, seed: int, folder: Path) -> None:
    """Take one row of the test split, add noise, and write image and truth.

    Raises
    ------
    InputError
        If the row does not exist or the image would be too large for the package.
    """
    store = DatasetStore.open(path)
    rows = store.indices("test")
    if not 0 <= row < len(rows):
        raise InputError(f"{path}: its test split has {len(rows)} rows, there is no row {row}")
    image = add_noise(store.image(rows[row]), np.random.default_rng(seed))
    truth = store.truth(rows[row])
    folder.mkdir(parents=True, exist_ok=True)
    write_image(image, folder / "galaxy.fits")
    smaller = replace(truth, cube=round_mantissa(truth.cube))
    write_maps(smaller, folder / "galaxy_truth.fits.gz", overwrite=True)
    for name in ("galaxy.fits", "galaxy_truth.fits.gz"):
        print(f"{folder / name}: {(folder / name).stat().st_size / 1024:.0f} KiB")


def write_image(image: GalaxyImage, path: Path) -> None:
    """Write an image as a compressed FITS cube with its inverse variance.

    Flux is rounded to 12 significant bits, far below its noise; GZIP packs it without loss.
    """
    header = fits.Header()
    header["BUNIT"] = ("nanomaggy arcsec-2", "surface brightness; 1 nanomaggy = 3.631 uJy")
    header["MAGSYS"] = ("AB", "no survey offsets to apply")
    header["BANDS"] = ("".join(image.bands), "bands of the planes, in order")
    header["PIXSCALE"] = (round(image.pixel_scale, 6), "[arcsec] of a pixel")
    header["REDSHIFT"] = round(image.redshift, 6)
    header["OBJECT"] = image.galaxy_id
    for number, fwhm in enumerate(image.psf_fwhm, start=1):
        header[f"PSFFWHM{number}"] = (round(float(fwhm), 4), "[arcsec]")
    noise = image.noise.reshape(len(image.bands), -1, 1) if image.noise.ndim == 1 else image.noise
    inverse_variance = np.broadcast_to(noise.astype(np.float32) ** -2, image.flux.shape)
    lossless = {
        "compression_type": "GZIP_2",
        "quantize_level": 0.0,
        "tile_shape": (1, *image.shape),
    }
    hdus = fits.HDUList(
        [
            fits.PrimaryHDU(),
            fits.CompImageHDU(round_mantissa(image.flux), header, name="IMAGE", **lossless),
            fits.CompImageHDU(np.ascontiguousarray(inverse_variance), name="IVAR", **lossless),
        ]
    )
    with written_whole(path) as partial:
        hdus.writeto(partial)
        if (size := partial.stat().st_size) > LARGEST:
            raise InputError(f"{path}: {size} bytes, at most {LARGEST}; choose a smaller image")


if __name__ == "__main__":
    sys.exit(main())
