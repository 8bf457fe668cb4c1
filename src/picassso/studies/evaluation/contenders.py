"""Which classical methods a network is compared with on a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from picassso.analysis.baselines import (
    RELATIONS,
    TRAINING_VIEWS,
    Baseline,
    MassToLight,
    RefitForm,
    Relation,
    SedGridFit,
    refit_together,
)
from picassso.archive import DatasetStore
from picassso.core import PicasssoError

__all__ = ["Contenders", "contenders"]

_COLOURS = (("g", "i"), ("g", "r"))
"""Of a relation that stands for its paper, and of a refitted one: the first that a store has. The
longer lever comes first: its relations scatter least (Taylor et al. 2011, section 4)."""


@dataclass(frozen=True, slots=True)
class Contenders:
    """Classical methods for a store.

    Parameters
    ----------
    baselines : tuple of Baseline
        Those that paint its images.
    left_out : tuple of (str, str)
        Name of each other one, and why it cannot.
    """

    baselines: tuple[Baseline, ...]
    left_out: tuple[tuple[str, str], ...]


def contenders(store: DatasetStore, *, limit: int = TRAINING_VIEWS, seed: int = 0) -> Contenders:
    """The classical methods that can paint the images of a store.

    One relation of each paper, per pixel and per galaxy; relations of one colour and of all colours
    refitted to the training split, per pixel and per galaxy; the best fit and the posterior of the
    grid of populations. Each has been tried on the nearest and the farthest galaxy of the store.

    Parameters
    ----------
    store : DatasetStore
        Finished.
    limit : int
        Views of the training split that relations are refitted to, at most; a quarter as many of
        the validation split calibrate them.
    seed : int
        Of the noise on them.

    Returns
    -------
    Contenders

    Raises
    ------
    InputError
        If the store is unfinished or damaged.
    """
    store.table  # noqa: B018 - an unfinished store is no reason to leave a method out
    found: list[Baseline] = []
    left_out: list[tuple[str, str]] = []
    for name, make in _candidates(store, limit=limit, seed=seed):
        try:
            baseline = make()
            _try(baseline, store, seed=seed)
        except PicasssoError as error:
            left_out.append((name, str(error)))
        else:
            found.append(baseline)
    return Contenders(tuple(found), tuple(left_out))


def _candidates(
    store: DatasetStore, *, limit: int, seed: int
) -> Iterator[tuple[str, Callable[[], Baseline]]]:
    """Name of each method, and what makes it."""
    for relation in _one_a_paper(store.bands):
        for per in ("pixel", "galaxy"):
            published = partial(MassToLight, relation, per)
            yield published().name, published
    yield from _refits(store, limit=limit, seed=seed)
    for posterior in (False, True):
        fit = partial(SedGridFit, posterior=posterior)
        yield fit().name, fit


def _refits(
    store: DatasetStore, *, limit: int, seed: int
) -> Iterator[tuple[str, Callable[[], Baseline]]]:
    """Refitted relations, from one reading of the store where all can be fitted."""
    colour = next((c for c in _COLOURS if set(c) <= set(store.bands)), _COLOURS[0])
    forms = [
        RefitForm(colour[1], bands, quadratic, per)
        for quadratic, bands in ((False, colour), (True, store.bands))
        for per in ("pixel", "galaxy")
    ]

    def alone(form: RefitForm) -> Baseline:
        return refit_together(store, [form], limit=limit, seed=seed)[0]

    try:
        together = refit_together(store, forms, limit=limit, seed=seed)
    except PicasssoError:
        # One that cannot be fitted takes no other with it.
        yield from ((form.name, partial(alone, form)) for form in forms)
    else:
        found = dict(zip(forms, together, strict=True))
        yield from ((form.name, partial(found.__getitem__, form)) for form in forms)


def _one_a_paper(bands: tuple[str, ...]) -> list[Relation]:
    """One relation of each paper, from colour to the light of its red band: see `_COLOURS`."""
    chosen: dict[str, Relation] = {}
    for relation in RELATIONS.values():
        if relation.colour not in _COLOURS or relation.band != relation.colour[1]:
            continue
        best = chosen.setdefault(relation.source, relation)
        if _rank(relation, bands) < _rank(best, bands):
            chosen[relation.source] = relation
    return list(chosen.values())


def _rank(relation: Relation, bands: tuple[str, ...]) -> tuple[bool, int]:
    """Relations that the bands suffice for come first, then those of the longer lever."""
    return not set(relation.colour) <= set(bands), _COLOURS.index(relation.colour)


def _try(baseline: Baseline, store: DatasetStore, *, seed: int) -> None:
    """Paint the nearest and the farthest galaxy: bands, noise, redshifts and extras do."""
    redshift = np.where(store.table["failure"] == "", store.table["redshift"], np.nan)
    for row in {int(np.nanargmin(redshift)), int(np.nanargmax(redshift))}:
        baseline.paint(store.observed(row, np.random.default_rng([seed, row])))
