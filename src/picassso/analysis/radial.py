"""Profiles in elliptical annuli, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.apertures import Ellipse
from picassso.analysis.estimates import MINIMUM_GALAXIES
from picassso.analysis.metrics import ResidualStatistics, residual_statistics
from picassso.analysis.residuals import Prediction
from picassso.core import DERIVED, PROPERTIES, InputError

__all__ = [
    "ANNULUS_EDGES",
    "GRADIENT_RANGE",
    "Annuli",
    "RadialProfile",
    "annulus_residuals",
    "elliptical_annuli",
    "radial_profile",
]

ANNULUS_EDGES = tuple(0.5 * k for k in range(1, 11))
"""Outer edges of the annuli of Buck & Wolf (2021), in half-mass radii; the first is an ellipse."""

GRADIENT_RANGE = (0.5, 2.5)
"""Half-mass radii within which gradients are fitted: outside the centre, which the PSF flattens,
and about as far as those of Sanchez et al. (2014, A&A 563, A49; 0.3 to 2.1 effective radii)."""

_FEWEST = 3  # annuli to a slope


@dataclass(frozen=True, slots=True)
class Annuli:
    """Which pixel lies in which elliptical annulus.

    Parameters
    ----------
    edges : (A,) array
        Outer edges in semi-major axes of the ellipse, rising; each annulus starts where the one
        before it ends, the first at the centre, and holds its outer edge.
    labels : (H * W,) int array
        Number of the annulus of every pixel centre; A beyond the last edge.
    order : (n,) int array
        The pixels of the flattened image that lie in annuli, those of the first one first.
    pixels : (A,) int array
        How many pixels each holds.
    in_frame : (A,) bool array
        Whether the outer edge lies inside the image.
    """

    edges: NDArray[np.float64]
    labels: NDArray[np.intp]
    order: NDArray[np.intp]
    pixels: NDArray[np.intp]
    in_frame: NDArray[np.bool_]

    @property
    def measurable(self) -> NDArray[np.bool_]:
        """(A,) whether the annulus lies inside the image and holds a pixel."""
        return self.in_frame & (self.pixels > 0)

    @property
    def radii(self) -> NDArray[np.float64]:
        """(A,) middle of each annulus, in semi-major axes."""
        return 0.5 * (np.concatenate([[0.0], self.edges[:-1]]) + self.edges)

    def sums(self, image: NDArray[np.floating]) -> NDArray[np.float64]:
        """(A,) sums of the pixels of an image in each annulus; 0 where it holds none."""
        held = self.pixels > 0
        starts = np.cumsum(self.pixels) - self.pixels
        sums = np.zeros(len(self.edges))
        if held.any():
            inside = image.ravel().take(self.order)
            sums[held] = np.add.reduceat(inside, starts[held], dtype=np.float64)
        return sums


def elliptical_annuli(
    ellipse: Ellipse, shape: tuple[int, int], *, edges: Sequence[float] = ANNULUS_EDGES
) -> Annuli:
    """Annuli of the shape of an ellipse, on the pixels of an image.

    Parameters
    ----------
    ellipse : Ellipse
        Of the half-mass radius.
    shape : (int, int)
        Of the image.
    edges : sequence of float
        Outer edges in half-mass radii.

    Raises
    ------
    InputError
        If the edges do not rise from above 0.
    """
    outer = np.asarray(edges, dtype=np.float64)
    if len(outer) == 0 or outer[0] <= 0 or np.any(np.diff(outer) <= 0):
        raise InputError(f"edges of annuli: {list(edges)}, expected rising numbers above 0")
    labels = np.searchsorted(outer, ellipse.radius(shape).ravel())
    pixels = np.bincount(labels, minlength=len(outer) + 1)[:-1]
    inside = np.flatnonzero(labels < len(outer))
    return Annuli(
        edges=outer,
        labels=labels,
        order=inside[np.argsort(labels[inside].astype(np.uint16), kind="stable")],
        pixels=pixels,
        in_frame=np.array([ellipse.fits(shape, scale=e) for e in outer]),
    )


@dataclass(frozen=True, slots=True)
class RadialProfile:
    """What several properties hold in each annulus of one galaxy.

    Parameters
    ----------
    properties : tuple of str
        Names of the additive properties.
    annuli : Annuli
        Where.
    totals : (P, A) array
        Sums, in total units. NaN where the annulus leaves the frame or holds no pixel
        (`Annuli.in_frame`, `Annuli.pixels`), or a pixel of it is NaN.
    areas : (A,) array
        kpc^2; NaN where the totals are for want of pixels.
    """

    properties: tuple[str, ...]
    annuli: Annuli
    totals: NDArray[np.float64]
    areas: NDArray[np.float64]

    def total(self, name: str) -> NDArray[np.float64]:
        """(A,) sums of an additive property, in its total unit."""
        if name not in self.properties:
            raise InputError(f"no profile of {name!r}; there are {list(self.properties)}")
        return self.totals[self.properties.index(name)]

    def profile(self, name: str) -> NDArray[np.float64]:
        """(A,) mean surface density of an additive property, or a derived ratio of sums.

        A ratio is ``scale * sum(numerator) / sum(denominator)``, never a mean of ratios, and NaN
        where the mean surface density of either lies below its floor: the logarithm of what is next
        to nothing has no meaning.
        """
        if name not in DERIVED:
            return self.total(name) / self.areas
        d = DERIVED[name]
        above, below = self.total(d.numerator), self.total(d.denominator)
        ratio = np.full(len(self.areas), np.nan)
        seen = self._seen(d.numerator) & self._seen(d.denominator)
        return np.divide(d.scale * above, below, out=ratio, where=seen)

    def _seen(self, name: str) -> NDArray[np.bool_]:
        """(A,) whether the mean surface density of an additive property reaches its floor."""
        # Comparisons with NaN are false: what is not measurable is not seen.
        return self.total(name) >= PROPERTIES[name].floor * self.areas

    def gradient(self, name: str, *, within: tuple[float, float] = GRADIENT_RANGE) -> float:
        """Slope of log10(profile) against radius [dex per half-mass radius].

        A least-squares line through the middles of the annuli that lie wholly `within` a range
        of half-mass radii, all of one weight. An annulus whose mean surface density lies below the
        floor (for a ratio: of its numerator or denominator) is left out.

        Returns
        -------
        float
            NaN if fewer than three annuli are left.
        """
        inner, outer = within
        d = DERIVED.get(name)
        seen = np.ones(len(self.areas), dtype=bool)
        for ingredient in (name,) if d is None else (d.numerator, d.denominator):
            seen &= self._seen(ingredient)
        edges = self.annuli.edges
        starts = np.concatenate([[0.0], edges[:-1]])
        used = seen & (starts >= inner - 1e-9) & (edges <= outer + 1e-9)
        if used.sum() < _FEWEST:
            return float("nan")
        radius = self.annuli.radii[used]
        radius -= radius.mean()
        return float(radius @ np.log10(self.profile(name)[used]) / (radius @ radius))


def radial_profile(
    cube: NDArray[np.floating], annuli: Annuli, *, properties: Sequence[str], pixel_area: float
) -> RadialProfile:
    """Sums of every map in every annulus.

    Parameters
    ----------
    cube : (P, H, W) array
        Surface densities of additive properties; NaN where absent or masked.
    annuli : Annuli
        Of `elliptical_annuli`, for images of H x W; one serves truth and prediction.
    properties : sequence of str
        P names.
    pixel_area : float
        kpc^2.

    Returns
    -------
    RadialProfile

    Raises
    ------
    InputError
        If the shapes do not match.
    """
    size, names = len(annuli.labels), tuple(properties)
    if cube.ndim != 3 or len(cube) != len(names) or cube[0].size != size:
        raise InputError(
            f"profile: a cube of shape {cube.shape}, expected {len(names)} maps of {size} pixels"
        )
    totals = np.array([annuli.sums(m) for m in cube]) * pixel_area
    totals[:, ~annuli.measurable] = np.nan
    return RadialProfile(
        properties=names,
        annuli=annuli,
        totals=totals,
        areas=np.where(annuli.measurable, annuli.pixels * pixel_area, np.nan),
    )


def annulus_residuals(
    true: NDArray[np.floating],
    predicted: Prediction,
    areas: NDArray[np.floating],
    *,
    property: str,
    galaxy_id: Sequence[str] | NDArray[np.str_],
    bootstraps: int = 200,
    seed: int = 0,
) -> list[ResidualStatistics]:
    """Residual statistics of the totals of one property, annulus by annulus.

    Parameters
    ----------
    true : (N, A) array
        True totals of N views; NaN where an annulus leaves the frame, which counts as absent.
    predicted : Prediction
        (N, A) each.
    areas : (N, A) array
        kpc^2; the floor of an annulus is that of its mean surface density.
    property : str
        Name of the additive property.
    galaxy_id : (N,) array of str
        Whom each view shows.
    bootstraps, seed : int
        Of the bootstrap over galaxies.

    Returns
    -------
    list of ResidualStatistics
        One an annulus, of kind ``"annulus"``; NaN, its counts apart, for fewer than five galaxies.
    """
    floors = PROPERTIES[property].floor * np.asarray(areas)
    return [
        residual_statistics(
            true[:, k],
            predicted[:, k],
            property=property,
            kind="annulus",
            floor=floors[:, k],
            galaxy_id=galaxy_id,
            fewest=MINIMUM_GALAXIES,
            bootstraps=bootstraps,
            seed=seed,
        )
        for k in range(true.shape[1])
    ]
