"""Run the study of encoders: choose how each is trained, train them, test them, compare them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from picassso.archive import DatasetStore
from picassso.archive.lock import locked
from picassso.core import output_folder
from picassso.studies.experiments.encoders.config import EncoderStudyConfig
from picassso.studies.experiments.encoders.files import write_files
from picassso.studies.experiments.encoders.plan import (
    Choice,
    Ground,
    best_of,
    compared,
    ground_of,
    trials_of,
)
from picassso.studies.experiments.encoders.results import EncoderStudy, collect
from picassso.studies.experiments.plan import Run
from picassso.studies.experiments.workers import perform_all, usable_devices

__all__ = ["study_encoders"]


def study_encoders(
    store: str | os.PathLike[str] | DatasetStore,
    *,
    autoencoder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    config: EncoderStudyConfig | str | os.PathLike[str] | None = None,
    devices: Sequence[str] | None = None,
    progress: bool = True,
) -> EncoderStudy:
    """Compare networks that predict spectra from images, those of Wu & Peek 2020 and ours.

    First each network is trained for a share of the epochs by the paper's recipe and by ours, with
    every learning rate, and the validation split tells which of them it gets. Then it is trained
    with several seeds, and tested. A study that was cut off goes on where it was when it is
    started again. Where GPUs are used, a script that calls this must do so under
    ``if __name__ == "__main__":``, as always where Python starts processes.

    Parameters
    ----------
    store : path or DatasetStore
        Data set made by `picassso.mock` with spectra.
    autoencoder : path
        Run or safetensors file of the autoencoder whose latents are predicted.
    output : path
        Folder for ``encoders.csv``, ``encoders.md``, ``encoders.png``, ``encoders.pdf`` and
        ``encoders.json`` (the resolved config), and for the networks in ``runs``.
    config : EncoderStudyConfig or path, optional
        A config, or a TOML or JSON file of one.
    devices : sequence of str, optional
        ``"cuda:0"``, ...: one worker process each; default: all GPUs, or else ``"cpu"``, where
        the networks are trained in this process one after the other.
    progress : bool
        Show a progress bar.

    Returns
    -------
    EncoderStudy

    Raises
    ------
    InputError
        If the config or a device is unknown, the store has no spectra or an empty split, the
        autoencoder cannot be read, the loss of a network diverged at every learning rate, or
        another process is writing to `output`.
    """
    if not isinstance(config, EncoderStudyConfig):
        config = EncoderStudyConfig.read(Path(config)) if config else EncoderStudyConfig.resolve()
    source = store if isinstance(store, DatasetStore) else DatasetStore.open(store)
    used = usable_devices(devices)
    folder = Path(output)
    ground = ground_of(source, Path(autoencoder), output=folder)
    trials = trials_of(config, ground)
    with output_folder(folder), locked(folder):
        perform_all([trial.run for trial in trials], devices=used, progress=progress)
        arms = compared(best_of(trials), config, ground)
        perform_all([r for runs in arms.values() for r in runs], devices=used, progress=progress)
        found = collect(trials, arms, about=_about(config, ground, arms))
        write_files(found, folder)
    return found


def _about(
    config: EncoderStudyConfig, ground: Ground, arms: Mapping[Choice, Sequence[Run]]
) -> dict[str, object]:
    """What the study rests on, for its folder."""
    from picassso import __version__

    store = ground.store
    return {
        "study": "encoders",
        "version": __version__,
        "store": store.path.name,
        "store_fingerprint": store.fingerprint,
        "autoencoder": ground.latents,
        "pixels": config.training("ours", backbone=config.arms[0]).crop or store.shape[0],
        "config": config.model_dump(mode="json"),
        "training": {
            choice.arm: runs[0].training.model_dump(mode="json", exclude={"seed"})
            for choice, runs in arms.items()
        },
        "runs": {choice.arm: [run.folder.name for run in runs] for choice, runs in arms.items()},
    }
