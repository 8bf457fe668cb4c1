"""Put a synthetic galaxy together: one member, or two that are merging."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from picassso.universe.synthetic import histories, shapes
from picassso.universe.synthetic.gas import GasCells, make_gas
from picassso.universe.synthetic.shapes import ArmPattern, Sampler
from picassso.universe.synthetic.stars import StarColumns, make_old_stars, make_stars

__all__ = ["make_galaxy"]

Parameters = dict[str, float]


def make_galaxy(
    p: Parameters, companion: Parameters, *, stars: int, gas: int, sampler: Sampler
) -> tuple[StarColumns, GasCells]:
    """Star particles and gas cells of a galaxy.

    Parameters
    ----------
    p : dict
        Parameters of the galaxy, as drawn by `draw_parameters`.
    companion : dict
        Parameters whose shape the second galaxy of a merger takes.
    stars, gas : int
        Numbers of particles.
    sampler : Sampler
        Random numbers.
    """
    if not p["merger"]:
        return _member(p, stars=stars, gas=gas, sampler=sampler)
    share = p["companion_fraction"]
    first = _part(p, p, 1.0 - share)
    second = _part(companion, p, share)
    n_stars, n_gas = round(share * stars), round(share * gas)
    a = _member(first, stars=stars - n_stars, gas=gas - n_gas, sampler=sampler, tails=True)
    b = _member(second, stars=n_stars, gas=n_gas, sampler=sampler, tails=True)
    _place(b, first, sampler)
    return StarColumns.concatenate([a[0], b[0]]), GasCells.concatenate([a[1], b[1]])


def _part(shape: Parameters, whole: Parameters, share: float) -> Parameters:
    """Parameters of a merging member: its own structure, its share of everything additive."""
    part = dict(shape)
    for name in whole:
        if name.startswith("log_") and name.endswith("_mass"):
            part[name] = whole[name] + math.log10(share)
    part["log_sfr"] = whole["log_sfr"] + math.log10(share)
    for name in ("half_mass_radius", "atomic_radius", "hot_core"):
        part[name] = whole[name] * math.sqrt(share)
    for name in ("log_stellar_metallicity", "oxygen_abundance", *histories.PARAMETERS):
        part[name] = whole[name]
    part["half_mass_radius"] *= 0.8
    part["halo_radius"] = whole["halo_radius"]
    part["rotation_velocity"] = whole["rotation_velocity"] * share**0.27
    part["tail_strength"] = whole["tail_strength"]
    part["satellites"] = 0.0
    return part


def _member(
    p: Parameters, *, stars: int, gas: int, sampler: Sampler, tails: bool = False
) -> tuple[StarColumns, GasCells]:
    """One galaxy in its own frame, with or without tidal tails."""
    specific_rate = p["log_sfr"] - p["log_stellar_mass"]
    young = round(stars * min(max(0.35 + 0.15 * (specific_rate + 10.5), 0.06), 0.40))
    arms = ArmPattern.draw(p, sampler)
    old = make_old_stars(p, stars - young, arms, sampler)
    cells = make_gas(p, gas, arms, old.scale, sampler)
    columns = make_stars(p, stars, old, cells, sampler)
    if tails:
        phase = sampler.angle()
        for part in (columns, cells):
            part.position = shapes.tidal_tails(
                part.position, scale=1.3 * old.scale, strength=p["tail_strength"], phase=phase
            )
    return columns, cells


def _place(member: tuple[StarColumns, GasCells], first: Parameters, sampler: Sampler) -> None:
    """Turn the second galaxy at random and put it beside the first, on a bound orbit."""
    turn = _random_rotation(sampler)
    distance = first["companion_distance"] * first["half_mass_radius"]
    angle = sampler.angle()
    offset = turn.new_tensor(
        [distance * math.cos(angle), distance * math.sin(angle), 0.3 * distance]
    )
    motion = first["rotation_velocity"] * turn.new_tensor([-math.sin(angle), math.cos(angle), 0.1])
    for part in member:
        part.position = part.position @ turn.T + offset
        part.velocity = part.velocity @ turn.T + motion


def _random_rotation(sampler: Sampler) -> Tensor:
    q, r = torch.linalg.qr(sampler.normal(3, 3))
    q = q * torch.sign(torch.diagonal(r))
    return q * torch.sign(torch.linalg.det(q))
