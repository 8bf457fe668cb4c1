"""Gas cells of a synthetic galaxy: atomic, molecular, warm ionised and hot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from picassso.core import HYDROGEN_FRACTION
from picassso.universe.synthetic import gas_relations, motions, shapes
from picassso.universe.synthetic.shapes import ArmPattern, Sampler

__all__ = ["GasCells", "make_gas"]

# Shares of the cells: atomic, molecular, warm ionised, hot.
_SHARES_DISC = (0.40, 0.33, 0.09, 0.18)
_SHARES_SPHEROID = (0.30, 0.15, 0.09, 0.46)


@dataclass
class GasCells:
    """Columns of gas cells as tensors, units as in `picassso.core.Gas`."""

    position: Tensor
    velocity: Tensor
    mass: Tensor
    metallicity: Tensor
    star_formation_rate: Tensor
    neutral_fraction: Tensor
    hydrogen_fraction: Tensor

    @classmethod
    def concatenate(cls, parts: list[GasCells]) -> GasCells:
        names = cls.__dataclass_fields__
        return cls(**{k: torch.cat([getattr(part, k) for part in parts]) for k in names})


def make_gas(
    p: dict[str, float], n: int, arms: ArmPattern, scale: float, sampler: Sampler
) -> GasCells:
    """Gas of one galaxy in its own frame, spin along z.

    Parameters
    ----------
    p : dict
        Parameters of the galaxy.
    n : int
        Number of cells.
    arms : ArmPattern
        Shared with the stars.
    scale : float
        Scale length of the stellar disc [kpc].
    sampler : Sampler
        Random numbers.
    """
    shares = _SHARES_SPHEROID if p["quenched"] or p["elliptical"] else _SHARES_DISC
    counts = [round(share * n) for share in shares]
    counts[0] += n - sum(counts)
    metallicity = 10.0 ** (p["oxygen_abundance"] - gas_relations.SOLAR_OXYGEN)
    metallicity *= gas_relations.SOLAR_METALLICITY_GAS
    hydrogen = HYDROGEN_FRACTION - 1.6 * metallicity

    warp_phase, twist = sampler.angle(), p["warp"]
    molecular = _molecular_positions(p, counts[1], arms, scale, sampler)
    atomic = _atomic_positions(p, counts[0], arms, scale, sampler)
    warm = _warm_positions(p, counts[2], arms, scale, sampler)
    cold = torch.cat([atomic, molecular, warm])
    cold = arms.distort(cold / scale, 1.0) * scale
    cold = shapes.warp(cold, onset=2.8 * scale, slope=twist, phase=warp_phase)
    hot, hot_share = _hot_positions(p, counts[3], sampler)

    h2, hi = 10.0 ** p["log_h2_mass"], 10.0 ** p["log_hi_mass"]
    neutral = 1.0 - 0.04 * sampler.uniform(counts[0] + counts[1])
    share = torch.cat(
        [cold.new_full((counts[0],), hi / counts[0]), _cell_masses(h2, counts[1], sampler)]
    )
    disc_mass = share / (hydrogen * neutral)
    warm_mass = cold.new_full((counts[2],), p["warm_fraction"] * (h2 + hi) / hydrogen / counts[2])
    mass = torch.cat([disc_mass, warm_mass, hot_share * 10.0 ** p["log_hot_mass"]])

    warm_neutral = p["warm_neutral"] * 10.0 ** (0.2 * sampler.normal(counts[2]))
    hot_neutral = 10.0 ** (p["log_hot_neutral"] + 0.3 * sampler.normal(counts[3]))
    neutral = torch.cat([neutral, warm_neutral.clamp(max=0.5), hot_neutral.clamp(max=0.02)])

    rate = torch.zeros_like(mass)
    forming = slice(counts[0], counts[0] + counts[1])
    efficiency = share[counts[0] :] * 10.0 ** (0.2 * sampler.normal(counts[1]))
    rate[forming] = efficiency * (10.0 ** p["log_sfr"] / float(efficiency.double().sum()))

    cold_z = _metallicity(p, cold, metallicity, rate[: len(cold)], sampler)
    hot_z = metallicity * 10.0 ** (p["log_hot_metallicity"] + 0.15 * sampler.normal(counts[3]))
    velocity = torch.cat(
        [_cold_velocity(p, cold, counts, scale, sampler), _hot_velocity(p, hot, sampler)]
    )
    return GasCells(
        position=torch.cat([cold, hot]),
        velocity=velocity,
        mass=mass,
        metallicity=torch.cat([cold_z, hot_z]),
        star_formation_rate=rate,
        neutral_fraction=neutral,
        hydrogen_fraction=torch.full_like(mass, hydrogen),
    )


def _sech2(sampler: Sampler, n: int) -> Tensor:
    return torch.atanh(sampler.uniform(n, low=-0.9995, high=0.9995))


def _atomic_positions(
    p: dict[str, float], n: int, arms: ArmPattern, scale: float, sampler: Sampler
) -> Tensor:
    """HI: the universal profile of Wang et al. (2014), flaring outwards."""
    edges = torch.linspace(0.0, 2.2, 221, device=sampler.device)
    x = 0.5 * (edges[1:] + edges[:-1])
    density = _atomic_density(p, x)
    u = sampler.spread(n, 2)
    radius = shapes.sample_profile(u[:, 0], edges, density * x) * p["atomic_radius"]
    angle = arms.apply(radius / scale, 2 * math.pi * u[:, 1], 0.75)
    height = (0.10 + 0.4 * p["disc_thickness"] * scale) * torch.exp(
        radius / (1.3 * p["atomic_radius"])
    )
    return shapes.cylindrical(radius, angle, height * _sech2(sampler, n))


def _atomic_density(p: dict[str, float], x: Tensor) -> Tensor:
    """HI surface density at r / R_HI, with the hole that gives it 1 Msun/pc^2 at R_HI."""
    target = 10.0 ** p["log_hi_mass"] / (2e6 * math.pi * p["atomic_radius"] ** 2)
    holes = torch.cat([x.new_zeros(1), torch.logspace(-1.0, 3.0, 121, device=x.device)])[:, None]
    density = gas_relations.atomic_profile(x, p["atomic_scale"], holes)
    mass = (density * x).sum(1) * float(x[1] - x[0])
    return density[(mass - target).abs().argmin()]


def _molecular_positions(
    p: dict[str, float], n: int, arms: ArmPattern, scale: float, sampler: Sampler
) -> Tensor:
    """H2: exponential with about the scale of the stars (Leroy et al. 2008, AJ 136, 2782).

    Part of it lies in a ring, and part in clumps whose masses follow a power law.
    """
    length = p["molecular_scale"] * (0.5 if p["elliptical"] else 1.0)
    u = sampler.spread(n, 2)
    radius = length * shapes.exponential_disc_radius(u[:, 0], break_radius=3.0, outer_slope=0.6)
    ring = p["ring_radius"] * (1.0 + 0.09 * sampler.normal(n)).clamp(min=0.1)
    in_ring = sampler.uniform(n) < p["ring_fraction"]
    radius = torch.where(in_ring, ring, radius)
    angle = arms.apply(radius, 2 * math.pi * u[:, 1], 1.1)
    height = (0.05 + 0.25 * p["disc_thickness"] * scale) * _sech2(sampler, n)
    smooth = shapes.cylindrical(radius * scale, angle, height)
    return _clumped(p, smooth, scale, sampler)


def _clumped(p: dict[str, float], smooth: Tensor, scale: float, sampler: Sampler) -> Tensor:
    """Move a share of the cells into star-forming complexes that sit where cells already are.

    Masses follow dN/dM ~ M^-2 (as H II regions do: Kennicutt et al. 1989, ApJ 337, 761).
    """
    n = len(smooth)
    number = min(int(p["clump_number"]), n)
    weight = sampler.uniform(number, low=0.02) ** -0.9
    share = torch.cumsum(weight, 0) / weight.sum()
    which = torch.searchsorted(share, sampler.uniform(n)).clamp(max=number - 1)
    size = (0.04 + 0.02 * scale) * (weight / weight.mean()) ** 0.33
    offset = sampler.normal(n, 3) * size[which][:, None]
    clump = smooth[:number][which] + offset * offset.new_tensor([1.0, 1.0, 0.6])
    chosen = sampler.uniform(n) < p["clump_fraction"]
    return torch.where(chosen[:, None], clump, smooth)


def _warm_positions(
    p: dict[str, float], n: int, arms: ArmPattern, scale: float, sampler: Sampler
) -> Tensor:
    """Warm ionised layer: exponential in height, about 1 kpc (Reynolds layer, Gaensler 2008)."""
    u = sampler.spread(n, 2)
    radius = shapes.exponential_disc_radius(u[:, 0], break_radius=4.0, outer_slope=0.8)
    radius = 1.4 * scale * radius
    angle = arms.apply(radius / scale, 2 * math.pi * u[:, 1], 0.4)
    height = -torch.log(sampler.uniform(n, low=1e-5)) * (0.5 + 0.15 * scale)
    return shapes.cylindrical(radius, angle, height * (sampler.uniform(n) - 0.5).sign())


def _hot_positions(p: dict[str, float], n: int, sampler: Sampler) -> tuple[Tensor, Tensor]:
    """Hot halo: a beta model with beta = 0.5 inside R200, and each cell's share of the mass.

    Cells are drawn more densely in the centre than the mass is, so that the part that a frame
    shows is well sampled; their masses make up for it.
    """
    low, high = math.log10(0.05 * p["hot_core"]), math.log10(p["halo_radius"])
    edges = torch.logspace(low, high, 201, device=sampler.device)
    r = (edges[1:] * edges[:-1]).sqrt()
    mass = r**3 * (1.0 + (r / p["hot_core"]) ** 2) ** -0.75
    drawn = (mass / mass.sum()).sqrt()
    radius = shapes.sample_profile(sampler.stratified(n), edges, drawn)
    k = torch.searchsorted(edges, radius).clamp(1, len(r)) - 1
    share = (mass / drawn)[k]
    direction = sampler.normal(n, 3)
    position = direction * (radius / direction.norm(dim=1).clamp(min=1e-6))[:, None]
    position[:, 2] *= 0.85
    return position, share / share.sum()


def _metallicity(
    p: dict[str, float], position: Tensor, central: float, rate: Tensor, sampler: Sampler
) -> Tensor:
    """Linear gradient in log Z between 0.3 and 2 effective radii, flat inside and outside.

    Normalised so that the mean log(O/H), weighted by star formation, is the drawn one.
    """
    radius = (position[:, :2].norm(dim=1) / p["half_mass_radius"]).clamp(0.3, 2.2)
    log_z = p["gas_gradient"] * radius + 0.04 * sampler.normal(len(radius))
    log_z = log_z - float((log_z * rate).double().sum() / rate.double().sum())
    return (central * 10.0**log_z).clamp(1e-5, 0.09)


def _cell_masses(total: float, n: int, sampler: Sampler) -> Tensor:
    mass = 10.0 ** (0.2 * sampler.normal(n))
    return mass * (total / float(mass.double().sum()))


def _cold_velocity(
    p: dict[str, float], position: Tensor, counts: list[int], scale: float, sampler: Sampler
) -> Tensor:
    """Rotation with dispersions of 11, 7 and 25 km/s in atomic, molecular and warm gas.

    Leroy et al. (2008), section 3; the last from Boettcher et al. (2017, ApJ 845, 155).
    """
    sigma = torch.cat(
        [position.new_full((c,), s) for c, s in zip(counts, (11.0, 7.0, 25.0), strict=False)]
    )
    return motions.disc_velocity(position, p, scale, sampler, dispersion=sigma)


def _hot_velocity(p: dict[str, float], position: Tensor, sampler: Sampler) -> Tensor:
    return motions.spheroid_velocity(
        position,
        sampler,
        dispersion=0.5 * p["rotation_velocity"],
        rotation=0.5,
        radius=0.1 * p["halo_radius"],
    )
