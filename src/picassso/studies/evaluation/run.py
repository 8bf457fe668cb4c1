"""Evaluate weights on a data set: paint galaxies that they never saw, and compare."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    BinnedResiduals,
    Ellipse,
    PixelResiduals,
    Prediction,
    ResidualStatistics,
    aperture_total,
    binned_residuals,
    half_mass_ellipse,
    residual_table,
)
from picassso.archive import DatasetStore
from picassso.core import InputError, Maps, output_folder
from picassso.studies.evaluation.files import write_evaluation
from picassso.studies.evaluation.quantities import QUANTITIES, measure_quantities, signal_to_noise_band
from picassso.studies.evaluation.tables import print_table

__all__ = ["APERTURE_RADII", "Evaluation", "evaluate"]

APERTURE_RADII = 2.0
"""Semi-major axis of the aperture in projected half-mass radii (Buck & Wolf 2021)."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    rows : tuple of ResidualStatistics
        Of totals, then of pixels, a row a property each.
    bins : tuple of BinnedResiduals
        Of totals, in bins of each quantity of `picassso.studies.evaluation.quantities`.
    true : mapping of str to (N,) array
        True totals of every view.
    predicted : mapping of str to Prediction
        Predicted ones, (N,) each.
    galaxy_id : (N,) array of str
        Whom each view shows.
    signal_to_noise : (N,) array
        Of the flux summed over the aperture.
    whole_frame : (N,) bool array
        Where the aperture did not fit into the frame, which was summed instead.
    about : mapping
        Weights, store, split and seed.
    """

    rows: tuple[ResidualStatistics, ...]
    bins: tuple[BinnedResiduals, ...]
    true: Mapping[str, NDArray[np.float64]]
    predicted: Mapping[str, Prediction]
    galaxy_id: NDArray[np.str_]
    signal_to_noise: NDArray[np.float64]
    whole_frame: NDArray[np.bool_]
    about: Mapping[str, Any]


def evaluate(
    weights: str | os.PathLike[str] | None,
    store: str | os.PathLike[str] | DatasetStore,
    *,
    output: str | os.PathLike[str],
    split: str = "test",
    seed: int = 0,
    limit: int | None = None,
    progress: bool = True,
) -> Evaluation:
    """Paint every view of a split and compare totals and pixels with the truth.

    Totals are sums inside the ellipse of two half-mass radii of the *true* stellar mass, or over
    the frame where that ellipse does not fit into it or there are no stars. Predictions are not
    masked by the truth. Errors are bootstraps over galaxies. Residuals of totals are also given
    in bins of signal-to-noise and of the true specific star-formation rate and stellar mass.

    Parameters
    ----------
    weights : path or None
        An ``.onnx`` or ``.safetensors`` file, or a run, whose best weights are exported into the
        output first; None: the shipped ones.
    store : path or DatasetStore
        Data set made by `picassso.mock`.
    output : path
        Folder for ``table.csv``, ``table.md``, ``bins.csv``, ``totals.csv``,
        ``true_vs_predicted.png``, ``residuals_in_bins.png`` and ``evaluation.json``; made if need
        be.
    split : {"train", "validation", "test"}
        Which views.
    seed : int
        Of the noise that is put onto the images, and of the bootstrap.
    limit : int, optional
        At most this many views, evenly spread over the split.
    progress : bool
        Show a progress bar and print the table.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        If the weights or the store cannot be used, the split is empty, or `output` cannot be
        written to.
    """
    from picassso.painting import load_weights

    if not isinstance(store, DatasetStore):
        store = DatasetStore.open(store)
    for name, number, least in (("limit", limit, 1), ("seed", seed, 0)):
        if number is not None and number < least:
            raise InputError(f"{name} is {number}, expected at least {least}")
    rows = store.indices(split)
    if len(rows) == 0:
        raise InputError(f"{store.path}: the {split} split is empty; make more galaxies")
    if limit is not None and limit < len(rows):
        rows = rows[np.linspace(0, len(rows) - 1, limit).round().astype(int)]
    with output_folder(Path(output)):
        loaded = load_weights(_weights_of(weights, Path(output)))
    _refuse_galaxies_learnt_from(loaded.about, store)
    about = {
        "weights": loaded.name,
        "weights_fingerprint": loaded.fingerprint,
        "store": store.path.name,
        "store_fingerprint": store.fingerprint,
        "split": split,
        "seed": seed,
        "views": len(rows),
        "galaxies": len(np.unique(store.table["galaxy_id"][rows])),
        "signal_to_noise_band": signal_to_noise_band(store.bands),
    }
    with output_folder(Path(output)):
        evaluation = _evaluate(loaded, store, rows, about=about, seed=seed, progress=progress)
        write_evaluation(evaluation, Path(output))
    if progress:
        print_table(evaluation.rows)
    return evaluation


def _weights_of(given: str | os.PathLike[str] | None, folder: Path) -> Path | None:
    """Weights as a file; those of a run are calibrated and exported into the folder."""
    if given is None or not Path(given).is_dir():
        return None if given is None else Path(given)
    from picassso.training import export

    return export(Path(given), output=folder / "weights.onnx")[0]


def _evaluate(
    weights: Any,
    store: DatasetStore,
    rows: NDArray[np.int64],
    *,
    about: Mapping[str, Any],
    seed: int,
    progress: bool,
) -> Evaluation:
    properties = [p for p in weights.properties if p in store.properties]
    pixels = {p: PixelResiduals(p, seed=seed) for p in properties}
    true: dict[str, list[float]] = {p: [] for p in properties}
    predicted: dict[str, list[tuple[float, ...]]] = {p: [] for p in properties}
    galaxy_id = store.table["galaxy_id"][rows]
    whole_frame = np.zeros(len(rows), dtype=bool)
    measured = np.empty((len(QUANTITIES), len(rows)))
    for k, row in enumerate(_shown(rows, progress)):
        truth = store.truth(int(row))
        maps = _paint(weights, store, int(row), seed=seed)
        ellipse = _aperture(truth)
        whole_frame[k] = ellipse is None
        region = (
            np.ones(truth.shape, bool)
            if ellipse is None
            else ellipse.mask(truth.shape, scale=APERTURE_RADII)
        )
        measured[:, k] = measure_quantities(store.image(int(row)), truth, region)
        totals = _painted_totals(maps, weights, ellipse)
        for p in properties:
            true[p].append(aperture_total(truth[p], region, pixel_area=truth.pixel_area))
            predicted[p].append(totals[p])
            pixels[p].add(truth[p], _pixels(maps, p), galaxy_id=str(galaxy_id[k]))
    true_totals = {p: np.array(t) for p, t in true.items()}
    predictions = {p: Prediction(*np.array(t).T) for p, t in predicted.items()}
    table = residual_table(true_totals, predictions, galaxy_id=galaxy_id, seed=seed)
    table += [accumulator.result() for accumulator in pixels.values()]
    bins = [
        b
        for quantity, values in zip(QUANTITIES, measured, strict=True)
        for b in binned_residuals(
            quantity.name,
            values,
            quantity.edges,
            true_totals,
            predictions,
            galaxy_id=galaxy_id,
            seed=seed,
        )
    ]
    return Evaluation(
        rows=tuple(table),
        bins=tuple(bins),
        true=true_totals,
        predicted=predictions,
        galaxy_id=galaxy_id,
        signal_to_noise=measured[0],
        whole_frame=whole_frame,
        about=dict(about) | {"whole_frame": int(whole_frame.sum())},
    )


def _paint(weights: Any, store: DatasetStore, row: int, *, seed: int) -> Maps:
    """Paint one view, its noise (if none is stored) drawn from the seed and the row alone."""
    from picassso.studies.evaluation.seen import paint_as_learnt

    return paint_as_learnt(weights, store, row, np.random.default_rng([seed, row]))


def _pixels(maps: Maps, name: str) -> Prediction:
    """Mean and quantiles of one painted map."""
    i = maps.properties.index(name)
    # A point head gives no quantiles: an interval without width, which holds no truth.
    quantiles = (maps.cube if q is None else q for q in (maps.p16, maps.p50, maps.p84))
    return Prediction(maps.cube[i], *(q[i] for q in quantiles))


def _refuse_galaxies_learnt_from(about: Mapping[str, Any], store: DatasetStore) -> None:
    """A synthetic galaxy is set by seed and number, but its split by the size of its store."""
    seed = store.config.get("seed") if "synthetic" in store.config else None
    itself = store.fingerprint in about.get("data_fingerprint", "").split("+")
    if seed is not None and seed in about.get("synthetic_seeds", ()) and not itself:
        raise InputError(
            f"{store.path}: its synthetic galaxies have seed {seed}, like those that the weights "
            "were trained on, in another split; make the store with another --seed"
        )


def _aperture(truth: Maps) -> Ellipse | None:
    """Half-mass ellipse whose double fits into the frame, or None."""
    try:
        ellipse = half_mass_ellipse(truth["stellar_mass"])
    except (InputError, KeyError):
        return None
    return ellipse if ellipse.fits(truth.shape, scale=APERTURE_RADII) else None


def _painted_totals(
    maps: Maps, weights: Any, ellipse: Ellipse | None
) -> dict[str, tuple[float, ...]]:
    """Mean, p16, p50 and p84 of the totals, by the calibration that the weights carry."""
    from picassso.painting.totals import APERTURE_REGION, FRAME_REGION, painted_totals

    wanted = FRAME_REGION if ellipse is None else APERTURE_REGION
    return {
        t.property: (t.mean, t.p16, t.p50, t.p84)
        for t in painted_totals(maps, weights, ellipse)
        if t.region == wanted
    }


def _shown(rows: Iterable[int], progress: bool) -> Iterator[int]:
    """The rows, a progress bar on standard error moving with them."""
    from rich.console import Console
    from rich.progress import track

    yield from track(
        list(rows), description="views", console=Console(stderr=True), disable=not progress
    )
