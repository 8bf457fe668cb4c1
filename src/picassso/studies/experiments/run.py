"""Run a study: train, test and compare its networks, on as many devices as there are."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from picassso.archive import SPLITS, DatasetStore, rebin
from picassso.archive.lock import locked
from picassso.core import InputError, output_folder
from picassso.studies.experiments.config import KINDS, Kind, StudyConfig
from picassso.studies.experiments.files import write_files
from picassso.studies.experiments.plan import Arm, Run, left_out, plan, runs_of
from picassso.studies.experiments.results import Study, collect
from picassso.studies.experiments.workers import perform_all, usable_devices

__all__ = ["study"]


def study(
    kind: str,
    store: str | os.PathLike[str] | DatasetStore,
    *,
    output: str | os.PathLike[str],
    config: StudyConfig | str | os.PathLike[str] | None = None,
    devices: Sequence[str] | None = None,
    progress: bool = True,
) -> Study:
    """Train networks that differ in one thing, and compare how right they are.

    ``bands``: networks for fewer bands. ``resolution``: of coarser images. ``samples``: trained on
    fewer galaxies. ``ensemble``: the mean prediction of several. ``morphology``: without colours,
    without shapes, without either.

    Networks that studies of one config have in common are trained once, if their `output` is the
    same. A study that was cut off, by whatever means, goes on where it was when it is started
    again. Where GPUs are used, a script that calls this must do so under
    ``if __name__ == "__main__":``, as always where Python starts processes.

    Parameters
    ----------
    kind : {"bands", "resolution", "samples", "ensemble", "morphology"}
        Which study.
    store : path or DatasetStore
        Data set made by `picassso.mock`; its test split is what networks are compared on.
    output : path
        Folder for ``KIND.csv``, ``KIND.md``, ``KIND.png``, ``KIND.pdf`` and ``KIND.json`` (the
        resolved config), for the networks in ``runs`` and for rebinned data in ``stores``.
    config : StudyConfig or path, optional
        A config, or a TOML or JSON file of one.
    devices : sequence of str, optional
        ``"cuda:0"``, ...: one worker process each; default: all GPUs, or else ``"cpu"``, where
        the networks are trained in this process one after the other.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If the kind, the config or a device is unknown, the store cannot serve the study, or
        another process is writing to `output`.
    """
    kind = _known(kind)
    if not isinstance(config, StudyConfig):
        config = StudyConfig.resolve() if config is None else StudyConfig.read(Path(config))
    source = store if isinstance(store, DatasetStore) else DatasetStore.open(store)
    used = usable_devices(devices)
    folder = Path(output)
    arms = [
        (arm, list(runs_of(arm, source, output=folder, evaluation_seed=config.evaluation_seed)))
        for arm in plan(kind, config, source)
    ]
    with output_folder(folder), locked(folder):
        _make_stores(source, arms)
        perform_all([run for _, runs in arms for run in runs], devices=used, progress=progress)
        found = collect(kind, arms, about=_about(kind, config, source, arms))
        write_files(found, folder)
    return found


def _known(kind: str) -> Kind:
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, (*KINDS, "encoders"), n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        raise InputError(
            f"unknown study {kind!r}; choose one of {', '.join(KINDS)}; encoders of images are "
            f"compared by `study_encoders`{meant}"
        )
    return kind


def _make_stores(source: DatasetStore, arms: Sequence[tuple[Arm, Sequence[Run]]]) -> None:
    """Rebinned data that the runs need and that are not there yet."""
    for arm, runs in arms:
        if arm.pixels != source.shape[0]:
            runs[0].store.parent.mkdir(exist_ok=True)
            rebin(source, pixels=arm.pixels, output=runs[0].store)


def _about(
    kind: Kind,
    config: StudyConfig,
    source: DatasetStore,
    arms: Sequence[tuple[Arm, Sequence[Run]]],
) -> dict[str, object]:
    """What a study rests on, for its folder."""
    from picassso import __version__

    return {
        "study": kind,
        "version": __version__,
        "store": source.path.name,
        "store_fingerprint": source.fingerprint,
        "store_pixels": source.shape[0],
        "config": config.model_dump(mode="json"),
        "splits": {split: _counts(source, split) for split in SPLITS},
        "training": config.training(kind).model_dump(mode="json"),
        "left_out": left_out(kind, config, source),
        "runs": {arm.label: [run.folder.name for run in runs] for arm, runs in arms},
    }


def _counts(store: DatasetStore, split: str) -> dict[str, int]:
    """Images of a split, and the galaxies that they show."""
    rows = store.indices(split)
    return {"images": len(rows), "galaxies": len(np.unique(store.table["galaxy_id"][rows]))}
