"""Whom to observe: galaxies ranked by the probability of what a user looks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.analysis.spectra.conditions import Condition
from picassso.analysis.spectra.expressions import CLASS
from picassso.analysis.spectra.indices import measure
from picassso.analysis.spectra.ratios import classify_spectra
from picassso.core import InputError

__all__ = [
    "Ranking",
    "Reliability",
    "condition_samples",
    "rank_targets",
    "realised",
    "reliability",
]


_ROUNDING = 1e-12
"""Of a running mean."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Galaxies by falling probability, and what to expect of the first k of them.

    Parameters
    ----------
    order : (n,) int array
        Rows of the catalogue, the most probable first, after them those that are not trusted;
        equals keep their order, those of unknown probability come last and count as 0.
    probability : (n,) array
        In that order.
    purity : (n,) array
        Expected part of the first k that fulfils the condition, k = 1 ... n.
    purity_error : (n,) array
        Standard deviation of that part, if the probabilities are right and the galaxies
        independent.
    completeness : (n,) array
        Expected number among the first k over that in the whole catalogue; NaN if that is 0.
    """

    order: NDArray[np.intp]
    probability: NDArray[np.float64]
    purity: NDArray[np.float64]
    purity_error: NDArray[np.float64]
    completeness: NDArray[np.float64]

    def choose(self, *, purity: float | None = None, number: int | None = None) -> NDArray[np.intp]:
        """Rows of the catalogue to observe.

        Parameters
        ----------
        purity : float, optional
            As many from the top as keep this expected purity or more.
        number : int, optional
            This many, or all there are.

        Raises
        ------
        InputError
            Unless one of them is given, or if it makes no sense.
        """
        if number is not None and purity is None:
            if number < 0:
                raise InputError(f"number of targets is {number}, expected 0 or more")
            return self.order[:number]
        if purity is None or number is not None:
            raise InputError("choose targets by a purity or by a number, one of the two")
        if not 0 <= purity <= 1:
            raise InputError(f"purity is {purity}, expected from 0 to 1")
        # It may rise again where those that are not trusted begin.
        below = np.flatnonzero(self.purity < purity - _ROUNDING)
        return self.order[: below[0]] if below.size else self.order


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often what is given a probability comes true, in bins of that probability.

    Parameters
    ----------
    low, high : (B,) array
        Ends of the bins; the last holds 1.
    count : (B,) int array
        Galaxies' rows in each.
    claimed : (B,) array
        Mean probability; NaN in an empty bin.
    happened : (B,) array
        Part that is true; NaN in an empty bin.
    error : (B,) array
        Standard deviation to expect of `happened` about `claimed` if the probabilities are right;
        rows of one galaxy are taken to come true together, which bounds it from above.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.intp]
    claimed: NDArray[np.float64]
    happened: NDArray[np.float64]
    error: NDArray[np.float64]


def condition_samples(
    condition: Condition,
    wavelength: ArrayLike,
    flux: ArrayLike,
    *,
    stars: ArrayLike | None = None,
) -> dict[str, NDArray]:
    """What a condition needs, measured on spectra, by name.

    Parameters
    ----------
    condition : Condition
        Of quantities in `INDICES`, and of the class.
    wavelength : (L,) array
        Angstrom, in vacuum, at rest.
    flux : (..., L) array
        1e-17 erg s^-1 cm^-2 Angstrom^-1; usually (N, S, L) samples.
    stars : (..., L) array, optional
        Light of the stars by a model, in the unit of `flux`.
    """
    names = [name for name in condition.names if name != CLASS]
    samples: dict[str, NDArray] = dict(measure(wavelength, flux, names, stars=stars))
    if CLASS in condition.names:
        samples[CLASS] = classify_spectra(wavelength, flux, stars=stars)
    return samples


def rank_targets(probability: ArrayLike, *, trusted: ArrayLike | None = None) -> Ranking:
    """Rank a catalogue.

    Parameters
    ----------
    probability : (n,) array
        That each galaxy fulfils the condition; NaN where not known.
    trusted : (n,) bool array, optional
        False for galaxies that come after all others, whatever their probability.

    Raises
    ------
    InputError
        If a probability lies outside 0 to 1, or `trusted` is of another shape.
    """
    p = _probabilities(probability)
    order = np.argsort(-p, kind="stable")
    if trusted is not None:
        behind = ~np.asarray(trusted, dtype=bool)
        if behind.shape != p.shape:
            raise InputError(f"trusted has shape {behind.shape}, expected {p.shape}")
        order = order[np.argsort(behind[order], kind="stable")]
    # Known zeros stand before what is not known.
    order = np.concatenate([order[~np.isnan(p[order])], order[np.isnan(p[order])]])
    p = np.nan_to_num(p[order], nan=0.0)
    depth, expected = np.arange(1, p.size + 1), np.cumsum(p)
    total = expected[-1] if p.size else 0.0
    return Ranking(
        order,
        p,
        expected / depth,
        np.sqrt(np.cumsum(p * (1.0 - p))) / depth,
        expected / total if total > 0 else np.full(p.size, np.nan),
    )


def realised(ranking: Ranking, true: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Purity and completeness of the first k of a ranking, k = 1 ... n, as they turned out.

    Parameters
    ----------
    ranking : Ranking
        Of n galaxies.
    true : (n,) bool array
        Whether each row of the catalogue fulfils the condition.

    Returns
    -------
    purity, completeness : (n,) array
        Completeness is NaN if none does.
    """
    found = np.asarray(true)
    if found.shape != ranking.order.shape or found.dtype != np.bool_:
        raise InputError(
            f"truth is {found.dtype} of shape {found.shape}, expected bool of shape "
            f"{ranking.order.shape}"
        )
    number = np.cumsum(found[ranking.order]).astype(np.float64)
    total = number[-1] if number.size else 0.0
    completeness = number / total if total > 0 else np.full(number.size, np.nan)
    return number / np.arange(1, number.size + 1), completeness


def reliability(
    probability: ArrayLike, true: ArrayLike, *, galaxy_id: ArrayLike, bins: int = 10
) -> Reliability:
    """Whether probabilities come true as often as they say: Murphy & Winkler 1977.

    (J. R. Stat. Soc. C 26, 41.)

    Parameters
    ----------
    probability : (n,) array
        NaN is left out.
    true : (n,) bool array
        What came true.
    galaxy_id : (n,) array
        Whom each row shows.
    bins : int
        Of equal width between 0 and 1.
    """
    p, found = _probabilities(probability), np.asarray(true)
    ids = np.asarray(galaxy_id)
    if not p.shape == found.shape == ids.shape or found.dtype != np.bool_:
        raise InputError(
            f"probabilities have shape {p.shape}, truth is {found.dtype} of shape {found.shape} "
            f"and galaxy_id of shape {ids.shape}, expected one shape and bool"
        )
    known = ~np.isnan(p)
    p, found, ids = p[known], found[known], ids[known]
    edges = np.linspace(0.0, 1.0, bins + 1)
    number = np.minimum(np.searchsorted(edges, p, side="right") - 1, bins - 1)
    count = np.bincount(number, minlength=bins)
    some = np.where(count > 0, count, np.nan)
    claimed = np.bincount(number, weights=p, minlength=bins) / some
    happened = np.bincount(number, weights=found, minlength=bins) / some
    # One standard deviation of each row's galaxy, all its rows in the bin together.
    _, galaxy = np.unique(
        np.stack([number, np.unique(ids, return_inverse=True)[1]]), axis=1, return_inverse=True
    )
    galaxy = galaxy.ravel()
    spread = np.bincount(galaxy, weights=np.sqrt(p * (1.0 - p)))
    bin_of = np.zeros(spread.size, dtype=np.intp)
    bin_of[galaxy] = number
    error = np.sqrt(np.bincount(bin_of, weights=spread**2, minlength=bins)) / some
    return Reliability(edges[:-1], edges[1:], count, claimed, happened, error)


def _probabilities(values: ArrayLike) -> NDArray[np.float64]:
    """(n,) probabilities."""
    p = np.asarray(values, dtype=np.float64)
    if p.ndim != 1 or ((p < 0) | (p > 1)).any():
        raise InputError(
            f"probabilities have shape {p.shape} and lie from {np.min(p, initial=0):g} to "
            f"{np.max(p, initial=0):g}, expected (n,) from 0 to 1"
        )
    return p
