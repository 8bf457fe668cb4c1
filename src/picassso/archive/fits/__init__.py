"""FITS in and out: images of galaxies, and maps painted on them."""

from picassso.archive.fits.bands import Region
from picassso.archive.fits.grouping import group_images
from picassso.archive.fits.image import image_from_array, read_image
from picassso.archive.fits.maps import read_maps, write_maps

__all__ = [
    "Region",
    "group_images",
    "image_from_array",
    "read_image",
    "read_maps",
    "write_maps",
]
