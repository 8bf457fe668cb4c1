"""Make all galaxies of a mock that are still to be made, in one process or in many."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from picassso.archive.render import (
    THREAD_VARIABLES,
    Outcome,
    RenderPlan,
    render_galaxy,
    render_in_worker,
    single_threaded,
    start_worker,
)
from picassso.archive.store import DatasetStore
from picassso.core import InputError, PicasssoError, get_survey, usable_cores

__all__ = ["render_all"]

_ALL_BAD = 8


def render_all(
    plan: RenderPlan, store: DatasetStore, *, workers: int | None, progress: bool
) -> None:
    """Make whatever is not done yet.

    Parameters
    ----------
    plan : RenderPlan
        What to do.
    store : DatasetStore
        Open for writing.
    workers : int or None
        Processes; None: one for each core.
    progress : bool
        Show a progress bar.

    Raises
    ------
    InputError
        If the disk is full, or the first galaxies have all failed.
    PicasssoError
        If a worker process died.
    """
    done = store.done()
    todo = [g for g in range(store.galaxies) if g not in done]
    workers = min(workers or usable_cores(), len(todo))
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
            raise InputError(f"no galaxy could be made; the first failed with: {failed[0].failure}")

    with _progress_bar(progress, total=store.galaxies, done=len(done)) as advance:

        def report(outcome: Outcome) -> None:
            note(outcome)
            advance(len(failed))

        try:
            if workers > 1:
                _render_in_processes(plan, todo, workers=workers, report=report)
            elif todo:
                with single_threaded():
                    for galaxy in todo:
                        report(render_galaxy(plan, store, galaxy))
        except InputError:
            # Most likely not the galaxies' fault: try them again next time. Only now has the last
            # worker ended, which may have marked one more.
            if not succeeded:
                store.forget_failures()
            raise


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
    if plan.spectra:
        from picassso.observatory.spectra.populations_cache import load_spectral_table

        load_spectral_table()
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
