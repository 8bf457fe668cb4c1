"""Star particles of a synthetic galaxy: disc, bulge, bar, halo, satellites, and the young."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from picassso.universe.synthetic import histories, motions, relations, shapes
from picassso.universe.synthetic.gas import GasCells
from picassso.universe.synthetic.shapes import ArmPattern, Sampler

__all__ = ["OldStars", "StarColumns", "make_old_stars", "make_stars"]

# Offsets of the age score (in its standard deviations) and of log Z, a component.
_OFFSETS = {
    "disc": (0.0, 0.0),
    "thick": (0.9, -0.25),
    "bar": (0.5, 0.05),
    "bulge": (0.9, 0.10),
    "halo": (1.1, -0.60),
    "satellite": (0.2, -0.45),
}


@dataclass
class StarColumns:
    """Columns of star particles as tensors, units as in `picassso.core.Stars`."""

    position: Tensor
    velocity: Tensor
    mass: Tensor
    initial_mass: Tensor
    age: Tensor
    metallicity: Tensor

    @classmethod
    def concatenate(cls, parts: list[StarColumns]) -> StarColumns:
        names = cls.__dataclass_fields__
        return cls(**{k: torch.cat([getattr(part, k) for part in parts]) for k in names})


@dataclass
class OldStars:
    """Where the stars older than 100 Myr are, before they get ages, metals and masses."""

    position: Tensor
    velocity: Tensor
    age_offset: Tensor
    metal_offset: Tensor
    scale: float


def make_old_stars(p: dict[str, float], n: int, arms: ArmPattern, sampler: Sampler) -> OldStars:
    """Old stars in the galaxy's own frame, scaled to the drawn projected half-mass radius."""
    counts = _counts(p, n)
    places = {
        "disc": _disc(p, counts["disc"], arms, sampler, thick=False),
        "thick": _disc(p, counts["thick"], arms, sampler, thick=True),
        "bar": _bar(p, counts["bar"], arms, sampler),
        "bulge": _bulge(p, counts["bulge"], sampler),
        "halo": _halo(counts["halo"], sampler),
    }
    places["disc"] = arms.distort(places["disc"], 0.7)
    places["thick"] = arms.distort(places["thick"], 0.7)
    position = torch.cat(list(places.values()))
    radius = position[:, :2].norm(dim=1)
    scale = p["half_mass_radius"] / max(float(radius.median()), 1e-3)
    position = position * scale
    position = shapes.warp(
        position, onset=3.5 * scale, slope=0.6 * p["warp"], phase=sampler.angle()
    )
    disc = counts["disc"] + counts["thick"] + counts["bar"]
    velocity = torch.cat(
        [
            _disc_velocity(p, position[:disc], counts, scale, sampler),
            motions.spheroid_velocity(
                position[disc:],
                sampler,
                dispersion=p["velocity_dispersion"],
                rotation=p["spheroid_rotation"],
                radius=p["half_mass_radius"],
            ),
        ]
    )
    satellites, motion = _satellites(p, counts["satellite"], sampler)
    order = [*places, "satellite"]
    offsets = torch.cat([position.new_tensor([_OFFSETS[k]]).expand(counts[k], 2) for k in order])
    return OldStars(
        torch.cat([position, satellites]),
        torch.cat([velocity, motion]),
        offsets[:, 0],
        offsets[:, 1],
        scale,
    )


def _counts(p: dict[str, float], n: int) -> dict[str, int]:
    """Particles a component; they have equal masses, so these are the mass fractions."""
    counts = {"satellite": round(_satellite_fraction(p) * n)}
    rest = n - counts["satellite"]
    counts["halo"] = round(p["halo_fraction"] * rest)
    rest -= counts["halo"]
    counts["bulge"] = round(p["bulge_to_total"] * rest)
    rest -= counts["bulge"]
    counts["bar"] = round(p["bar_fraction"] * rest)
    rest -= counts["bar"]
    counts["thick"] = round(p["thick_fraction"] * rest)
    counts["disc"] = rest - counts["thick"]
    return counts


def _satellite_fraction(p: dict[str, float]) -> float:
    return 0.012 * p["satellites"]


def _disc(
    p: dict[str, float], n: int, arms: ArmPattern, sampler: Sampler, *, thick: bool
) -> Tensor:
    """Disc of unit scale length; sech^2 in height, thin or thick."""
    u = sampler.spread(n, 2)
    radius = shapes.exponential_disc_radius(
        u[:, 0], break_radius=p["disc_break"], outer_slope=p["outer_slope"]
    )
    angle = arms.apply(radius, 2 * math.pi * u[:, 1], 0.15 if thick else 0.65)
    # sech^2 of scale z0 is exponential with z0 / 2 far from the plane.
    z0 = 2.0 * p["disc_thickness"] * (2.5 if thick else 0.8)
    height = z0 * torch.atanh(sampler.uniform(n, low=-0.9995, high=0.9995))
    return shapes.cylindrical(radius, angle, height)


def _bar(p: dict[str, float], n: int, arms: ArmPattern, sampler: Sampler) -> Tensor:
    """Bar that ends where the two strongest arms begin."""
    position = p["bar_length"] * shapes.bar(
        sampler, n, axis_ratio=p["bar_axis_ratio"], flattening=0.22
    )
    _, _, winding, phase = arms.modes[0]
    turn = phase - winding * math.log(max(p["bar_length"], 0.05))
    x, y, z = position.unbind(1)
    cos, sin = math.cos(turn), math.sin(turn)
    return torch.stack([x * cos - y * sin, x * sin + y * cos, z], 1)


def _bulge(p: dict[str, float], n: int, sampler: Sampler) -> Tensor:
    """Triaxial Sersic spheroid, 1.678 x bulge_size scale lengths in effective radius."""
    position = shapes.sersic_spheroid(sampler, n, index=p["sersic_index"])
    stretch = math.sqrt(p["bulge_elongation"])
    axes = position.new_tensor([1.0 / stretch, stretch, p["bulge_flattening"]])
    return position * axes * (1.678 * p["bulge_size"])


def _halo(n: int, sampler: Sampler) -> Tensor:
    position = shapes.sersic_spheroid(sampler, n, index=3.0) * 4.0
    return position * position.new_tensor([1.0, 1.0, 0.8])


def _satellites(p: dict[str, float], n: int, sampler: Sampler) -> tuple[Tensor, Tensor]:
    """Small spheroids at 2.5 to 8 half-mass radii, of unequal mass."""
    number = max(int(p["satellites"]), 1)
    distance = p["half_mass_radius"] * sampler.uniform(number, low=2.5, high=8.0)
    direction = sampler.normal(number, 3)
    direction = direction / direction.norm(dim=1, keepdim=True).clamp(min=1e-6)
    which = (sampler.uniform(n) ** 1.5 * number).long().clamp(max=number - 1)
    size = 0.12 * p["half_mass_radius"] + 0.25
    inner = shapes.sersic_spheroid(sampler, n, index=1.3) * size
    motion = p["rotation_velocity"] * sampler.normal(number, 3) * 0.6
    position = (direction * distance[:, None])[which] + inner
    return position, motion[which] + 25.0 * sampler.normal(n, 3)


def _disc_velocity(
    p: dict[str, float], position: Tensor, counts: dict[str, int], scale: float, sampler: Sampler
) -> Tensor:
    """Radial dispersion 0.35 V at the centre, e-folding in 3 scale lengths; thick discs 1.6 x."""
    radius = position[:, :2].norm(dim=1)
    hot = torch.cat(
        [
            position.new_full((counts[k],), f)
            for k, f in (("disc", 1.0), ("thick", 1.6), ("bar", 1.8))
        ]
    )
    sigma = 0.35 * p["rotation_velocity"] * torch.exp(-radius / (3.0 * scale)) * hot + 10.0
    return motions.disc_velocity(position, p, scale, sampler, dispersion=sigma)


def make_stars(
    p: dict[str, float], n: int, old: OldStars, gas: GasCells, sampler: Sampler
) -> StarColumns:
    """Give the old stars ages, metals and masses, and add the young where the gas forms them."""
    young = _young_stars(p, n - len(old.position), gas, sampler)
    age = _ages(p, old, sampler)
    surviving = 1.0 - 0.0608 * torch.log1p(age / 0.0072)
    left = max(10.0 ** p["log_stellar_mass"] - float(young.mass.double().sum()), 0.0)
    initial = left / float(surviving.double().sum())
    stars = StarColumns(
        position=old.position,
        velocity=old.velocity,
        mass=initial * surviving,
        initial_mass=torch.full_like(age, initial),
        age=age,
        metallicity=_metals(p, old, age, young, initial * surviving, sampler),
    )
    return StarColumns.concatenate([stars, young])


def _ages(p: dict[str, float], old: OldStars, sampler: Sampler) -> Tensor:
    """Ages of the galaxy's history, the older ones to the inner stars and older components.

    The history fixes the sorted ages; a noisy score of component and radius fixes who gets which.
    """
    n = len(old.position)
    masses = histories.history(*(np.array(p[k]) for k in histories.PARAMETERS))
    edges = torch.from_numpy(histories.AGE_EDGES).float().to(sampler.device)
    formed = torch.from_numpy(masses).to(sampler.device)
    ages = shapes.sample_profile(sampler.stratified(n), edges, formed)
    radius = old.position[:, :2].norm(dim=1) / p["half_mass_radius"]
    score = old.age_offset - p["age_gradient"] * radius.clamp(0.1, 6.0).log()
    order = torch.argsort(score + sampler.normal(n))
    result = torch.empty_like(ages)
    result[order] = ages
    return result


def _metals(
    p: dict[str, float],
    old: OldStars,
    age: Tensor,
    young: StarColumns,
    mass: Tensor,
    sampler: Sampler,
) -> Tensor:
    """Metals with gradients, component offsets and enrichment in time; their sum is the drawn."""
    radius = old.position[:, :2].norm(dim=1) / p["half_mass_radius"]
    log_z = (
        old.metal_offset
        + p["stellar_gradient"] * radius.clamp(max=3.0)
        + p["stellar_log_gradient"] * torch.log10(radius.clamp(0.05, 10.0))
        - 0.025 * age
        + 0.15 * sampler.normal(len(age))
    )
    z = 10.0**log_z
    target = _mean_metallicity(p)
    total = target * 10.0 ** p["log_stellar_mass"] - float(
        (young.metallicity * young.mass).double().sum()
    )
    floor = 0.3 * target * float(mass.double().sum())
    # Again after clamping to the range of stellar models, which takes metals from the richest.
    for _ in range(3):
        z = (z * (max(total, floor) / float((z * mass).double().sum()))).clamp(2e-5, 0.1)
    return z


def _mean_metallicity(p: dict[str, float]) -> float:
    return relations.SOLAR_METALLICITY_STARS * 10.0 ** p["log_stellar_metallicity"]


def _young_stars(p: dict[str, float], n: int, gas: GasCells, sampler: Sampler) -> StarColumns:
    """Stars of the last 100 Myr, made where the gas makes them, the youngest in lighter pieces.

    Ages are drawn with density age^(-1/3) and masses make up for it. Stars drift from the gas at
    a few km/s, so that clusters dissolve. Their metals are those of the gas, but at most five times
    the mean of all stars.
    """
    u = sampler.stratified(n)
    age = histories.YOUNG_AGE * u**1.5
    initial = u.sqrt()
    initial = initial * (10.0 ** p["log_young_mass"] / float(initial.double().sum()))
    cumulative = torch.cumsum(gas.star_formation_rate.double(), 0)
    chosen = sampler.stratified(n) * cumulative[-1]
    cell = torch.searchsorted(cumulative, chosen.double()).clamp(max=len(cumulative) - 1)
    cell = cell[torch.randperm(n, generator=sampler.generator, device=sampler.device)]
    drift = 3.0 * sampler.normal(n, 3)
    # 1 km/s for 1 Gyr is 1.0227 kpc.
    position = gas.position[cell] + drift * (1.0227 * age)[:, None]
    position = position + 0.02 * sampler.normal(n, 3)
    metallicity = gas.metallicity[cell] * 10.0 ** (0.03 * sampler.normal(n))
    return StarColumns(
        position=position,
        velocity=gas.velocity[cell] + drift,
        mass=initial * (1.0 - 0.0608 * torch.log1p(age / 0.0072)),
        initial_mass=initial,
        age=age,
        metallicity=metallicity.clamp(max=min(0.1, 5.0 * _mean_metallicity(p))),
    )
