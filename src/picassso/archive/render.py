"""One galaxy of a mock: load it, observe it, write its views. Runs in worker processes."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from picassso.archive.skies import StoredSky
from picassso.archive.sources import GalaxySource
from picassso.archive.store import DatasetStore
from picassso.archive.table import flags_of
from picassso.core import (
    PROPERTIES,
    FibreLight,
    InputError,
    MissingExtraError,
    Particles,
    PicasssoError,
    get_survey,
)

__all__ = [
    "THREAD_VARIABLES",
    "Outcome",
    "RenderPlan",
    "leave_with_parent",
    "render_galaxy",
    "render_in_worker",
    "single_threaded",
    "start_worker",
]

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "BLOSC_NTHREADS",
)
"""Environment variables that keep a worker on one core."""


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """All that a worker must know.

    Parameters
    ----------
    store : Path
        The data set store, already created.
    source : GalaxySource
        Where the particles come from.
    framings : tuple of framing objects
        Galaxy `i` is framed by number ``i % len(framings)``.
    survey : str
        Name of the survey.
    seed : int
        Of the whole mock; what is drawn for a galaxy depends on it and on the galaxy's name.
    truth : {"smoothed", "histogram"}
        Kind of true maps.
    device : str
        Where galaxies are made and projected.
    sky : StoredSky or None
        Real sky to lay under the images; None leaves them without noise.
    spectra : bool
        Whether the light of a fibre is made, too.
    nuclei : bool
        Whether that holds lines of active nuclei and of gas about old stars.
    """

    store: Path
    source: GalaxySource
    framings: tuple[Any, ...]
    survey: str
    seed: int
    truth: str
    device: str = "cpu"
    sky: StoredSky | None = None
    spectra: bool = False
    nuclei: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one galaxy: `failure` is empty, or the reason in words.

    `disk_full` means that the galaxy was not even marked as failed: it will be made anew.
    """

    galaxy: int
    failure: str = ""
    disk_full: bool = False


def render_galaxy(plan: RenderPlan, store: DatasetStore, galaxy: int) -> Outcome:
    """Make all views of one galaxy and write them.

    Whatever is wrong with the galaxy itself is caught, recorded in the store and reported; a
    missing package, memory or disk is not the galaxy's fault.

    Raises
    ------
    MissingExtraError, MemoryError
        As they come.
    """
    try:
        try:
            particles = plan.source.load(galaxy)
            flux, maps, rows, lights = _observe(plan, store, galaxy, particles)
        except (ImportError, MissingExtraError, MemoryError):
            raise
        except Exception as error:
            if _disk_full(error):
                raise
            if _device_full(error):
                raise PicasssoError(
                    f"device {plan.device!r} is out of memory; free some or use the device cpu, "
                    f"and run the command again ({str(error).splitlines()[0]})"
                ) from None
            user = isinstance(error, PicasssoError)
            reason = str(error) if user else f"{type(error).__name__}: {error}"
            store.write_failure(galaxy, galaxy_id=plan.source.name(galaxy), reason=reason)
            return Outcome(galaxy, failure=reason)
        store.write_galaxy(galaxy, flux=flux, maps=maps, rows=rows, lights=lights)
    except OSError as error:
        if not _disk_full(error):
            raise
        return Outcome(galaxy, failure=str(error), disk_full=True)
    return Outcome(galaxy)


def _observe(
    plan: RenderPlan, store: DatasetStore, galaxy: int, particles: Particles
) -> tuple[np.ndarray, np.ndarray, list[dict[str, Any]], list[FibreLight]]:
    framing = plan.framings[galaxy % len(plan.framings)]
    observations = observe(
        particles,
        framing=framing,
        survey=get_survey(plan.survey),
        seed=plan.seed,
        views=tuple(range(store.views)),
        truth=plan.truth,
        device=plan.device,
        spectra=plan.spectra,
        nuclei=plan.nuclei,
    )
    if plan.sky is not None:
        observations = [
            replace(o, image=plan.sky.lay_under(o.image, seed=plan.seed)) for o in observations
        ]
    flux = np.stack([o.image.flux for o in observations])
    maps = np.stack([_cube(o.maps, store.properties) for o in observations])
    _check(flux, maps, store)
    lights = [_light(o) for o in observations] if plan.spectra else []
    rows = [_row(o, particles, galaxy=galaxy, framing=framing.name) for o in observations]
    for row, light in zip(rows, lights, strict=plan.spectra):
        _add_light(row, light)
    return flux, maps, rows, lights


def observe(particles: Particles, **how: Any) -> list[Any]:
    """`picassso.observatory.observe`, loaded when first used."""
    from picassso import observatory

    return observatory.observe(particles, **how)


def _cube(maps: Any, properties: Sequence[str]) -> np.ndarray:
    """Maps in the store's order; NaN throughout where there is none."""
    cube = np.full((len(properties), *maps.shape), np.nan, dtype=np.float32)
    for p, name in enumerate(properties):
        if name in maps.properties:
            cube[p] = maps[name]
    return cube


def _light(observation: Any) -> FibreLight:
    """What the fibre of a view sees; that nothing was made of it is the galaxy's failure."""
    if observation.fibre is None:
        raise InputError("no light of a fibre was made")
    return observation.fibre


def _check(flux: np.ndarray, maps: np.ndarray, store: DatasetStore) -> None:
    if flux.shape[1:] != store.flux.shape[1:]:
        raise InputError(f"images have shape {flux.shape[1:]}, expected {store.flux.shape[1:]}")
    if len(flux) != store.views:
        raise InputError(f"{len(flux)} views were made, expected {store.views}")
    if not np.isfinite(flux).all():
        raise InputError("the image has pixels that are not finite")
    absent = np.isnan(maps).all(axis=(2, 3), keepdims=True)
    if not (np.isfinite(maps) | absent).all():
        raise InputError("a true map has pixels that are not finite")


def _row(observation: Any, particles: Particles, *, galaxy: int, framing: str) -> dict[str, Any]:
    image, maps = observation.image, observation.maps
    stars = particles.stars
    flags = dict.fromkeys((*particles.flags, *maps.flags, *observation.flags))
    row = {
        "galaxy_id": particles.galaxy_id,
        "galaxy": galaxy,
        "view": int(image.view),
        "source": particles.source,
        "camera": observation.camera,
        "framing": framing,
        "redshift": float(image.redshift),
        "pixel_scale": float(image.pixel_scale),
        "kpc_per_pixel": float(np.sqrt(maps.pixel_area)),
        "noise": [float(x) for x in image.sky_noise],
        "psf_fwhm": [float(x) for x in image.psf_fwhm],
        "half_mass_radius": float(observation.half_mass_radius),
        "stellar_mass": np.nan if stars is None else float(stars.mass.sum(dtype=np.float64)),
        "dust": float(observation.dust),
        "flags": ";".join(flags),
    }
    totals = {f"total_{p}": maps.total(p) for p in maps.properties if p in PROPERTIES}
    return row | totals


def _add_light(row: dict[str, Any], light: FibreLight) -> None:
    """What the table says of the light of a fibre."""
    row["line_dispersion"] = float(light.line_dispersion)
    row["stellar_dispersion"] = float(light.stellar_dispersion)
    row["flags"] = ";".join(dict.fromkeys((*flags_of(row), *light.flags)))


def _disk_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _device_full(error: BaseException) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Keep torch and numba on one thread: the order of their sums then never depends on it."""
    import numba
    import torch

    before = torch.get_num_threads(), numba.get_num_threads()
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        numba.set_num_threads(before[1])


_worker: tuple[RenderPlan, DatasetStore] | None = None


def start_worker(plan: RenderPlan, stopped: Connection) -> None:
    """Prepare a worker process: one thread, no orphans, Ctrl-C left to the parent.

    Parameters
    ----------
    plan : RenderPlan
        What to do.
    stopped : Connection
        The worker ends, whatever it is doing, when the parent closes the other end or dies.
    """
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=leave_with_parent, args=(stopped,), daemon=True).start()
    import torch

    torch.set_num_threads(1)
    _worker = plan, DatasetStore.open(plan.store, writable=True)


def render_in_worker(galaxy: int) -> Outcome:
    """`render_galaxy` with what `start_worker` prepared."""
    assert _worker is not None
    return render_galaxy(*_worker, galaxy)


def leave_with_parent(stopped: Connection) -> None:
    """End this process when its parent says so or dies, even by kill -9."""
    # Nothing is ever sent: the pipe becomes readable at its end.
    stopped.poll(None)
    os._exit(1)
