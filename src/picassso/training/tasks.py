"""From a config to its task, and from that to a run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from accelerate import Accelerator

from picassso.archive import DatasetStore
from picassso.core import InputError, written_whole
from picassso.networks import AutoencoderConfig as NetworkConfig
from picassso.networks import SpectrumAutoencoder, load_network
from picassso.training.config import LoopConfig, TrainConfig
from picassso.training.loop import fit
from picassso.training.maps import MapsTask
from picassso.training.run import AUTOENCODER, RunDirectory
from picassso.training.spectra.config import AutoencoderConfig, SpectrumConfig
from picassso.training.task import Task

__all__ = ["CONFIGS", "train"]

CONFIGS: dict[str, type[LoopConfig]] = {
    config.task: config for config in (TrainConfig, AutoencoderConfig, SpectrumConfig)
}
"""Config class of each task by name."""


def train(
    stores: str | Path | Sequence[str | Path],
    *,
    output: str | Path,
    config: LoopConfig | None = None,
    autoencoder: str | Path | None = None,
    cpu: bool = False,
    progress: bool = True,
) -> RunDirectory:
    """Train a network on stores, or resume a run that was cut off.

    Parameters
    ----------
    stores : path or sequence of path
        Made by `picassso.mock`; all with the same properties, or, where spectra are learnt, all
        with spectra.
    output : path
        Run directory. If it holds a run of the same config and data, that run goes on.
    config : LoopConfig, optional
        Its class says what is learnt: `TrainConfig` to paint maps, `AutoencoderConfig` to encode
        spectra, `SpectrumConfig` to predict them from images. Default: ``TrainConfig()``.
    autoencoder : path, optional
        Run or safetensors file of the autoencoder whose latents are predicted, for
        `SpectrumConfig` alone.
    cpu : bool
        Do not use a GPU.
    progress : bool
        Show a progress bar.

    Returns
    -------
    RunDirectory
        With ``best.safetensors``, ``metrics.csv`` and ``run.json``.

    Raises
    ------
    InputError
        If the stores do not fit together, an autoencoder is lacking, the batch cannot be shared
        among the processes, the run directory holds another run, or the loss is no number any
        more: the last checkpoint and the best weights stay as they are.
    """
    config = config or TrainConfig()
    paths = [stores] if isinstance(stores, str | Path) else list(stores)
    opened = [DatasetStore.open(p) for p in paths]
    # Where they lie from any folder; whether they are the same, their fingerprints say.
    data = {str(s.path.resolve()): s.fingerprint for s in opened}
    run = RunDirectory(Path(output))
    encoding = _autoencoder_file(config, autoencoder)
    if encoding is not None:
        data[AUTOENCODER] = load_network(encoding, NetworkConfig)[2]["network_fingerprint"]
    run.check(config, data)

    torch.manual_seed(config.seed)
    accelerator = Accelerator(mixed_precision=config.precision, cpu=cpu)
    _check_shares(config, accelerator.num_processes)
    task = _task(opened, config, encoding)
    # Not before all is known to fit: a config that is refused must not be that of the run.
    if accelerator.is_main_process:
        run.begin(config, data)
        if encoding is not None:
            _keep(encoding, run.autoencoder)
    accelerator.wait_for_everyone()
    fit(task, config, run=run, accelerator=accelerator, progress=progress)
    return run


def _autoencoder_file(config: LoopConfig, given: str | Path | None) -> Path | None:
    """Weights of the autoencoder that the task needs, if it needs one."""
    if not isinstance(config, SpectrumConfig):
        if given is not None:
            raise InputError(f"the task {config.task!r} needs no autoencoder; leave it away")
        return None
    if given is None:
        raise InputError(
            "spectra are predicted by the latents of an autoencoder; give its run or weights: "
            "--autoencoder RUN, made by picassso train --task spectrum-autoencoder"
        )
    path = Path(given)
    if not path.is_dir():
        return path
    best = RunDirectory(path).best
    if not best.exists():
        raise InputError(f"{path}: no {best.name} in it; train it with `picassso train` first")
    return best


def _task(stores: Sequence[DatasetStore], config: LoopConfig, encoding: Path | None) -> Task:
    if isinstance(config, SpectrumConfig):
        from picassso.training.spectra.spectrum import SpectrumTask

        assert encoding is not None
        autoencoder, *_ = load_network(encoding, NetworkConfig)
        assert isinstance(autoencoder, SpectrumAutoencoder)
        return SpectrumTask(stores, config, autoencoder=autoencoder)
    if isinstance(config, AutoencoderConfig):
        from picassso.training.spectra.autoencoder import AutoencoderTask

        return AutoencoderTask(stores, config)
    assert isinstance(config, TrainConfig)
    return MapsTask(stores, config)


def _keep(weights: Path, path: Path) -> None:
    """Copy weights into the run, which is whole then wherever the others go."""
    if not path.exists():
        with written_whole(path) as partial:
            shutil.copyfile(weights, partial)


def _check_shares(config: LoopConfig, processes: int) -> None:
    if config.batch % processes:
        raise InputError(
            f"train config: batch is {config.batch}, expected a multiple of the {processes} "
            f"processes that share it; set batch to {-(-config.batch // processes) * processes}"
        )
