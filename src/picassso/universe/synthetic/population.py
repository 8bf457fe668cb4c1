"""SyntheticUniverse: a seeded population of galaxies, made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from picassso.core import Gas, InputError, Particles, Stars
from picassso.universe.synthetic.galaxy import make_galaxy
from picassso.universe.synthetic.parameters import draw_parameters
from picassso.universe.synthetic.shapes import Sampler

__all__ = ["SyntheticUniverse"]

WIDEST = 3.0
"""Largest factor on the scatter."""

_CHUNK = 1000
# The shape of a merging companion is that of another draw of the same universe.
_COMPANION = 1 << 40


class SyntheticUniverse:
    """Galaxies drawn from published scaling relations, as star particles and gas cells.

    Galaxy i depends on `seed` and i alone: not on the others, their number or their order.
    Positions are in the galaxy's own frame, its disc in the x-y plane and its spin along +z.

    Parameters
    ----------
    n : int
        Number of galaxies.
    seed : int
        Of the random numbers.
    device : str
        Where torch makes the particles, such as ``"cpu"`` or ``"cuda"``. The galaxies of two
        kinds of device have the same parameters but not the same particles.
    stars, gas : int
        Particles a galaxy.
    spread : float
        Factor on the scatter of every relation: 1 for galaxies as observed; more for a training
        set that is to hold those of other universes too.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    def __init__(
        self,
        n: int,
        *,
        seed: int,
        device: str = "cpu",
        stars: int = 24_000,
        gas: int = 14_000,
        spread: float = 1.0,
    ) -> None:
        for name, value, least in (
            ("n", n, 1),
            ("seed", seed, 0),
            ("stars", stars, 200),
            ("gas", gas, 200),
        ):
            if value < least:
                raise InputError(
                    f"synthetic universe: {name} is {value}; it must be at least {least}"
                )
        if not 1.0 <= spread <= WIDEST:
            raise InputError(
                f"synthetic universe: spread is {spread:g}; it must lie between 1 and {WIDEST:g}"
            )
        self.n = n
        self.seed = seed
        self.device = device
        self.stars = stars
        self.gas = gas
        self.spread = spread

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[Particles]:
        return (self[i] for i in range(self.n))

    @cached_property
    def properties(self) -> dict[str, NDArray[np.float64]]:
        """Drawn parameters of all galaxies, one array of length n each.

        ``weight`` brings sums over the population back to the numbers of Peng et al. (2010):
        weight / n is the comoving number density [Mpc^-3] that a galaxy stands for.
        """
        tables = [self._draw(range(k, min(k + _CHUNK, self.n))) for k in range(0, self.n, _CHUNK)]
        return {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}

    def __getitem__(self, index: int) -> Particles:
        i = index + self.n if index < 0 else index
        if not 0 <= i < self.n:
            raise IndexError(f"galaxy {index} of a synthetic universe of {self.n}")
        p, companion = self._parameters(i), {}
        if p["merger"]:
            companion = self._parameters(_COMPANION + i)
        sampler = self._sampler(i)
        stars, gas = make_galaxy(p, companion, stars=self.stars, gas=self.gas, sampler=sampler)
        return Particles(
            galaxy_id=self.name(i),
            source="synthetic",
            stars=Stars(**_arrays(stars)),
            gas=Gas(**_arrays(gas)),
        )

    def name(self, index: int) -> str:
        """What a galaxy is called: no two universes share a name."""
        name = f"synthetic-{self.seed}-{index}"
        return name if self.spread == 1.0 else f"{name}-spread-{self.spread:g}"

    def _draw(self, indices: Sequence[int]) -> dict[str, NDArray[np.float64]]:
        return draw_parameters(self.seed, indices, spread=self.spread)

    def _parameters(self, i: int) -> dict[str, float]:
        return {name: float(value[0]) for name, value in self._draw([i]).items()}

    def _sampler(self, i: int) -> Sampler:
        state = np.random.SeedSequence((self.seed, i, 1)).generate_state(1, np.uint64)[0]
        device = torch.device(self.device)
        generator = torch.Generator(device).manual_seed(int(state >> np.uint64(1)))
        return Sampler(generator, device)


def _arrays(columns: object) -> dict[str, NDArray[np.float32]]:
    return {name: value.float().cpu().numpy() for name, value in vars(columns).items()}
