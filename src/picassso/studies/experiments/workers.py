"""All runs of a study: one after the other, or one worker process a device."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from picassso.archive.render import leave_with_parent
from picassso.core import InputError, PicasssoError, usable_cores
from picassso.studies.experiments.plan import Run
from picassso.studies.experiments.runs import is_done, perform, steps_done

__all__ = ["perform_all", "usable_devices", "visible_as"]


def usable_devices(devices: Sequence[str] | None) -> tuple[str, ...]:
    """Devices that were asked for, which must be there; by default all GPUs, or else the CPU.

    Raises
    ------
    InputError
        If a device is unknown or not there.
    """
    import torch

    found = tuple(f"cuda:{k}" for k in range(torch.cuda.device_count()))
    if not devices:
        return found or ("cpu",)
    unknown = [d for d in devices if d != "cpu" and d not in found]
    if unknown:
        raise InputError(
            f"devices {', '.join(unknown)} are not there; choose from {', '.join((*found, 'cpu'))}"
        )
    return tuple(devices)


def perform_all(runs: Sequence[Run], *, devices: Sequence[str], progress: bool) -> None:
    """Do all runs that are not done.

    Parameters
    ----------
    runs : sequence of Run
        Of a study.
    devices : sequence of str
        ``("cpu",)`` alone: in this process; else one process for each.
    progress : bool
        Show a progress bar.

    Raises
    ------
    InputError
        If a run cannot be done.
    PicasssoError
        If a worker process died.
    """
    todo = [run for run in runs if not is_done(run)]
    with _bar(runs, show=progress):
        if tuple(devices) == ("cpu",):
            for run in todo:
                perform(run, cpu=True)
        elif todo:
            _perform_in_processes(todo, devices[: len(todo)])


def _perform_in_processes(runs: Sequence[Run], devices: Sequence[str]) -> None:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    context = get_context("spawn")
    free = context.SimpleQueue()
    for device in devices:
        free.put(device)
    stopped, stop = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        len(devices),
        mp_context=context,
        initializer=_start_worker,
        initargs=(free, list(devices).count("cpu"), stopped),
    )
    try:
        for future in as_completed([pool.submit(_perform_in_worker, run) for run in runs]):
            future.result()
    except BrokenProcessPool:
        raise PicasssoError(
            "a worker process died, most likely for want of memory; run the same command again "
            "with fewer devices, or a smaller batch: it goes on where it stopped"
        ) from None
    except BaseException:
        # Workers end at once; what they were doing goes on from its last checkpoint.
        stop.close()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        stop.close()
        stopped.close()


_on_cpu = True


def _start_worker(free: Any, on_cpu: int, stopped: Connection) -> None:
    """Take a device for good; leave with the parent, and leave Ctrl-C to it."""
    global _on_cpu
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=leave_with_parent, args=(stopped,), daemon=True).start()
    device = free.get()
    _on_cpu = device == "cpu"
    if _on_cpu:
        import torch

        torch.set_num_threads(max(1, usable_cores() // on_cpu))
    else:
        # Before CUDA starts, which sees only this one then.
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        os.environ["CUDA_VISIBLE_DEVICES"] = visible_as(device, visible)


def visible_as(device: str, visible: str) -> str:
    """What makes CUDA show one device alone.

    Parameters
    ----------
    device : str
        ``"cuda:K"``, counted among the visible ones.
    visible : str
        Which are visible, as CUDA_VISIBLE_DEVICES says: numbers or names; empty: all.
    """
    number = int(device.removeprefix("cuda:"))
    return visible.split(",")[number].strip() if visible else str(number)


def _perform_in_worker(run: Run) -> None:
    perform(run, cpu=_on_cpu)


@contextmanager
def _bar(runs: Sequence[Run], *, show: bool) -> Iterator[None]:
    """A bar on standard error that counts steps of training, wherever they are done."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not show,
    )
    ended = threading.Event()
    with bar:
        task = bar.add_task("", total=sum(run.steps for run in runs))

        def look() -> None:
            finished = sum(is_done(run) for run in runs)
            steps = sum(min(steps_done(run), run.steps) for run in runs)
            bar.update(task, completed=steps, description=f"{finished} of {len(runs)} networks")

        def watch() -> None:
            while not ended.wait(1.0):
                look()

        look()
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            look()
