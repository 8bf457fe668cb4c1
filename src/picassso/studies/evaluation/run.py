"""Evaluate weights on a data set: paint galaxies that they never saw, and compare."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import count_flags
from picassso.archive import DatasetStore
from picassso.core import GalaxyImage, InputError, Maps, output_folder, usable_cores
from picassso.painting import Weights, load_weights
from picassso.studies.evaluation.comparison import compare_methods
from picassso.studies.evaluation.contenders import contenders
from picassso.studies.evaluation.files import write_evaluation
from picassso.studies.evaluation.findings import Evaluation, Example, MethodScores
from picassso.studies.evaluation.painters import NetworkPainter
from picassso.studies.evaluation.pixels import PixelCounts
from picassso.studies.evaluation.quantities import signal_to_noise_band
from picassso.studies.evaluation.summary import Summary
from picassso.studies.evaluation.tables import print_table
from picassso.studies.evaluation.views import (
    FREQUENCY_EDGES,
    PROTOCOLS,
    ViewNumbers,
    measure_view,
    view_of,
)

__all__ = ["evaluate"]

_WAITING = 2
"""Painted views that may wait to be measured: memory for them is taken."""


def evaluate(
    weights: str | os.PathLike[str] | None,
    store: str | os.PathLike[str] | DatasetStore,
    *,
    output: str | os.PathLike[str],
    split: str = "test",
    seed: int = 0,
    limit: int | None = None,
    baselines: int = 0,
    examples: int = 4,
    progress: bool = True,
) -> Evaluation:
    """Paint every view of a split and compare totals, profiles and pixels with the truth.

    Totals are sums inside the ellipse of two half-mass radii of the *true* stellar mass, or over
    the frame where that ellipse does not fit into it or there are no stars. Every figure of merit
    comes in two protocols: as painted, never masked by the truth, and as Buck & Wolf (2021) did.
    Errors are bootstraps over galaxies.

    Parameters
    ----------
    weights : path or None
        An ``.onnx`` or ``.safetensors`` file, or a finished run, whose best weights are exported
        into the output first; None: the shipped ones.
    store : path or DatasetStore
        Data set made by `picassso.mock`.
    output : path
        Folder for ``table.csv``, ``table.md``, ``bins.csv``, ``totals.csv`` and
        ``evaluation.json``, with baselines ``method_totals.csv``, too; made if need be.
        `picassso.report.write_report` makes a page of what is returned.
    split : {"train", "validation", "test"}
        Which views.
    seed : int
        Of the noise that is put onto the images, and of the bootstrap.
    limit : int, optional
        At most this many views, evenly spread over the split.
    baselines : int
        Views, evenly spread, on which classical methods are run too; 0: none.
    examples : int
        How many views to keep whole, of different stellar mass.
    progress : bool
        Show a progress bar and print the table.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        If the weights or the store cannot be used or do not fit together, the run is still
        training, the split is empty, or `output` cannot be written to.
    """
    if not isinstance(store, DatasetStore):
        store = DatasetStore.open(store)
    least = {"limit": (limit, 1), "seed": (seed, 0), "baselines": (baselines, 0)}
    for name, (number, lowest) in (least | {"examples": (examples, 0)}).items():
        if number is not None and number < lowest:
            raise InputError(f"{name} is {number}, expected at least {lowest}")
    rows = store.indices(split)
    if len(rows) == 0:
        raise InputError(f"{store.path}: the {split} split is empty; make more galaxies")
    rows = _spread_over(rows, limit)
    with output_folder(Path(output)):
        # Of two cores, one is left to what measures the view before.
        threads = 1 if usable_cores() == 2 else None
        loaded = load_weights(_weights_of(weights, Path(output)), threads=threads)
    properties = _shared_properties(loaded, store)
    _refuse_galaxies_learnt_from(loaded.about, store)
    about = _about(loaded, store, rows, split=split, seed=seed)
    about |= {"limit": limit, "baselines": baselines}
    with output_folder(Path(output)):
        evaluation = _evaluate(
            NetworkPainter(loaded),
            store,
            rows,
            properties=properties,
            about=about,
            seed=seed,
            compared=_spread_over(rows, baselines),
            shown=_examples(store, rows, examples),
            progress=progress,
        )
        write_evaluation(evaluation, Path(output))
    if progress:
        print_table(evaluation.rows)
    return evaluation


def _spread_over(rows: NDArray[np.int64], number: int | None) -> NDArray[np.int64]:
    """At most so many rows, evenly spread; None: all."""
    if number is None or number >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, number).round().astype(int)]


def _weights_of(given: str | os.PathLike[str] | None, folder: Path) -> Path | None:
    """Weights as a file; those of a run are calibrated and exported into the folder."""
    if given is None or not Path(given).is_dir():
        return None if given is None else Path(given)
    from picassso.training import export
    from picassso.training.run import RunDirectory

    run = RunDirectory(Path(given))
    if not run.manifest.exists():
        raise InputError(
            f"{given}: not a run of `picassso train`, there is no {run.manifest.name} in it; give "
            "a run or a file of weights first, then the store"
        )
    done, wanted = run.epochs()
    if done < wanted:
        raise InputError(
            f"{given}: this run is not finished, it is at epoch {done:g} of {wanted:g}; let it "
            "finish (the same `picassso train` command resumes it), or write what it has learnt "
            f"so far with `picassso export {given} -o weights.onnx` and evaluate that"
        )
    return export(Path(given), output=folder / "weights.onnx")[0]


def _shared_properties(weights: Weights, store: DatasetStore) -> tuple[str, ...]:
    """What weights paint and a store knows; InputError if they do not fit together."""
    if weights.survey != store.survey:
        raise InputError(
            f"{store.path} holds images of {store.survey}, the weights {weights.name} are for "
            f"{weights.survey}; use weights for {store.survey}, or make a store with `picassso "
            f"mock --survey {weights.survey}`"
        )
    missing = [b for b in weights.bands if b not in store.bands]
    if missing:
        raise InputError(
            f"{store.path} has the bands {', '.join(store.bands)}, but the weights "
            f"{weights.name} need {', '.join(missing)} too; use weights for its bands"
        )
    properties = tuple(p for p in weights.properties if p in store.properties)
    if not properties:
        raise InputError(
            f"{store.path} knows the truth of {', '.join(store.properties)}, but the weights "
            f"{weights.name} paint {', '.join(weights.properties)}; nothing can be compared"
        )
    return properties


def _refuse_galaxies_learnt_from(about: Mapping[str, Any], store: DatasetStore) -> None:
    """A synthetic galaxy is set by seed and number, but its split by the size of its store."""
    seed = store.config.get("seed") if "synthetic" in store.config else None
    itself = store.fingerprint in about.get("data_fingerprint", "").split("+")
    if seed is not None and seed in about.get("synthetic_seeds", ()) and not itself:
        raise InputError(
            f"{store.path}: its synthetic galaxies have seed {seed}, like those that the weights "
            "were trained on, in another split; make the store with another --seed"
        )


def _about(
    weights: Weights, store: DatasetStore, rows: NDArray[np.int64], *, split: str, seed: int
) -> dict[str, Any]:
    """Where the numbers come from."""
    from picassso import __version__

    return {
        "weights": weights.name,
        "weights_fingerprint": weights.fingerprint,
        "store": store.path.name,
        "store_fingerprint": store.fingerprint,
        "survey": store.survey,
        "pixels": list(store.shape),
        "split": split,
        "seed": seed,
        "views": len(rows),
        "galaxies": len(np.unique(store.table["galaxy_id"][rows])),
        "signal_to_noise_band": signal_to_noise_band(store.bands),
        "properties_left_out": {
            p: "not in the store" for p in weights.properties if p not in store.properties
        },
        "version": __version__,
    }


def _examples(store: DatasetStore, rows: NDArray[np.int64], number: int) -> frozenset[int]:
    """Rows of different galaxies, evenly spread over the order of stellar mass."""
    _, first = np.unique(store.table["galaxy_id"][rows], return_index=True)
    ordered = rows[first][np.argsort(store.table["stellar_mass"][rows[first]], kind="stable")]
    # The middle of equal parts: the extremes are not typical.
    places = (np.arange(number) + 0.5) / max(number, 1) * len(ordered)
    return frozenset(ordered[places.astype(int)].tolist())


def _evaluate(
    painter: NetworkPainter,
    store: DatasetStore,
    rows: NDArray[np.int64],
    *,
    properties: tuple[str, ...],
    about: Mapping[str, Any],
    seed: int,
    compared: NDArray[np.int64],
    shown: frozenset[int],
    progress: bool,
) -> Evaluation:
    measured = _Measured(painter, store, properties, seed=seed)
    with ThreadPoolExecutor(1) as worker:
        waiting: deque[Future[None]] = deque()
        # One view is painted while the one before is measured.
        for row in _shown(rows, progress):
            stored = store.image(row)
            painted = painter.paint(store, stored, np.random.default_rng([seed, row]))
            waiting.append(worker.submit(measured.add, row, stored, *painted, keep=row in shown))
            if len(waiting) > _WAITING:
                waiting.popleft().result()
        for future in waiting:
            future.result()
    methods, left_out = _methods(painter, store, compared, seed=seed, progress=progress)
    summary = Summary(
        measured.numbers,
        properties=properties,
        galaxy_id=store.table["galaxy_id"][rows],
        row=rows,
        pixels=measured.pixels,
        seed=seed,
    )
    views = summary.views()
    return Evaluation(
        about=dict(about)
        | {"whole_frame": int(views.whole_frame.sum()), "methods_left_out": left_out},
        model=dict(painter.weights.about),
        properties=properties,
        scores={p: summary.scores(p) for p in PROTOCOLS},
        by_surface_density=measured.pixels.by_surface_density(),
        by_signal_to_noise=measured.pixels.by_signal_to_noise(),
        detections=summary.detections(),
        flags=count_flags(measured.flags),
        frequency_edges=np.array(FREQUENCY_EDGES),
        views=views,
        methods=methods,
        examples=tuple(measured.examples),
    )


def _methods(
    painter: NetworkPainter,
    store: DatasetStore,
    rows: NDArray[np.int64],
    *,
    seed: int,
    progress: bool,
) -> tuple[tuple[MethodScores, ...], dict[str, str]]:
    """Network and classical methods on some views; and which methods were left out, and why."""
    if len(rows) == 0:
        return (), {}
    painter = NetworkPainter(load_weights(painter.weights.path))  # with all cores, as the others
    with _status("calibrating classical methods on the training split", progress):
        found = contenders(store, seed=seed)
    scores = compare_methods(painter, found.baselines, store, rows, seed=seed, progress=progress)
    return scores, dict(found.left_out)


class _Measured:
    """Numbers of the views so far, in their order; a few views whole."""

    def __init__(
        self,
        painter: NetworkPainter,
        store: DatasetStore,
        properties: tuple[str, ...],
        *,
        seed: int,
    ) -> None:
        self._painter, self._store, self._properties = painter, store, properties
        self.pixels = PixelCounts(properties, seed=seed)
        self.numbers: list[ViewNumbers] = []
        self.flags: list[tuple[str, ...]] = []
        self.examples: list[Example] = []

    def add(
        self, row: int, stored: GalaxyImage, seen: GalaxyImage, painted: Maps, *, keep: bool
    ) -> None:
        """Measure one view, painted on the image as seen."""
        truth = self._store.truth(row)
        view = view_of(stored, truth, painted, properties=self._properties)
        numbers, flags = measure_view(view, self._painter)
        self.pixels.add(view)
        self.numbers.append(numbers)
        self.flags.append(flags)
        if keep:
            self.examples.append(Example(seen, painted, truth))


@contextmanager
def _status(words: str, progress: bool) -> Iterator[None]:
    """Say on standard error what takes a while."""
    from rich.console import Console

    if not progress:
        yield
        return
    with Console(stderr=True).status(words):
        yield


def _shown(rows: Iterable[int], progress: bool) -> Iterator[int]:
    """The rows, a progress bar on standard error moving with them."""
    from rich.console import Console
    from rich.progress import track

    numbers = [int(row) for row in rows]
    yield from track(
        numbers, description="views", console=Console(stderr=True), disable=not progress
    )
