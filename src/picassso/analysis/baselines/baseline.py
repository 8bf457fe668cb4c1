"""What every baseline is: from an image to maps, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from picassso.core import DEFAULT_COSMOLOGY, GalaxyImage, InputError, Maps

__all__ = ["Baseline", "Untaught", "as_maps", "bands_of", "in_band_order", "region_total"]


class Baseline(Protocol):
    """A classical method on an image, scored by the same code as a network."""

    @property
    def name(self) -> str:
        """As in tables."""
        ...

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the maps that it makes."""
        ...

    @property
    def learnt_from(self) -> tuple[int, int]:
        """Views of the training and of the validation split that it was fitted to; 0: none."""
        ...

    def total(
        self, maps: Maps, name: str, region: NDArray[np.bool_]
    ) -> tuple[float, float, float, float]:
        """Mean, p16, p50 and p84 of the total of a property of its maps over a region."""
        ...

    def paint(self, image: GalaxyImage) -> Maps:
        """Maps of a galaxy, NaN where the image is masked.

        Raises
        ------
        InputError
            If the image lacks a band or has no noise.
        """
        ...


class Untaught:
    """What the baselines share that were fitted to no data set."""

    __slots__ = ()

    @property
    def learnt_from(self) -> tuple[int, int]:
        """No views at all."""
        return 0, 0

    def total(
        self, maps: Maps, name: str, region: NDArray[np.bool_]
    ) -> tuple[float, float, float, float]:
        """Mean, p16, p50 and p84: see `region_total`."""
        return region_total(maps, name, region)


def bands_of(image: GalaxyImage, bands: Sequence[str], *, name: str) -> list[int]:
    """Positions of bands in an image whose noise is known there.

    Parameters
    ----------
    image : GalaxyImage
        Its bands may come in any order.
    bands : sequence of str
        Wanted ones.
    name : str
        Of the baseline, for the message.

    Raises
    ------
    InputError
        If the image lacks one, or is free of noise.
    """
    missing = [b for b in bands if b not in image.bands]
    if missing:
        raise InputError(
            f"{image.galaxy_id}: baseline {name!r} needs the bands {', '.join(bands)}; the image "
            f"has {', '.join(image.bands)} and lacks {', '.join(missing)}; choose a baseline for "
            "its bands"
        )
    order = [image.bands.index(b) for b in bands]
    if not (image.sky_noise[order] > 0).all():
        raise InputError(
            f"{image.galaxy_id}: its noise is 0, but baseline {name!r} weighs by it; give 1 sigma "
            "a pixel, and add it to a mock that is free of noise (picassso.observatory.add_noise)"
        )
    return order


def in_band_order(image: GalaxyImage, *, survey_bands: Sequence[str]) -> tuple[str, ...]:
    """Bands of an image in the order of its survey; one that the survey lacks is an InputError."""
    foreign = [b for b in image.bands if b not in survey_bands]
    if foreign:
        raise InputError(
            f"{image.galaxy_id}: bands {foreign} are not in survey {image.survey!r}, which has "
            f"{list(survey_bands)}; name the bands as the survey does"
        )
    return tuple(b for b in survey_bands if b in image.bands)


def as_maps(
    image: GalaxyImage,
    properties: tuple[str, ...],
    cube: NDArray[np.floating],
    *,
    method: str,
    flags: tuple[str, ...] = (),
    quantiles: NDArray[np.floating] | None = None,
) -> Maps:
    """Maps on the pixels of an image.

    Parameters
    ----------
    image : GalaxyImage
        That they were made of.
    properties : tuple of str
        Their names.
    cube : (P, H, W) array
        Surface densities; what the image masks becomes NaN.
    method : str
        For the provenance.
    flags : tuple of str
        For the maps.
    quantiles : (3, P, H, W) array or None
        16th, 50th and 84th percentiles.
    """

    def unmasked(values: NDArray[np.floating]) -> NDArray[np.float32]:
        return np.where(image.mask, np.nan, values).astype(np.float32)

    p16, p50, p84 = (None,) * 3 if quantiles is None else map(unmasked, quantiles)
    kpc = image.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(image.redshift)
    return Maps(
        galaxy_id=image.galaxy_id,
        view=image.view,
        properties=properties,
        cube=unmasked(cube),
        pixel_area=kpc**2,
        mask=image.mask,
        wcs=image.wcs,
        flags=flags,
        provenance={"method": method},
        p16=p16,
        p50=p50,
        p84=p84,
    )


def region_total(
    maps: Maps, name: str, region: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    """Mean, p16, p50 and p84 of the total of one property over a region.

    The total is the sum of the map, taken as both mean and median. Its interval is relative to it
    as the summed quantiles are to the summed median: pixels are taken to err together, as the
    errors of a mass-to-light ratio do. A map without quantiles gives an interval without width.

    Parameters
    ----------
    maps : Maps
        Of a baseline.
    name : str
        Of an additive property.
    region : (H, W) bool array
        Where to sum; masked pixels count nothing.
    """
    i = maps.properties.index(name)
    total = _sum(maps.cube[i], region) * maps.pixel_area
    if maps.p16 is None or maps.p50 is None or maps.p84 is None:
        return total, total, total, total
    low, middle, high = (_sum(q[i], region) for q in (maps.p16, maps.p50, maps.p84))
    if not middle > 0:
        return total, total, total, total
    return total, total * low / middle, total, total * high / middle


def _sum(values: NDArray[np.float32], region: NDArray[np.bool_]) -> float:
    return float(np.nansum(values[region], dtype=np.float64))
