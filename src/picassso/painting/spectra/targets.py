"""A catalogue of galaxies ranked by the probability of a condition on their spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import CLASSIFIED, Condition, Ranking, classify, rank_targets
from picassso.analysis.spectra.expressions import CLASS
from picassso.analysis.spectra.measured import MEASURED, MEASURED_UNITS
from picassso.core import InputError, PicasssoError
from picassso.painting.spectra.candidates import UNSEEN_SPLIT, candidates_of, is_store
from picassso.painting.spectra.predicted import PredictedSpectrum
from picassso.painting.spectra.stamp import REDSHIFT_ASSUMED

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = [
    "Candidate",
    "Targets",
    "find_targets",
    "is_trusted",
    "judge",
    "parse_condition",
    "refuse_other_weights",
    "shared_provenance",
]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A galaxy of a catalogue, judged by a condition.

    Parameters
    ----------
    galaxy_id : str
        Name of the galaxy.
    view : int
        Number of the camera (0 for a real image).
    sky : (float, float) or None
        Right ascension and declination of the fibre [deg, ICRS].
    redshift : float
        Of the galaxy.
    probability : float
        That the condition holds.
    quantiles : mapping of str to (3,) array
        16%, 50% and 84% of what the condition asks for, by name.
    flags : tuple of str
        Of the predicted spectrum.
    provenance : mapping of str to str
        Of the predicted spectrum.
    """

    galaxy_id: str
    view: int
    sky: tuple[float, float] | None
    redshift: float
    probability: float
    quantiles: dict[str, NDArray[np.float32]]
    flags: tuple[str, ...]
    provenance: Mapping[str, str]

    @property
    def trusted(self) -> bool:
        """Whether its redshift is known, and its image one of those the network was trained on."""
        return is_trusted(self.flags)


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """A ranked catalogue.

    Parameters
    ----------
    table : Table
        A row a galaxy, the most probable first, those that are not trusted last: its place,
        probability, and the expected purity and completeness of the list down to it; in its
        metadata condition and weights.
    ranking : Ranking
        The same as arrays.
    failures : tuple of str
        What was wrong with galaxies that are not in it.
    """

    table: Table
    ranking: Ranking
    failures: tuple[str, ...]


def parse_condition(text: str) -> Condition:
    """Condition on what is measured on every predicted spectrum, and on its class.

    Raises
    ------
    InputError
        Saying where the text cannot be read, or which names there are.
    """
    return Condition.parse(text, units=dict(zip(MEASURED, MEASURED_UNITS, strict=True)))


def is_trusted(flags: Sequence[str]) -> bool:
    """Whether a prediction of these flags deserves its probabilities."""
    return not {"outside_training_range", REDSHIFT_ASSUMED} & set(flags)


def judge(predicted: PredictedSpectrum, condition: Condition) -> Candidate:
    """Probability that a condition holds: the share of samples that fulfil it.

    Raises
    ------
    InputError
        If the prediction has no samples, or not of what the condition asks for.
    """
    if not len(predicted.index_samples):
        raise InputError(
            f"{predicted.galaxy_id}: its samples were not saved; predict it again with "
            "--save-samples"
        )
    samples = dict(zip(predicted.index_names, predicted.index_samples.T, strict=True))
    if CLASS in condition.names:
        samples[CLASS] = classify(*(samples[n] for n in CLASSIFIED))
    return Candidate(
        galaxy_id=predicted.galaxy_id,
        view=predicted.view,
        sky=predicted.sky,
        redshift=predicted.redshift,
        probability=float(condition.probability(samples)),
        quantiles={n: predicted.index(n)[1:4] for n in condition.names if n != CLASS},
        flags=predicted.flags,
        provenance=predicted.provenance,
    )


def find_targets(
    things: Sequence[str | Path],
    condition: str,
    *,
    options: Mapping[str, Any] | None = None,
    weights: str | Path | None = None,
    samples: int | None = None,
    seed: int | None = None,
    split: str | None = None,
) -> Targets:
    """Rank galaxies by the probability that their spectra fulfil a condition.

    Parameters
    ----------
    things : sequence of path
        Images; or predicted spectra with samples, or folders of them; or a data set.
    condition : str
        Such as ``EW(Halpha) > 30 A`` or ``class == 'Seyfert' and D4000 < 1.6``; see
        `picassso.analysis.spectra.Condition`.
    options : mapping, optional
        Of `picassso.archive.fits.read_image`, for images; default: those of SDSS.
    weights : path, optional
        For images and data sets; default: those shipped for their bands.
    samples, seed : int, optional
        Draws from each posterior, and their seed, for images and data sets; default: 256 and 0.
    split : str, optional
        Of a data set: ``"train"``, ``"validation"``, ``"test"`` or ``"all"``; default: ``"test"``,
        whose galaxies no network trained on it has seen.

    Raises
    ------
    InputError
        If the condition cannot be read, no galaxy can be ranked, something is given that does not
        apply, or spectra were predicted by different weights.
    """
    wanted = parse_condition(condition)
    found = candidates_of(
        things,
        options={"survey": "sdss", **(options or {})},
        weights=weights,
        samples=samples,
        seed=seed,
        split=split,
    )
    good: list[Candidate] = []
    failures: list[str] = []
    for one in found:
        try:
            if isinstance(one, PicasssoError):
                raise one
            good.append(judge(one, wanted))
        except PicasssoError as error:
            failures.append(str(error))
    if not good:
        raise InputError(failures[0] if failures else "there is no galaxy to rank")
    refuse_other_weights(good)
    ranking = rank_targets([c.probability for c in good], trusted=[c.trusted for c in good])
    table = _table([good[k] for k in ranking.order], ranking)
    table.meta |= {
        "condition": str(wanted),
        **shared_provenance(good),
    }
    if is_store(things[0]):
        table.meta["split"] = split or UNSEEN_SPLIT
    return Targets(table, ranking, tuple(failures))


_WEIGHTS = ("weights_fingerprint", "decoder_fingerprint")
_SHARED = ("weights", *_WEIGHTS, "version", "samples", "seed")


def refuse_other_weights(candidates: Sequence[Candidate | PredictedSpectrum]) -> None:
    """Raise InputError if not all are of the same networks: they have no common rank."""
    first = candidates[0]
    for other in candidates[1:]:
        if any(other.provenance.get(k) != first.provenance.get(k) for k in _WEIGHTS):
            names = [
                f"{c.galaxy_id} by {c.provenance.get('weights')} "
                f"({c.provenance.get('weights_fingerprint')})"
                for c in (first, other)
            ]
            raise InputError(
                f"spectra were predicted by different weights, {' and '.join(names)}; rank those "
                "of one network, or predict them again"
            )


def shared_provenance(candidates: Sequence[Candidate | PredictedSpectrum]) -> dict[str, str]:
    """Entries of the provenance that are the same for all galaxies of a catalogue."""
    values = {k: {c.provenance.get(k) for c in candidates} for k in _SHARED}
    return {k: v for k, found in values.items() if len(found) == 1 and (v := found.pop())}


def _table(ranked: Sequence[Candidate], ranking: Ranking) -> Table:
    """A row a candidate, with what to expect of the list down to it."""
    from astropy.table import Table

    table = Table()
    table["rank"] = np.arange(1, len(ranked) + 1)
    table["galaxy_id"] = [c.galaxy_id for c in ranked]
    table["view"] = [c.view for c in ranked]
    for k, name in enumerate(("ra", "dec")):
        table[name] = [np.nan if c.sky is None else c.sky[k] for c in ranked]
        table[name].unit = "deg"
    table["redshift"] = [c.redshift for c in ranked]
    table["probability"] = ranking.probability
    table["purity"] = ranking.purity
    table["purity_error"] = ranking.purity_error
    table["completeness"] = ranking.completeness
    units = dict(zip(MEASURED, MEASURED_UNITS, strict=True))
    for name in ranked[0].quantiles:
        for k, quantile in enumerate(("p16", "p50", "p84")):
            table[f"{name}_{quantile}"] = [float(c.quantiles[name][k]) for c in ranked]
            table[f"{name}_{quantile}"].unit = units[name] or None
    table["trusted"] = [c.trusted for c in ranked]
    table["flags"] = [",".join(c.flags) for c in ranked]
    return table
