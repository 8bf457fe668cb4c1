"""Make a training set: observe galaxies of a simulation or of the synthetic universe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from picassso.archive.lock import locked
from picassso.archive.parallel import render_all
from picassso.archive.render import RenderPlan
from picassso.archive.sheets import (
    CONTACT_SHEET,
    SPECTRA_SHEET,
    draw_contact_sheet,
    draw_spectra_sheet,
)
from picassso.archive.skies import SkyFrames
from picassso.archive.sources import GalaxySource, SnapshotSource, SyntheticSource
from picassso.archive.store import DatasetStore
from picassso.core import PROPERTY_NAMES, InputError, PicasssoError, get_survey, need

__all__ = ["FRAMINGS", "mock"]

FRAMINGS: dict[str, tuple[str, ...]] = {
    "survey": ("survey",),
    "paper": ("paper",),
    "both": ("survey", "paper"),
}
"""Choices of framing; with two, even galaxies have the first and odd ones the second."""

_PIXELS = {"survey": 128, "paper": 256, "both": 128}


def mock(
    snapshots: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    *,
    synthetic: int | None = None,
    spread: float = 1.0,
    seed: int = 0,
    output: str | os.PathLike[str],
    framing: str = "survey",
    pixels: int | None = None,
    survey: str = "sdss",
    views: int = 4,
    sky: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    sky_region: tuple[int, int, int, int] | None = None,
    catalogue: str | os.PathLike[str] | None = None,
    min_stars: int = 100,
    workers: int | None = None,
    device: str = "cpu",
    truth: str = "smoothed",
    spectra: bool = False,
    nuclei: bool = True,
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
        Files of particles or folders of them, in any format that `picassso.read_particles` knows.
    synthetic : int, optional
        Instead of snapshots: this many galaxies of the synthetic universe.
    spread : float
        Factor on the scatter of the synthetic universe's relations; see
        `picassso.universe.SyntheticUniverse`.
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
    sky : path or sequence of paths, optional
        Calibrated frames of the survey, one a band, of one field: every view is laid on a piece
        of this real sky, cut at a random place, and its noise is measured there. Such a store
        holds images with all of their noise; nothing is added to them later.
    sky_region : (x0, x1, y0, y1), optional
        Pixel box of the frames' r band to cut from.
    catalogue : path, optional
        Subhalo catalogue of a snapshot, or table of centres of cutouts; see
        `picassso.read_particles`.
    min_stars : int
        In files of many galaxies, those with fewer star particles are passed over.
    workers : int, optional
        Processes; by default one for each core that this process may use.
    device : str
        ``"cpu"``, or ``"cuda"`` (``"cuda:1"``, ...): one process then drives the GPU.
    truth : {"smoothed", "histogram"}
        True maps smoothed like the light, or plain counts of particles (the paper's).
    spectra : bool
        Keep beside every image the light that enters a fibre on its middle, too; see
        `picassso.core.FibreLight`. Images and maps stay the same bit by bit.
    nuclei : bool
        Give the spectra the narrow lines of hidden active nuclei and of gas about old stars; False
        leaves the lines of gas about young stars alone. Images hold no light of nuclei.
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
    _check_numbers(
        views=views,
        pixels=pixels,
        synthetic=synthetic,
        workers=workers,
        limit=limit,
        min_stars=min_stars,
    )
    if seed < 0:
        raise InputError(f"seed is {seed}, expected 0 or more")
    if framing not in FRAMINGS:
        raise InputError(f"unknown framing {framing!r}; choose one of {list(FRAMINGS)}")
    if not (nuclei or spectra):
        raise InputError("nuclei are of spectra alone; leave them in, or ask for spectra, too")
    if truth not in ("smoothed", "histogram"):
        raise InputError(f"unknown truth {truth!r}; choose 'smoothed' or 'histogram'")
    workers = _workers_on(device, workers)
    frames = _frames(sky, sky_region)
    pixels = pixels or _PIXELS[framing]
    source = _source(
        snapshots,
        synthetic=synthetic,
        spread=spread,
        seed=seed,
        limit=limit,
        device=device,
        catalogue=catalogue,
        min_stars=min_stars,
    )
    config = {
        **source.identity(),
        "seed": seed,
        "galaxies": len(source),
        "framing": framing,
        "pixels": pixels,
        "survey": get_survey(survey).name,
        "views": views,
        "truth": truth,
        # Only where they are used, so that older stores stay what they are.
        **({} if frames is None else frames.identity()),
        **({"spectra": True, "nuclei": nuclei} if spectra else {}),
        **({} if device == "cpu" else {"device": device.partition(":")[0]}),
    }
    plan = RenderPlan(
        store=Path(output),
        source=source,
        framings=tuple(_framing(f, pixels=pixels) for f in FRAMINGS[framing]),
        survey=config["survey"],
        seed=seed,
        truth=truth,
        device=device,
        spectra=spectra,
        nuclei=nuclei,
    )
    path = plan.store
    begun = path.exists()
    if begun and not resume:
        raise InputError(f"{path} exists already; choose another name, or let it resume")
    if begun and not (path / "zarr.json").is_file():
        raise InputError(f"{path} exists and is no data set store; choose another name")
    if not begun:
        _create(plan, config, pixels=pixels, real_sky=frames is not None)
    try:
        _fill(plan, config, frames=frames, workers=workers, progress=progress)
    except PicasssoError:
        if not begun and not DatasetStore.open(path).done():
            shutil.rmtree(path)
        raise
    return DatasetStore.open(path)


def _create(plan: RenderPlan, config: Mapping[str, Any], *, pixels: int, real_sky: bool) -> None:
    """An empty store for a plan."""
    DatasetStore.create(
        plan.store,
        config=config,
        galaxies=config["galaxies"],
        views=config["views"],
        shape=(pixels, pixels),
        survey=plan.survey,
        bands=get_survey(plan.survey).bands,
        properties=PROPERTY_NAMES,
        real_sky=real_sky,
        spectra=plan.spectra,
    )


def _fill(
    plan: RenderPlan,
    config: Mapping[str, Any],
    *,
    frames: SkyFrames | None,
    workers: int | None,
    progress: bool,
) -> None:
    """Make what a store still lacks."""
    path = plan.store
    store = DatasetStore.open(path, writable=True)
    _check_same(store, config)
    with locked(path):
        if not store.complete:
            if frames is not None:
                sky = frames.store(path / "progress" / "sky.npy", survey=plan.survey)
                plan = replace(plan, sky=sky)
            render_all(plan, store, workers=workers, progress=progress)
            store.finalise()
        if not (path / CONTACT_SHEET).exists():
            draw_contact_sheet(store)
        if store.has_spectra and not (path / SPECTRA_SHEET).exists():
            draw_spectra_sheet(store)
        shutil.rmtree(path / "progress", ignore_errors=True)


def _workers_on(device: str, workers: int | None) -> int | None:
    """Number of processes for a device, which must be there."""
    if device == "cpu":
        return workers
    import torch

    kind, _, number = device.partition(":")
    if kind != "cuda" or (number and not number.isdigit()):
        raise InputError(f"unknown device {device!r}; choose 'cpu', 'cuda' or 'cuda:NUMBER'")
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or 0) >= found:
        build = (
            f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
        )
        raise InputError(
            f"device {device!r}: PyTorch {torch.__version__} ({build}) finds {found} GPUs; use the "
            "device 'cpu', or install a driver and a PyTorch for CUDA"
        )
    if workers not in (None, 1):
        raise InputError(f"workers is {workers}: one process drives a GPU; leave workers out")
    return 1


def _frames(
    sky: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None,
    region: tuple[int, int, int, int] | None,
) -> SkyFrames | None:
    if sky is not None:
        return SkyFrames.of(sky, region)
    if region is not None:
        raise InputError("a sky region was given without sky frames; give these too")
    return None


def _check_numbers(*, views: int, **counts: int | None) -> None:
    if not 1 <= views <= 4:
        raise InputError(f"views is {views}, expected 1 to 4")
    for name, count in counts.items():
        if count is not None and count < 1:
            raise InputError(f"{name} is {count}, expected a positive number")


def _source(
    snapshots: Any,
    *,
    synthetic: int | None,
    spread: float,
    seed: int,
    limit: int | None,
    device: str,
    catalogue: str | os.PathLike[str] | None,
    min_stars: int,
) -> GalaxySource:
    if isinstance(snapshots, str | os.PathLike):
        snapshots = [snapshots]
    if bool(snapshots) == (synthetic is not None):
        raise InputError(
            "give either snapshot files or a number of synthetic galaxies (--synthetic N); "
            + ("both were given" if snapshots else "neither was given")
        )
    if synthetic is not None:
        return SyntheticSource(min(synthetic, limit or synthetic), seed, device, spread)
    if spread != 1.0:
        raise InputError("spread is of the synthetic universe; leave it out for snapshots")
    source = SnapshotSource.scan(snapshots, catalogue=catalogue, min_stars=min_stars, limit=limit)
    if len(source) == 0:
        names = ", ".join(str(s) for s in list(snapshots or ())[:3])
        raise InputError(f"{names}: no galaxy in it; `picassso info` says what a snapshot holds")
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
