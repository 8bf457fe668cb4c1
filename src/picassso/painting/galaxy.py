"""Paint: from an image to maps with error bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import picassso
from picassso.analysis.apertures import Ellipse
from picassso.archive.fits import Region
from picassso.core import GalaxyImage, Maps
from picassso.painting.aperture import painted_ellipse
from picassso.painting.opening import ImageLike, open_image
from picassso.painting.prepare import Prepared, prepare
from picassso.painting.run import OUTPUTS, make_runner
from picassso.painting.tile import paint_tiles
from picassso.painting.totals import painted_totals
from picassso.painting.weights import Weights, load_weights

__all__ = ["paint", "paint_image"]


def paint(
    image: ImageLike,
    *,
    redshift: float | None = None,
    survey: str = "sdss",
    bands: str | Sequence[str] | None = None,
    weights: str | Path | Weights | None = None,
    pixel_scale: float | None = None,
    psf_fwhm: float | Sequence[float] | None = None,
    ebv: float = 0.0,
    engine: str = "onnx",
    region: Region | None = None,
) -> Maps:
    """Paint maps of stellar mass, metals, age, star formation and gas onto one galaxy.

    Parameters
    ----------
    image : path, sequence of paths, GalaxyImage or array
        One galaxy: a FITS cube, a FITS file with one HDU a band, one file a band, an image
        already read, or an array (band, y, x) of AB surface brightness [nanomaggy arcsec^-2],
        or in a unit of its own (an astropy Quantity), with NaN or masked where it is missing.
    redshift : float, optional
        Default: the header's, else 0.03, said in the assumptions.
    survey : str
        Of the image.
    bands : str or sequence of str, optional
        Where headers do not name them; of an array, default: the survey's own.
    weights : path or Weights, optional
        Default: those shipped with the package.
    pixel_scale, psf_fwhm : float, optional
        Arcsec; `psf_fwhm` may be one number a band. Default: the headers', else the survey's.
    ebv : float
        Galactic E(B-V) [mag] to correct the image for.
    engine : str
        ``"onnx"`` or ``"torch"``.
    region : (x0, x1, y0, y1), optional
        Of files: paint only this pixel box of the reference band.

    Returns
    -------
    Maps
        `cube` is the mean of the predicted distribution of each pixel; `std`, `p16`, `p50` and
        `p84` its width and quantiles; NaN where masked. `totals` are those of the unmasked frame
        and inside two half-mass radii. ``provenance["assumptions"]`` says, a line each, what had
        to be assumed. Weights with a point head give no `std`, `p16` and `p84`, and totals whose
        `p16` and `p84` are NaN.

    Raises
    ------
    InputError
        If the image or the weights cannot be used; the message says what to do.
    """
    opened = open_image(
        image,
        survey=survey,
        bands=bands,
        redshift=redshift,
        pixel_scale=pixel_scale,
        psf_fwhm=psf_fwhm,
        ebv=ebv,
        region=region,
    )
    if not isinstance(weights, Weights):
        weights = load_weights(weights)
    return paint_image(opened, weights, engine=engine)


def paint_image(
    image: GalaxyImage, weights: Weights, *, engine: str = "onnx", totals: bool = True
) -> Maps:
    """Paint an image with weights that are already loaded: the lower level of `paint`.

    Parameters
    ----------
    image : GalaxyImage
        To be painted on.
    weights : Weights
        Loaded ones.
    engine : str
        ``"onnx"`` or ``"torch"``.
    totals : bool
        Whether to look for the galaxy and sum the maps; without, a third of the time is saved.

    Raises
    ------
    InputError
        If the image lacks a band of the weights or is of another survey.
    """
    prepared = prepare(image, weights)
    painted = paint_tiles(
        make_runner(prepared, weights, engine=engine),
        prepared.flux,
        properties=len(weights.properties),
        stride=weights.stride,
        receptive_field=weights.receptive_field,
    )
    for plane in painted.reshape(-1, *image.shape):
        np.copyto(plane, np.nan, where=image.mask)
    maps = dict(zip(OUTPUTS, painted, strict=True))
    if not weights.has_uncertainty:
        # Quantiles that are all one number would pass for certainty.
        maps = {name: maps[name] for name in ("mean", "p50")}
    bare = Maps(
        galaxy_id=image.galaxy_id,
        view=image.view,
        properties=weights.properties,
        cube=maps.pop("mean"),
        pixel_area=prepared.kpc_per_pixel**2,
        mask=image.mask,
        wcs=image.wcs,
        flags=_flags(prepared, weights),
        **maps,
    )
    aperture = "none: totals were not asked for"
    if totals:
        ellipse = painted_ellipse(bare)
        bare = replace(bare, totals=painted_totals(bare, weights, ellipse))
        aperture = _described(ellipse, prepared.kpc_per_pixel)
    return _finished(bare, image, prepared, weights, engine, aperture)


def _flags(prepared: Prepared, weights: Weights) -> tuple[str, ...]:
    """Short words for machines."""
    flags = {
        "outside_training_range": bool(prepared.outside),
        "no_uncertainty": not weights.has_uncertainty,
    }
    return tuple(name for name, holds in flags.items() if holds)


def _finished(
    maps: Maps,
    image: GalaxyImage,
    prepared: Prepared,
    weights: Weights,
    engine: str,
    aperture: str,
) -> Maps:
    """Maps with provenance, and totals whose intervals are honest."""
    totals = maps.totals
    caveats: tuple[str, ...] = ()
    if not weights.has_uncertainty:
        totals = tuple(replace(t, p16=np.nan, p84=np.nan) for t in totals)
        caveats = (f"the weights {weights.name} give one number a pixel: no uncertainty is known",)
    listed = {
        "weights": weights.name,
        "weights_fingerprint": weights.fingerprint,
        "architecture": weights.architecture,
        "data_fingerprint": str(weights.about.get("data_fingerprint", "unknown")),
        "version": picassso.__version__,
        "engine": engine,
        "survey": image.survey,
        "bands": "".join(weights.bands),
        "redshift": f"{image.redshift:.6g}",
        "pixel_scale_arcsec": f"{image.pixel_scale:.6g}",
        "kpc_per_pixel": f"{prepared.kpc_per_pixel:.6g}",
        "psf_fwhm_pixels": _listed(prepared.psf_fwhm),
        "noise_nanomaggy_per_arcsec2": _listed(prepared.noise),
        "ebv": f"{image.ebv:g}",
        "aperture": aperture,
        "assumptions": "\n".join((*image.assumptions, *prepared.outside, *caveats)),
    }
    return replace(maps, totals=totals, provenance=listed)


def _listed(values: NDArray[np.float32]) -> str:
    return " ".join(f"{v:.4g}" for v in values)


def _described(ellipse: Ellipse | None, kpc_per_pixel: float) -> str:
    """The aperture of two half-mass radii in words."""
    if ellipse is None:
        return "none: no pixel surely lies above the floor of stellar mass"
    semi_major, angle = 2 * ellipse.semi_major, np.degrees(ellipse.position_angle)
    return (
        "ellipse of two half-mass radii of the painted stellar mass: semi-major axis "
        f"{semi_major * kpc_per_pixel:.4g} kpc ({semi_major:.4g} pixels), axis ratio "
        f"{ellipse.axis_ratio:.3f}, angle {angle:.1f} deg from x to y, centre x = "
        f"{ellipse.x:.1f}, y = {ellipse.y:.1f} (from 0)"
    )
