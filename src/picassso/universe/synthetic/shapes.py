"""Positions of particles: discs, spheroids, bars, arms, warps and tails, in torch.

Lengths are in kpc, or in the unit of the scale that is passed. The disc lies in the x-y plane and
turns anticlockwise, so that trailing arms wind clockwise outwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = [
    "ArmPattern",
    "Sampler",
    "bar",
    "cylindrical",
    "exponential_disc_radius",
    "sample_profile",
    "sersic_spheroid",
    "tidal_tails",
    "warp",
]


@dataclass(frozen=True)
class Sampler:
    """Random numbers of one galaxy on one device."""

    generator: torch.Generator
    device: torch.device

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        value = torch.rand(shape, generator=self.generator, device=self.device)
        return value * (high - low) + low

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device)

    def stratified(self, n: int) -> Tensor:
        """Uniform deviates, one in each n-th of (0, 1), in ascending order."""
        steps = torch.arange(n, device=self.device, dtype=torch.float32)
        return ((steps + self.uniform(n)) / n).clamp(1e-6, 1 - 1e-6)

    def spread(self, n: int, dimensions: int) -> Tensor:
        """Quasi-random points in the unit cube, shape (n, dimensions).

        A scrambled Sobol sequence (Owen 1998), in random order: a galaxy of few particles is then
        as smooth as one of many, and no lattice shows.
        """
        seed = int(torch.randint(2**31, (1,), generator=self.generator, device=self.device))
        engine = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=seed)
        points = engine.draw(max(n, 1))[:n].to(self.device).clamp(1e-6, 1 - 1e-6)
        return points[torch.randperm(n, generator=self.generator, device=self.device)]

    def angle(self) -> float:
        return float(self.uniform(1, high=2 * math.pi))


def exponential_disc_radius(u: Tensor, *, break_radius: float, outer_slope: float) -> Tensor:
    """Radii, from uniform deviates, of an exponential disc of unit scale that breaks.

    Beyond the break the scale length is `outer_slope`: breaks of types II and III of Pohlen &
    Trujillo (2006, A&A 454, 759).
    """
    edges = torch.linspace(0.0, 14.0, 701, device=u.device)
    middle = 0.5 * (edges[1:] + edges[:-1])
    radius = sample_profile(u, edges, middle * torch.exp(-middle))
    outside = (radius - break_radius).clamp(min=0.0)
    return torch.minimum(radius, radius.new_tensor(break_radius)) + outer_slope * outside


def sample_profile(u: Tensor, radius: Tensor, mass: Tensor) -> Tensor:
    """Radii whose mass per grid interval is `mass`, by inverting the cumulative sum.

    Parameters
    ----------
    u : (N,) tensor
        Uniform deviates.
    radius : (K + 1,) tensor
        Edges of the intervals.
    mass : (K,) tensor
        Relative mass in each.
    """
    cumulative = torch.cumsum(mass.double(), 0)
    cumulative = (cumulative / cumulative[-1]).float()
    k = torch.searchsorted(cumulative, u.contiguous()).clamp(max=len(mass) - 1)
    zero = cumulative.new_zeros(1)
    below = torch.cat([zero, cumulative])[k]
    inside = (u - below) / (cumulative[k] - below).clamp(min=1e-12)
    return radius[k] + inside.clamp(0, 1) * (radius[k + 1] - radius[k])


def sersic_spheroid(sampler: Sampler, n: int, *, index: float) -> Tensor:
    """Isotropic positions whose projection is a Sersic profile of unit effective radius.

    Deprojection of Prugniel & Simien (1997, A&A 321, 111): rho ~ r^-p exp(-b r^(1/index)) with
    p = 1 - 0.6097 / index + 0.05563 / index^2 (Lima Neto et al. 1999) and b from Ciotti & Bertin
    (1999); cut at 15 effective radii.
    """
    b = 2.0 * index - 1.0 / 3.0 + 0.009876 / index
    p = 1.0 - 0.6097 / index + 0.05563 / index**2
    edges = torch.logspace(-3.0, math.log10(15.0), 257, device=sampler.device)
    middle = (edges[1:] * edges[:-1]).sqrt()
    mass = middle ** (3.0 - p) * torch.exp(-b * middle ** (1.0 / index))
    u = sampler.spread(n, 3)
    r = sample_profile(u[:, 0], edges, mass)
    height = 2.0 * u[:, 1] - 1.0
    return cylindrical(r * (1.0 - height**2).sqrt(), 2 * math.pi * u[:, 2], r * height)


def bar(sampler: Sampler, n: int, *, axis_ratio: float, flattening: float) -> Tensor:
    """A bar of unit half-length along x: a flat core that ends sharply, boxy in projection."""
    x = sampler.uniform(n, low=-1.0).sign() * sampler.uniform(n) ** 1.2
    x = x + 0.08 * sampler.normal(n)
    taper = (1.0 - 0.45 * x.abs().clamp(max=1.2)).clamp(min=0.2)
    y = 0.5 * axis_ratio * taper * sampler.normal(n)
    z = 0.5 * flattening * taper * sampler.normal(n)
    return torch.stack([x, y, z], 1)


def cylindrical(radius: Tensor, angle: Tensor, height: Tensor) -> Tensor:
    """Cartesian positions, shape (N, 3)."""
    return torch.stack([radius * angle.cos(), radius * angle.sin(), height], 1)


@dataclass(frozen=True)
class ArmPattern:
    """Azimuthal structure of a disc: spiral arms, flocculent pieces and lopsidedness.

    Each mode moves particles in azimuth only, theta - (A / m) sin(m (theta - psi(R))), so that the
    radial profile stays as it is; the density along the arm is then 1 / (1 - A) of the mean.

    Parameters
    ----------
    modes : tuple of (m, amplitude, winding, phase)
        psi(R) = phase - winding x ln R; trailing for positive winding = 1 / tan(pitch).
    inner : float
        Radius inside which the arms fade away, in disc scale lengths.
    lopsided : tuple of (amplitude per scale length, phase)
        The m = 1 mode, growing outwards.
    knots : tuple of (x, y, width, amplitude, direction)
        Places that draw the disc together (or thin it out, for negative amplitude) and make a
        galaxy irregular; in disc scale lengths. `direction` is that along which each acts most.
    """

    modes: tuple[tuple[float, float, float, float], ...]
    inner: float
    lopsided: tuple[float, float]
    knots: tuple[tuple[float, float, float, float, float], ...]

    @classmethod
    def draw(cls, p: dict[str, float], sampler: Sampler) -> ArmPattern:
        """Pattern of a galaxy with parameters `p`."""

        def u() -> float:
            return float(sampler.uniform(1))

        winding = 1.0 / math.tan(p["pitch"])
        phase = sampler.angle()
        arms, strength, patchy = p["arms"], p["arm_strength"], p["flocculence"]
        grand = strength * (1.0 - 0.7 * patchy)
        modes = [(arms, grand, winding, phase), (2 * arms, 0.5 * grand, winding, phase)]
        for _ in range(5):
            m = math.floor(2 + 7 * u())
            amplitude = strength * (0.06 + 0.6 * patchy) * (0.4 + 0.6 * u())
            modes.append((m, amplitude, winding * (0.6 + 0.8 * u()), sampler.angle()))
        inner = max(0.35, p["bar_length"] if p["bar_fraction"] else 0.0)
        knots = []
        for _ in range(9 if p["irregularity"] else 0):
            radius, place = 0.3 + 2.2 * u(), sampler.angle()
            # An amplitude below 1 cannot fold the disc over itself.
            amplitude = 0.9 * p["irregularity"] * (1.9 * u() - 0.9)
            width = (0.3 + 0.7 * u()) * (0.6 + 0.4 * radius)
            knots.append(
                (
                    radius * math.cos(place),
                    radius * math.sin(place),
                    width,
                    amplitude,
                    sampler.angle(),
                )
            )
        lopsided = (0.35 * p["lopsidedness"], sampler.angle())
        return cls(tuple(modes), inner, lopsided, tuple(knots))

    def apply(self, radius: Tensor, angle: Tensor, contrast: float) -> Tensor:
        """Azimuths with the arms in them; `radius` in disc scale lengths."""
        log_radius = radius.clamp(min=0.05).log()
        fade = torch.sigmoid((radius - self.inner) / (0.15 * self.inner + 0.03))
        for m, amplitude, winding, phase in self.modes:
            strength = (amplitude * contrast * fade).clamp(max=0.92)
            angle = angle - strength / m * torch.sin(m * (angle + winding * log_radius - phase))
        slope, phase = self.lopsided
        return angle - (slope * radius).clamp(max=0.6) * torch.sin(angle - phase)

    def distort(self, position: Tensor, strength: float) -> Tensor:
        """Gather particles in the plane around some knots, as in irregular galaxies.

        A knot at distance d moves particles by -A d exp(-d^2 / 2 w^2), fully along its direction
        and by 0.4 of that across it: clumps and short filaments, and gaps where A is negative.
        Positions are in disc scale lengths.
        """
        x, y, z = position.unbind(1)
        for x0, y0, width, amplitude, direction in self.knots:
            cos, sin = math.cos(direction), math.sin(direction)
            dx, dy = x - x0, y - y0
            pull = strength * amplitude * torch.exp(-0.5 * (dx * dx + dy * dy) / width**2)
            along = dx * cos + dy * sin
            x = x - pull * (0.4 * dx + 0.6 * along * cos)
            y = y - pull * (0.4 * dy + 0.6 * along * sin)
        return torch.stack([x, y, z], 1)


def warp(position: Tensor, *, onset: float, slope: float, phase: float) -> Tensor:
    """Bend the disc beyond `onset` by `slope` kpc per kpc, up on one side and down on the other."""
    radius = position[:, :2].norm(dim=1)
    side = torch.sin(torch.atan2(position[:, 1], position[:, 0]) - phase)
    lift = slope * (radius - onset).clamp(min=0.0) * side
    return torch.stack([position[:, 0], position[:, 1], position[:, 2] + lift], 1)


def tidal_tails(position: Tensor, *, scale: float, strength: float, phase: float) -> Tensor:
    """Draw the outer disc out into two opposite tails (a bridge and a tail).

    Particles beyond 1.5 `scale` near two opposite azimuths are moved outwards, and trail behind
    by an angle that grows with the distance, as in the encounters of Toomre & Toomre (1972).
    """
    x, y, z = position.unbind(1)
    radius = (x * x + y * y).sqrt().clamp(min=1e-6)
    angle = torch.atan2(y, x)
    lobe = torch.exp(2.5 * (torch.cos(2.0 * (angle - phase)) - 1.0))
    pulled = (radius / scale - 1.3).clamp(0.0, 4.0) * lobe * strength
    stretched = radius * (1.0 + pulled)
    angle = angle - 0.8 * torch.log1p(pulled)
    lift = 0.12 * scale * pulled * torch.sin(angle + 0.7)
    return cylindrical(stretched, angle, z + lift)
