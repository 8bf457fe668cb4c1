"""Make a training set: observe galaxies of a simulation or of the synthetic universe."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from picassso.archive.render import (
    THREAD_VARIABLES,
    Outcome,
    RenderPlan,
    render_galaxy,
    render_in_worker,
    single_threaded,
    start_worker,
)
from picassso.archive.sources import GalaxySource, SnapshotSource, SyntheticSource
from picassso.archive.store import DatasetStore
from picassso.core import PROPERTY_NAMES, InputError, PicasssoError, get_survey, need

__all__ = ["CONTACT_SHEET", "FRAMINGS", "mock"]

FRAMINGS: dict[str, tuple[str, ...]] = {
    "survey": ("survey",),
    "paper": ("paper",),
    "both": ("survey", "paper"),
}
"""Choices of framing; with two, even galaxies have the first and odd ones the second."""

CONTACT_SHEET = "contact_sheet.png"
"""Name of the picture inside a store."""

_PIXELS = {"survey": 128, "paper": 256, "both": 128}
_ALL_BAD = 8


def mock(
    snapshots: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    *,
    synthetic: int | None = None,
    seed: int = 0,
    output: str | os.PathLike[str],
    framing: str = "survey",
    pixels: int | None = None,
    survey: str = "sdss",
    views: int = 4,
    workers: int | None = None,
    truth: str = "smoothed",
    limit: int | None = None,
    resume: bool = True,
    progress: bool = True,
) -> DatasetStore:
    """Make a data set store of mock images and true maps.

    Every galaxy is observed by up to four cameras (face-on, edge-on, two random). Galaxies are
    made in parallel and independently: the store does not depend on the number of workers. A run
    that was stopped, by whatever means, goes on where it was when it is started again. A galaxy
    that cannot be made is counted and left out of all splits; its ``failure`` column says why.

    With more than one worker, a script that calls this must do so under
    ``if __name__ == "__main__":``, as always where Python starts processes.

    Parameters
    ----------
    snapshots : path or sequence of paths, optional
        Files of particles, in any format that `picassso.read_particles` knows.
    synthetic : int, optional
        Instead of snapshots: this many galaxies of the synthetic universe.
    seed : int
        Of the synthetic universe, the cameras and whatever else is drawn.
    output : path
        Folder of the store.
    framing : {"survey", "paper", "both"}
        How the frame is laid: the survey's own pixels, depth and drawn seeing, redshift and
        dust; the frame of Buck & Wolf (2021), ten half-mass radii wide at z = 0.05; or the two
        in turn, galaxy by galaxy.
    pixels : int, optional
        Height and width of the images; by default 128, in the paper's framing 256.
    survey : str
        Name of the survey.
    views : int
        Views of each galaxy, 1 to 4.
    workers : int, optional
        Processes; by default one for each core that this process may use.
    truth : {"smoothed", "histogram"}
        True maps smoothed like the light, or plain counts of particles (the paper's).
    limit : int, optional
        Stop after this many galaxies.
    resume : bool
        Go on with a store that was begun; if False, refuse one that exists.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DatasetStore

    Raises
    ------
    InputError
        If the arguments cannot be used, `output` was begun with other ones, is being written by
        another process, the disk is full, or no galaxy at all could be made.
    """
    need("torch", extra="mock")
    need("numba", extra="mock")
    _check_numbers(views=views, pixels=pixels, synthetic=synthetic, workers=workers, limit=limit)
    if framing not in FRAMINGS:
        raise InputError(f"unknown framing {framing!r}; choose one of {list(FRAMINGS)}")
    if truth not in ("smoothed", "histogram"):
        raise InputError(f"unknown truth {truth!r}; choose 'smoothed' or 'histogram'")
    bands = get_survey(survey).bands
    pixels = pixels or _PIXELS[framing]
    framings = tuple(_framing(f, pixels=pixels) for f in FRAMINGS[framing])
    source = _source(snapshots, synthetic=synthetic, seed=seed, limit=limit)
    config = {
        **source.identity(),
        "seed": seed,
        "galaxies": len(source),
        "framing": framing,
        "pixels": pixels,
        "survey": get_survey(survey).name,
        "views": views,
        "truth": truth,
    }
    path = Path(output)
    if not path.exists():
        DatasetStore.create(
            path,
            config=config,
            galaxies=len(source),
            views=views,
            shape=(pixels, pixels),
            survey=config["survey"],
            bands=bands,
            properties=PROPERTY_NAMES,
        )
    elif not resume:
        raise InputError(f"{path} exists already; choose another name, or let it resume")
    store = DatasetStore.open(path, writable=True)
    _check_same(store, config)
    with _lock(path):
        if not store.complete:
            plan = RenderPlan(
                store=path,
                source=source,
                framings=framings,
                survey=config["survey"],
                seed=seed,
                truth=truth,
            )
            _render(plan, store, workers=workers, progress=progress)
            store.finalise()
        if not (path / CONTACT_SHEET).exists():
            _draw_contact_sheet(store)
        shutil.rmtree(path / "progress", ignore_errors=True)
    return DatasetStore.open(path)


def _check_numbers(*, views: int, **counts: int | None) -> None:
    if not 1 <= views <= 4:
        raise InputError(f"views is {views}, expected 1 to 4")
    for name, count in counts.items():
        if count is not None and count < 1:
            raise InputError(f"{name} is {count}, expected a positive number")


def _source(snapshots: Any, *, synthetic: int | None, seed: int, limit: int | None) -> GalaxySource:
    if isinstance(snapshots, str | os.PathLike):
        snapshots = [snapshots]
    if bool(snapshots) == (synthetic is not None):
        raise InputError("give either snapshot files or a number of synthetic galaxies")
    if synthetic is not None:
        return SyntheticSource(min(synthetic, limit or synthetic), seed)
    source = SnapshotSource.scan(snapshots, limit=limit)
    if len(source) == 0:
        raise InputError("the snapshots hold no galaxy")
    return source


def _framing(name: str, *, pixels: int) -> Any:
    from picassso.observatory import PaperFraming, SurveyFraming

    if name == "survey":
        return SurveyFraming(pixels=pixels)
    # Rendered on at least the paper's own 512 pixels, and rebinned.
    return PaperFraming(pixels=pixels, render=pixels * max(1, -(-512 // pixels)))


def _check_same(store: DatasetStore, config: Mapping[str, Any]) -> None:
    """Refuse to mix two data sets in one store."""
    import picassso

    other = [
        f"{key} is {store.config.get(key)!r} there and {config.get(key)!r} now"
        for key in sorted(store.config.keys() | config.keys())
        if store.config.get(key) != config.get(key)
    ]
    made_by = store.attributes["package_version"]
    if not store.complete and made_by != picassso.__version__:
        other.append(f"it was begun by version {made_by}, this is {picassso.__version__}")
    if other:
        raise InputError(
            f"{store.path} was made with another config: {'; '.join(other)}. "
            "Choose another output, or remove it to begin anew"
        )


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a store against other processes; the kernel lets go however this one ends."""
    with (path / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{path} is being written by another process; wait for it") from None
        yield


def _render(plan: RenderPlan, store: DatasetStore, *, workers: int | None, progress: bool) -> None:
    """Make whatever is not done yet."""
    done = store.done()
    todo = [g for g in range(store.galaxies) if g not in done]
    workers = min(workers or _cores(), len(todo))
    failed: list[Outcome] = []
    succeeded = len(done)

    def note(outcome: Outcome) -> None:
        nonlocal succeeded
        if outcome.disk_full:
            raise InputError(
                f"no space left for {store.path} ({outcome.failure}); free some and run the same "
                "command again: it goes on where it stopped"
            )
        if outcome.failure:
            failed.append(outcome)
        else:
            succeeded += 1
        if not succeeded and len(failed) == min(_ALL_BAD, store.galaxies):
            # Most likely not the galaxies' fault: try them again next time.
            for bad in failed:
                store.forget(bad.galaxy)
            raise InputError(f"no galaxy could be made; the first failed with {failed[0].failure}")

    with _progress_bar(progress, total=store.galaxies, done=len(done)) as advance:

        def report(outcome: Outcome) -> None:
            note(outcome)
            advance(len(failed))

        if workers > 1:
            _render_in_processes(plan, todo, workers=workers, report=report)
        elif todo:
            with single_threaded():
                for galaxy in todo:
                    report(render_galaxy(plan, store, galaxy))


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _render_in_processes(
    plan: RenderPlan, todo: Sequence[int], *, workers: int, report: Callable[[Outcome], None]
) -> None:
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    survey = get_survey(plan.survey)
    from picassso.observatory import load_light_table

    # Built once here: the workers would all build it at the same time.
    load_light_table(survey)
    left = iter(todo)
    context = get_context("spawn")
    stopped, stop = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=start_worker, initargs=(plan, stopped)
    )
    try:
        # A short queue: a stop takes effect soon, memory does not grow with the run. Processes
        # start one by one as jobs come in, all of them while this fills.
        with _inherited():
            running = {pool.submit(render_in_worker, g) for g in islice(left, 3 * workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                report(future.result())
                galaxy = next(left, None)
                if galaxy is not None:
                    running.add(pool.submit(render_in_worker, galaxy))
    except BrokenProcessPool:
        raise PicasssoError(
            f"a worker process died while making {plan.store}, most likely for want of memory; "
            "run the same command again with fewer workers: it goes on where it stopped"
        ) from None
    except BaseException:
        # Workers end at once; what they were writing is not marked as done.
        stop.close()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        stop.close()
        stopped.close()


@contextmanager
def _inherited() -> Iterator[None]:
    """Whatever process starts inside keeps to one core and leaves Ctrl-C to its parent."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    # Signals can be set in the main thread alone; elsewhere a worker does it when it has started.
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _progress_bar(show: bool, *, total: int, done: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; yields what to call, with the number of failures, after each."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not show,
    )
    with bar:
        task = bar.add_task("galaxies", total=total, completed=done)

        def advance(failures: int) -> None:
            note = f"galaxies ({failures} failed)" if failures else "galaxies"
            bar.update(task, advance=1, description=note)

        yield advance


def _draw_contact_sheet(store: DatasetStore, *, galaxies: int = 12) -> None:
    """One view of some galaxies across the range of mass, with noise, beside their maps."""
    from picassso.figures import contact_sheet, save_figure
    from picassso.observatory import add_noise

    good = np.flatnonzero(store.table["failure"] == "")
    first = good[store.table["view"][good] == 0]
    by_mass = first[np.argsort(store.table["stellar_mass"][first], kind="stable")]
    chosen = np.unique(np.linspace(0, len(by_mass) - 1, galaxies).round().astype(int))
    rows = [int(by_mass[c]) for c in chosen]
    rng = np.random.default_rng(store.config["seed"])
    images = [add_noise(store.image(i), rng) for i in rows]
    save_figure(contact_sheet(images, [store.truth(i) for i in rows]), store.path / CONTACT_SHEET)
