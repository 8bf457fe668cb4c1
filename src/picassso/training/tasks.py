"""From a config to its task, and from that to a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from accelerate import Accelerator

from picassso.archive import DatasetStore
from picassso.core import InputError
from picassso.training.config import LoopConfig, TrainConfig
from picassso.training.loop import fit
from picassso.training.maps import MapsTask
from picassso.training.run import RunDirectory
from picassso.training.task import Task

__all__ = ["train"]


def train(
    stores: str | Path | Sequence[str | Path],
    *,
    output: str | Path,
    config: LoopConfig | None = None,
    cpu: bool = False,
    progress: bool = True,
) -> RunDirectory:
    """Train a network on stores, or resume a run that was cut off.

    Parameters
    ----------
    stores : path or sequence of path
        Made by `picassso.mock`; all with the same properties.
    output : path
        Run directory. If it holds a run of the same config and data, that run goes on.
    config : LoopConfig, optional
        Its class says what is learnt: `TrainConfig` to paint maps. Default: ``TrainConfig()``.
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
        If the stores do not fit together, the batch cannot be shared among the processes, the run
        directory holds another run, or the loss is no number any more: the last checkpoint and
        the best weights stay as they are.
    """
    config = config or TrainConfig()
    paths = [stores] if isinstance(stores, str | Path) else list(stores)
    opened = [DatasetStore.open(p) for p in paths]
    # Where they lie from any folder; whether they are the same, their fingerprints say.
    data = {str(s.path.resolve()): s.fingerprint for s in opened}
    run = RunDirectory(Path(output))
    run.check(config, data)

    torch.manual_seed(config.seed)
    accelerator = Accelerator(mixed_precision=config.precision, cpu=cpu)
    _check_shares(config, accelerator.num_processes)
    task = _task(opened, config)
    # Not before all is known to fit: a config that is refused must not be that of the run.
    if accelerator.is_main_process:
        run.begin(config, data)
    accelerator.wait_for_everyone()
    fit(task, config, run=run, accelerator=accelerator, progress=progress)
    return run


def _task(stores: Sequence[DatasetStore], config: LoopConfig) -> Task:
    assert isinstance(config, TrainConfig)
    return MapsTask(stores, config)


def _check_shares(config: LoopConfig, processes: int) -> None:
    if config.batch % processes:
        raise InputError(
            f"train config: batch is {config.batch}, expected a multiple of the {processes} "
            f"processes that share it; set batch to {-(-config.batch // processes) * processes}"
        )
