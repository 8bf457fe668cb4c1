"""A scene: a galaxy whose light and truth are laid on the pixels of one view after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picassso.core import (
    PROPERTY_NAMES,
    FibreLight,
    GalaxyImage,
    Gas,
    Maps,
    Particles,
    Stars,
    Survey,
    reference_band,
)
from picassso.observatory.dust import dust_column_in_front, screen_transmission
from picassso.observatory.framing import Exposure
from picassso.observatory.light_table import LightTable, surface_brightness_factor
from picassso.observatory.noise import noise_for_signal_to_noise
from picassso.observatory.projection import project
from picassso.observatory.psf import FWHM_PER_SIGMA, convolve_gaussian, rebin
from picassso.observatory.spectra.fibre import StarsInView, fibre_light
from picassso.observatory.spectra.gas_around_stars import IonisedGas
from picassso.observatory.spectra.nuclei import OtherGas
from picassso.observatory.spectra.populations import SpectralTable
from picassso.observatory.truth import (
    gas_fields,
    histogram,
    star_fields,
    young_star_formation_rate,
)

__all__ = ["Scene"]

_PSF_REACH = 3.0
"""Light is rendered this many sigma of the PSF beyond the frame, for it is blurred into it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What all views of a galaxy share.

    Parameters
    ----------
    particles : Particles
        The galaxy.
    stars : Stars
        Of it.
    star_radius : (N,) float32 array
        Smoothing radii of the stars [kpc].
    gas_radius : (M,) float32 array or None
        Of the gas cells, if there are any.
    light : LightTable
        Of the survey's bands.
    survey : Survey
        That looks at it.
    truth : str
        ``"smoothed"`` or ``"histogram"``.
    device : str
        Where particles are projected.
    spectra : SpectralTable or None
        For the light of fibres; None where it is not asked for.
    ionised_gas : IonisedGas or None
        Likewise.
    other_gas : OtherGas or None
        Gas that no young stars light; None where there shall be none.
    """

    particles: Particles
    stars: Stars
    star_radius: NDArray[np.float32]
    gas_radius: NDArray[np.float32] | None
    light: LightTable
    survey: Survey
    truth: str
    device: str
    spectra: SpectralTable | None = None
    ionised_gas: IonisedGas | None = None
    other_gas: OtherGas | None = None

    def take(
        self, view: int, rotation: NDArray[np.float64], exposure: Exposure
    ) -> tuple[GalaxyImage, Maps, FibreLight | None]:
        """Noise-free image, true maps and, where asked for, the light of the fibre of one view.

        Parameters
        ----------
        view : int
            Number of the camera.
        rotation : (3, 3) array
            Of `camera_rotation`.
        exposure : Exposure
            Of `Framing.expose`.

        Returns
        -------
        image : GalaxyImage
        maps : Maps
        fibre : FibreLight or None
        """
        turn = rotation.T.astype(np.float32)
        position = self.stars.position @ turn
        near = np.flatnonzero(np.abs(position[:, 2]) <= exposure.depth)
        position = position[near]
        column = self._dust_column(position, turn, exposure)
        light = self._light(near, column, exposure)
        fields = star_fields(self.stars)
        flags = list(self.particles.flags)
        if self.particles.gas is None or self.particles.gas.star_formation_rate is None:
            fields["star_formation_rate"] = young_star_formation_rate(self.stars)
            flags.append("star_formation_rate_from_stars")
        mass = np.column_stack([field[near] for field in fields.values()])
        light_map, mass_map = self._lay(position, self.star_radius[near], light, mass, exposure)
        truth = dict(zip(fields, mass_map, strict=True)) | self._gas_truth(turn, exposure)
        flux = self._blur(light_map, exposure)
        noise = exposure.noise
        if noise is None:
            noise = noise_for_signal_to_noise(flux, exposure.signal_to_noise)
        image = GalaxyImage(
            galaxy_id=self.particles.galaxy_id,
            view=view,
            survey=self.survey.name,
            bands=self.survey.bands,
            flux=flux,
            noise=noise,
            mask=np.zeros(flux.shape[1:], dtype=bool),
            psf_fwhm=exposure.psf_fwhm,
            pixel_scale=exposure.pixel_scale,
            redshift=exposure.redshift,
        )
        absent = np.full(flux.shape[1:], np.nan, dtype=np.float32)
        maps = Maps(
            galaxy_id=self.particles.galaxy_id,
            view=view,
            properties=PROPERTY_NAMES,
            cube=np.stack([truth.get(name, absent) for name in PROPERTY_NAMES]),
            pixel_area=exposure.kpc_per_pixel**2,
            flags=(*flags, *(f"{name}_absent" for name in PROPERTY_NAMES if name not in truth)),
        )
        return image, maps, self._fibre(view, near, position, turn, column, exposure)

    def _dust_column(
        self, position: NDArray[np.float32], turn: NDArray[np.float32], exposure: Exposure
    ) -> NDArray[np.float32] | None:
        """(N,) metals in front of stars [Msun kpc^-2]; None for a galaxy without dust."""
        gas = self.particles.gas
        if not exposure.dust > 0 or gas is None or gas.metallicity is None:
            return None
        return dust_column_in_front(
            position, gas.position @ turn, _dusty_metals(gas), extent=2.0 * exposure.depth
        )

    def _light(
        self, near: NDArray[np.int64], column: NDArray[np.float32] | None, exposure: Exposure
    ) -> NDArray[np.float32]:
        """(N, B) light of the stars `near`, behind their dust [nanomaggies at 10 pc]."""
        age = self.stars.age[near]
        light = self.light.luminosities(age, self.stars.metallicity[near], exposure.redshift)
        light *= self.stars.initial_mass[near, None]
        if column is not None:
            light *= screen_transmission(
                column,
                wavelength=np.array(self.survey.effective_wavelengths) / (1 + exposure.redshift),
                amplitude=exposure.dust,
                age_gyr=age,
            )
        return light

    def _fibre(
        self,
        view: int,
        near: NDArray[np.int64],
        position: NDArray[np.float32],
        turn: NDArray[np.float32],
        column: NDArray[np.float32] | None,
        exposure: Exposure,
    ) -> FibreLight | None:
        """Light of the stars `near` that enters a fibre at the centre of the frame."""
        if self.spectra is None or self.ionised_gas is None:
            return None
        stars = self.stars
        sky = position[:, :2] + exposure.offset.astype(np.float32)
        in_view = StarsInView(
            distance=np.hypot(sky[:, 0], sky[:, 1]),
            radius=self.star_radius[near],
            velocity=-(stars.velocity[near] @ turn[:, 2]),  # z points towards the camera
            initial_mass=stars.initial_mass[near],
            age=stars.age[near],
            metallicity=stars.metallicity[near],
            dust_column=column,
            gas_metallicity=self.ionised_gas.metallicity[near],
        )
        bands = self.survey.bands
        return fibre_light(
            in_view,
            self.spectra,
            redshift=exposure.redshift,
            psf_fwhm=float(exposure.psf_fwhm[bands.index(reference_band(bands))]),
            dust=exposure.dust,
            log_u=self.ionised_gas.log_u,
            time=self.ionised_gas.time,
            line_factors=self.ionised_gas.line_factors,
            other=self.other_gas,
            centre=float(np.hypot(*exposure.offset)),
            galaxy_id=self.particles.galaxy_id,
            view=view,
            flags=(*self.particles.flags, *self.ionised_gas.flags),
        )

    def _lay(
        self,
        position: NDArray[np.float32],
        radius: NDArray[np.float32],
        light: NDArray[np.float32] | None,
        mass: NDArray[np.float32],
        exposure: Exposure,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Light on the rendered grid with its margin, and truth on the pixels of the frame.

        Both are surface densities per kpc^2.
        """
        smoothed = self.truth == "smoothed"
        parts = [] if light is None else [light]
        if smoothed:
            parts.append(mass)
        bands = 0 if light is None else light.shape[1]
        margin = _margin(exposure)
        pixels = exposure.pixels + 2 * margin
        scale = exposure.oversampling
        sky = position[:, :2] + exposure.offset.astype(np.float32)
        density = np.empty((0, pixels * scale, pixels * scale), np.float32)
        if parts:
            density = project(
                sky,
                radius,
                np.column_stack(parts),
                extent=pixels * exposure.kpc_per_pixel,
                pixels=pixels * scale,
                device=self.device,
            )
            density /= np.float32((exposure.kpc_per_pixel / scale) ** 2)
        if smoothed:
            truth = _trim(rebin(density[bands:], scale), margin)
        else:
            truth = histogram(sky, mass, extent=exposure.extent, pixels=exposure.pixels)
            truth /= np.float32(exposure.kpc_per_pixel**2)
        return density[:bands], truth

    def _gas_truth(
        self, turn: NDArray[np.float32], exposure: Exposure
    ) -> dict[str, NDArray[np.float32]]:
        """True maps of the gas; none where the snapshot holds no gas."""
        gas, radius = self.particles.gas, self.gas_radius
        if gas is None or radius is None:
            return {}
        fields = gas_fields(gas)
        position = gas.position @ turn
        near = np.flatnonzero(np.abs(position[:, 2]) <= exposure.depth)
        mass = np.column_stack([field[near] for field in fields.values()])
        _, maps = self._lay(position[near], radius[near], None, mass, exposure)
        return dict(zip(fields, maps, strict=True))

    def _blur(self, light: NDArray[np.float32], exposure: Exposure) -> NDArray[np.float32]:
        """Image of the frame [nanomaggy arcsec^-2] from the rendered light."""
        fwhm = exposure.psf_fwhm / exposure.pixel_scale
        blurred = convolve_gaussian(light, fwhm * exposure.oversampling)
        image = _trim(rebin(blurred, exposure.oversampling), _margin(exposure))
        return image * np.float32(surface_brightness_factor(exposure.redshift))


def _margin(exposure: Exposure) -> int:
    """Pixels of the final size rendered around the frame."""
    widest = float(exposure.psf_fwhm.max()) / exposure.pixel_scale / FWHM_PER_SIGMA
    return int(np.ceil(_PSF_REACH * widest))


def _trim(image: NDArray[np.float32], margin: int) -> NDArray[np.float32]:
    """Cut a margin off all four sides."""
    height, width = image.shape[-2:]
    return np.ascontiguousarray(image[..., margin : height - margin, margin : width - margin])


def _dusty_metals(gas: Gas) -> NDArray[np.float32]:
    """Metals that carry dust [Msun]: those of the neutral gas, where it is known; grains do not
    survive in hot gas (Draine & Salpeter 1979).
    """
    assert gas.metallicity is not None
    metals = gas.metallicity * gas.mass
    return metals if gas.neutral_fraction is None else metals * gas.neutral_fraction
