"""Velocities of particles: rotation, asymmetric drift and dispersion."""

from __future__ import annotations

import torch
from torch import Tensor

from picassso.universe.synthetic.shapes import Sampler

__all__ = ["circular_velocity", "disc_velocity", "spheroid_velocity"]


def circular_velocity(radius: Tensor, p: dict[str, float], scale: float) -> Tensor:
    """Rotation curve [km/s], V R / sqrt(R^2 + Rt^2): rising inside, flat at the drawn velocity.

    The turnover radius is 0.15 to 0.7 disc scale lengths, smaller where the bulge is larger.
    """
    turnover = scale * max(0.15, 0.7 - 0.6 * p["bulge_to_total"])
    return p["rotation_velocity"] * radius / (radius**2 + turnover**2).sqrt()


def disc_velocity(
    position: Tensor, p: dict[str, float], scale: float, sampler: Sampler, *, dispersion: Tensor
) -> Tensor:
    """Velocities in a disc: rotation less the asymmetric drift, and an ellipsoid of dispersions.

    Parameters
    ----------
    position : (N, 3) tensor
        kpc.
    p : dict
        Parameters of the galaxy.
    scale : float
        Scale length of the disc [kpc].
    sampler : Sampler
        Random numbers.
    dispersion : (N,) tensor
        Radial dispersion [km/s]; azimuthal and vertical ones are 0.7 and 0.6 of it.
    """
    radius = position[:, :2].norm(dim=1)
    circular = circular_velocity(radius, p, scale)
    drift = (circular**2 - (dispersion * (radius / scale).clamp(max=2.0).sqrt()) ** 2).clamp(min=0)
    noise = sampler.normal(len(radius), 3) * dispersion[:, None]
    radial, azimuthal = noise[:, 0], drift.sqrt() + 0.7 * noise[:, 1]
    ux, uy = (position[:, :2] / radius.clamp(min=1e-6)[:, None]).unbind(1)
    return torch.stack(
        [radial * ux - azimuthal * uy, radial * uy + azimuthal * ux, 0.6 * noise[:, 2]], 1
    )


def spheroid_velocity(
    position: Tensor, sampler: Sampler, *, dispersion: float, rotation: float, radius: float
) -> Tensor:
    """Velocities in a spheroid: isotropic dispersion and cylindrical rotation about z.

    The dispersion falls as (r / radius)^-0.066 (Cappellari et al. 2006, MNRAS 366, 1126).

    Parameters
    ----------
    position : (N, 3) tensor
        kpc.
    sampler : Sampler
        Random numbers.
    dispersion : float
        Line-of-sight dispersion at `radius` [km/s].
    rotation : float
        Rotation velocity over dispersion.
    radius : float
        Effective radius [kpc].
    """
    r = position.norm(dim=1).clamp(min=1e-3 * radius)
    sigma = dispersion * (r / radius) ** -0.066
    velocity = sampler.normal(len(r), 3) * sigma[:, None]
    in_plane = position[:, :2].norm(dim=1)
    spin = rotation * dispersion / (in_plane + 0.7 * radius)
    velocity[:, 0] -= spin * position[:, 1]
    velocity[:, 1] += spin * position[:, 0]
    return velocity
