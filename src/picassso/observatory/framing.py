"""Framings: how far away a galaxy is put, what is cut out, and through what it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from picassso.core import DEFAULT_COSMOLOGY, InputError, Survey, reference_band
from picassso.observatory.dust import draw_dust
from picassso.observatory.noise import survey_noise

__all__ = ["Exposure", "Framing", "PaperFraming", "SurveyFraming"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """All that was drawn or fixed for one view.

    Parameters
    ----------
    redshift : float
        Where the galaxy is put.
    pixels : int
        Height and width of the image.
    oversampling : int
        Rendered pixels per final pixel, along each axis.
    kpc_per_pixel : float
        Of the final pixels.
    pixel_scale : float
        Arcsec per final pixel.
    depth : float
        Particles farther than this before or behind the galaxy are left out [kpc].
    offset : (2,) array
        Where the galaxy's centre falls, from the centre of the frame along x and y [kpc].
    psf_fwhm : (B,) float32 array
        Arcsec.
    noise : (B,) float32 array or None
        1 sigma a pixel [nanomaggy arcsec^-2]; None where it follows from `signal_to_noise`.
    signal_to_noise : float
        Mean over pixels, where `noise` is None.
    dust : float
        Dust-to-metal ratio in units of the Galactic one.
    """

    redshift: float
    pixels: int
    oversampling: int
    kpc_per_pixel: float
    pixel_scale: float
    depth: float
    offset: NDArray[np.float64]
    psf_fwhm: NDArray[np.float32]
    noise: NDArray[np.float32] | None
    signal_to_noise: float
    dust: float

    @property
    def extent(self) -> float:
        """Width of the frame [kpc]."""
        return self.pixels * self.kpc_per_pixel


class Framing(Protocol):
    """What `observe` needs of a framing.

    `roll` says whether its cameras are turned about the line of sight by a random angle.
    """

    name: ClassVar[str]
    roll: ClassVar[bool]

    def draw_dust(self, rng: np.random.Generator) -> float:
        """Dust of a galaxy, the same in all of its views."""
        ...

    def expose(
        self, rng: np.random.Generator, *, survey: Survey, half_mass_radius: float, dust: float
    ) -> Exposure:
        """Conditions of one view."""
        ...


@dataclass(frozen=True, slots=True)
class PaperFraming:
    """The framing of Buck & Wolf 2021, section 2.1.2: every galaxy fills its frame alike.

    Parameters
    ----------
    pixels : int
        Height and width of the image.
    render : int
        Of the grid that it is rendered on and rebinned from; a multiple of `pixels`.
    half_mass_radii : float
        Width of the frame, in 3-D stellar half-mass radii.
    redshift : float
        Where all galaxies are put.
    psf_fwhm_kpc : float
        In all bands [kpc].
    signal_to_noise : float
        Mean over all pixels, in each band.

    Raises
    ------
    InputError
        If `render` is no multiple of `pixels`, or a number is not positive.
    """

    name: ClassVar[str] = "paper"
    roll: ClassVar[bool] = False

    pixels: int = 256
    render: int = 512
    half_mass_radii: float = 10.0
    redshift: float = 0.05
    psf_fwhm_kpc: float = 1.0
    signal_to_noise: float = 25.0

    def __post_init__(self) -> None:
        if self.pixels < 1 or self.render < self.pixels or self.render % self.pixels:
            raise InputError(
                f"paper framing: render is {self.render}, expected a multiple of pixels, "
                f"{self.pixels}"
            )
        for field in ("half_mass_radii", "redshift", "signal_to_noise"):
            if not getattr(self, field) > 0:
                raise InputError(f"paper framing: {field} is {getattr(self, field)}, expected > 0")

    def draw_dust(self, rng: np.random.Generator) -> float:
        """No dust: the paper's images were made without it."""
        return 0.0

    def expose(
        self, rng: np.random.Generator, *, survey: Survey, half_mass_radius: float, dust: float
    ) -> Exposure:
        """Conditions of one view; nothing is drawn."""
        kpc_per_pixel = self.half_mass_radii * half_mass_radius / self.pixels
        kpc_per_arcsec = DEFAULT_COSMOLOGY.kpc_per_arcsec(self.redshift)
        return Exposure(
            redshift=self.redshift,
            pixels=self.pixels,
            oversampling=self.render // self.pixels,
            kpc_per_pixel=kpc_per_pixel,
            pixel_scale=kpc_per_pixel / kpc_per_arcsec,
            depth=0.5 * self.pixels * kpc_per_pixel,
            offset=np.zeros(2),
            psf_fwhm=np.full(len(survey.bands), self.psf_fwhm_kpc / kpc_per_arcsec, np.float32),
            noise=None,
            signal_to_noise=self.signal_to_noise,
            dust=dust,
        )


@dataclass(frozen=True, slots=True)
class SurveyFraming:
    """A galaxy as a survey would see it: its pixels and depth, drawn seeing, redshift and dust.

    Parameters
    ----------
    pixels : int
        Height and width of the image, in the survey's own pixels.
    redshift_range : (float, float)
        Redshifts are drawn within it, uniform in log z between the two at which the half-mass
        radius spans `resolved_radius` pixels and `frame_fraction` of the frame, so that galaxies
        are resolved and larger ones are put farther away.
    resolved_radius : float
        Least half-mass radius [pixels], as far as the redshift range allows.
    frame_fraction : float
        Largest half-mass radius, in units of the frame's width, likewise.
    depth_range : (float, float)
        The survey's sky noise is multiplied by a factor drawn from it, uniform in its logarithm.
    largest_offset : float
        Of the galaxy's centre along x and y, in units of the frame's width; drawn uniformly.

    Notes
    -----
    Seeing is drawn uniformly from the survey's range for r (its middle band where it has no r);
    the other bands keep their ratio to it.

    Raises
    ------
    InputError
        If a range is empty or not positive.
    """

    name: ClassVar[str] = "survey"
    roll: ClassVar[bool] = True

    pixels: int = 128
    redshift_range: tuple[float, float] = (0.01, 0.15)
    resolved_radius: float = 4.0
    frame_fraction: float = 0.25
    depth_range: tuple[float, float] = (0.7, 1.5)
    largest_offset: float = 0.05

    def __post_init__(self) -> None:
        for field in ("redshift_range", "depth_range"):
            low, high = getattr(self, field)
            if not 0 < low <= high:
                raise InputError(
                    f"survey framing: {field} is {(low, high)}, expected 0 < low <= high"
                )
        for field in ("pixels", "resolved_radius", "frame_fraction"):
            if not getattr(self, field) > 0:
                raise InputError(f"survey framing: {field} is {getattr(self, field)}, expected > 0")

    def draw_dust(self, rng: np.random.Generator) -> float:
        """Dust of a galaxy, zero included; see `picassso.observatory.draw_dust`."""
        return draw_dust(rng)

    def expose(
        self, rng: np.random.Generator, *, survey: Survey, half_mass_radius: float, dust: float
    ) -> Exposure:
        """Conditions of one view, drawn from `rng`."""
        redshift = self._draw_redshift(rng, survey.pixel_scale, half_mass_radius)
        kpc_per_pixel = survey.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(redshift)
        typical = np.array(survey.psf_fwhm)
        reference = survey.bands.index(reference_band(survey.bands))
        psf_fwhm = rng.uniform(*survey.psf_fwhm_range) * typical / typical[reference]
        noise = survey_noise(survey, pixel_scale=survey.pixel_scale)
        noise = noise * np.exp(rng.uniform(*np.log(self.depth_range)))
        extent = self.pixels * kpc_per_pixel
        return Exposure(
            redshift=redshift,
            pixels=self.pixels,
            # a PSF sampled by three pixels has no power beyond what they can hold
            oversampling=int(np.ceil(3.0 * survey.pixel_scale / psf_fwhm.min())),
            kpc_per_pixel=kpc_per_pixel,
            pixel_scale=survey.pixel_scale,
            # a frame smaller than the galaxy looks through all of it
            depth=max(0.5 * extent, 5.0 * half_mass_radius),
            offset=rng.uniform(-self.largest_offset, self.largest_offset, 2) * extent,
            psf_fwhm=psf_fwhm.astype(np.float32),
            noise=noise.astype(np.float32),
            signal_to_noise=np.nan,
            dust=dust,
        )

    def _draw_redshift(
        self, rng: np.random.Generator, pixel_scale: float, half_mass_radius: float
    ) -> float:
        low, high = self.redshift_range
        near = half_mass_radius / (self.frame_fraction * self.pixels)
        far = half_mass_radius / self.resolved_radius
        nearest, farthest = (
            float(np.clip(_redshift_of(kpc / pixel_scale, low, high), low, high))
            for kpc in (near, max(far, near))
        )
        return float(np.exp(rng.uniform(np.log(nearest), np.log(farthest))))


def _redshift_of(kpc_per_arcsec: float, low: float, high: float) -> float:
    """Redshift at which an arcsec spans so many kpc, at the ends of the range at most."""
    redshift = np.geomspace(low, high, 33)
    scale = [DEFAULT_COSMOLOGY.kpc_per_arcsec(float(z)) for z in redshift]
    return float(np.interp(kpc_per_arcsec, scale, redshift))
