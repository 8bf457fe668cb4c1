"""The training loop, on one page."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from picassso.archive import DatasetStore
from picassso.core import InputError
from picassso.networks import NetworkConfig, build, count_parameters, save_weights
from picassso.training.checkpoints import load_checkpoint, save_checkpoint
from picassso.training.config import TrainConfig
from picassso.training.data import Batch, ViewSet, training_batches, validation_batches
from picassso.training.losses import painting_loss
from picassso.training.run import RunDirectory

__all__ = ["learning_rate", "train"]


def train(
    stores: str | Path | Sequence[str | Path],
    *,
    output: str | Path,
    config: TrainConfig | None = None,
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
    config : TrainConfig, optional
        Default: ``TrainConfig()``.
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
    bands, properties = _agree(opened, config)
    run = RunDirectory(Path(output))
    run.check(config, opened)

    torch.manual_seed(config.seed)
    accelerator = Accelerator(mixed_precision=config.precision, cpu=cpu)
    _check_shares(config, accelerator.num_processes)
    of = partial(ViewSet, opened, bands=bands, grey=config.grey, shuffled=config.shuffled)
    views = of("train", galaxies=config.galaxies, seed=config.seed)
    checks = of("validation", limit=config.validation_images)
    network_config = config.network(bands, properties)
    network = build(network_config)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    _check_sizes(config, network.stride, views)
    # Not before all is known to fit: a config that is refused must not be that of the run.
    if accelerator.is_main_process:
        run.begin(config, opened)
    accelerator.wait_for_everyone()
    optimizer = _optimizer(network, config)
    model, prepared = accelerator.prepare(network, optimizer)

    steps_an_epoch = max(1, len(views) // config.batch)
    steps = max(1, round(config.epochs * steps_an_epoch))
    every = max(1, math.ceil(steps / config.checkpoints))
    counters: dict = {"step": 0, "best": math.inf, "rows": [], "seconds": 0.0}
    if run.checkpoint.exists():
        counters = load_checkpoint(
            run.checkpoint, accelerator.unwrap_model(model), prepared, scaler=accelerator.scaler
        )
    begun = time.monotonic() - counters["seconds"]

    batches = training_batches(
        views,
        batch=config.batch,
        crop=config.crop,
        seed=config.seed,
        start=counters["step"],
        stop=steps,
        augment=config.augment,
        fresh_noise=config.fresh_noise,
        noise_range=config.noise_range,
        rank=accelerator.process_index,
        world=accelerator.num_processes,
    )
    with _bar(progress and accelerator.is_main_process) as bar:
        task = bar.add_task(
            f"{count_parameters(network) / 1e6:.2f} M parameters", total=steps, told=""
        )
        bar.update(task, completed=counters["step"])
        running = torch.zeros(len(properties), device=accelerator.device)
        since = 0
        model.train()
        for step, batch in enumerate(batches, start=counters["step"]):
            rate = learning_rate(config, step, steps, steps_an_epoch)
            for group in prepared.param_groups:
                group["lr"] = rate
            loss = _loss(accelerator, model, batch, config)
            prepared.zero_grad(set_to_none=True)
            accelerator.backward(loss.mean())
            if config.gradient_clip:
                accelerator.clip_grad_norm_(model.parameters(), config.gradient_clip)
            prepared.step()
            running += loss.detach()
            since += 1
            if since % 20 == 0:
                lately = _finite("training", _shared(accelerator, running) / since, step, run)
                bar.update(task, completed=step + 1, told=f"loss {lately.mean():.3f}")
            if (step + 1) % every and step + 1 < steps:
                continue
            taught = _finite("training", _shared(accelerator, running) / since, step, run)
            held_out = _validate(accelerator, model, checks, config)
            _finite("validation", held_out, step, run)
            row = {
                "step": step + 1,
                "epoch": round((step + 1) / steps_an_epoch, 3),
                "learning_rate": rate,
                "train_loss": float(taught.mean()),
                "validation_loss": float(held_out.mean()),
                **{p: float(v) for p, v in zip(properties, held_out, strict=True)},
            }
            counters["rows"].append(row)
            counters["step"] = step + 1
            counters["seconds"] = time.monotonic() - begun
            if accelerator.is_main_process:
                _record(run, accelerator, model, prepared, network_config, counters)
            accelerator.wait_for_everyone()
            bar.update(task, told=f"validation {row['validation_loss']:.3f}", completed=step + 1)
            running.zero_()
            since = 0
            model.train()
    return run


def learning_rate(config: TrainConfig, step: int, steps: int, steps_an_epoch: int) -> float:
    """Learning rate of a step: linear warm-up, then cosine to zero, or the paper's two drops."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    if config.schedule == "steps":
        # Epochs 9 and 12 of 13 (Buck & Wolf 2021, training code), scaled to other lengths.
        epoch = step / steps_an_epoch * 13.0 / config.epochs
        return config.learning_rate * 0.1 ** (int(epoch >= 9) + int(epoch >= 12))
    done = (step - config.warmup) / max(1, steps - config.warmup)
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))


def _loss(
    accelerator: Accelerator, model: torch.nn.Module, batch: Batch, config: TrainConfig
) -> torch.Tensor:
    """(P,) loss of a batch."""
    *inputs, truth = batch.to(accelerator.device)
    raw = model(*inputs, raw=True)
    head = accelerator.unwrap_model(model).head
    return painting_loss(head, raw.float(), truth, mean_weight=config.mean_weight)


def _shared(accelerator: Accelerator, loss: torch.Tensor) -> torch.Tensor:
    """Mean over all processes, so that they all see, and judge, the same."""
    mean = accelerator.reduce(loss.clone(), reduction="mean")
    assert isinstance(mean, torch.Tensor)
    return mean


def _finite(kind: str, loss: torch.Tensor, step: int, run: RunDirectory) -> torch.Tensor:
    """The loss, (P,), which must be a number: nothing is learnt after one that is not."""
    if bool(torch.isfinite(loss).all()):
        return loss
    kept = (
        f"its checkpoint and best weights are those before it: `picassso export {run.path}` "
        "writes them"
        if run.best.exists()
        else "it holds no weights yet"
    )
    raise InputError(
        f"{run.path}: the {kind} loss is no number any more, at step {step + 1}; {kept}. Train in "
        "another directory with a lower learning rate, with gradient_clip, or, where the precision "
        "is fp16, with bf16"
    )


@torch.no_grad()
def _validate(
    accelerator: Accelerator, model: torch.nn.Module, checks: ViewSet, config: TrainConfig
) -> torch.Tensor:
    """(P,) mean loss over the validation views; every process sees them all."""
    model.eval()
    total = torch.zeros((), device=accelerator.device)
    seen = 0
    for batch in validation_batches(checks, batch=config.batch, crop=config.crop, seed=config.seed):
        n = len(batch.flux)
        total = total + n * _loss(accelerator, model, batch, config)
        seen += n
    return total / seen


def _record(
    run: RunDirectory,
    accelerator: Accelerator,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    network_config: NetworkConfig,
    counters: dict,
) -> None:
    """Best weights first, then metrics, then the checkpoint that says they are written."""
    network = accelerator.unwrap_model(model)
    row = counters["rows"][-1]
    if row["validation_loss"] < counters["best"]:
        counters["best"] = row["validation_loss"]
        about = {"step": row["step"], "validation_loss": row["validation_loss"]}
        save_weights(network, network_config, run.best, about=about)
    run.write_metrics(counters["rows"])
    save_checkpoint(run.checkpoint, network, optimizer, counters, scaler=accelerator.scaler)


def _agree(
    stores: Iterable[DatasetStore], config: TrainConfig
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Bands and properties that all stores have."""
    first, *others = stores
    for store in others:
        if tuple(store.properties) != tuple(first.properties) or store.survey != first.survey:
            raise InputError(
                f"{store.path} holds {store.survey} {list(store.properties)}, but {first.path} "
                f"holds {first.survey} {list(first.properties)}; train on stores that agree"
            )
    bands = config.bands or tuple(first.bands)
    for store in (first, *others):
        missing = [b for b in bands if b not in store.bands]
        if missing:
            raise InputError(f"{store.path} lacks bands {missing}; it has {list(store.bands)}")
    return bands, tuple(first.properties)


def _check_sizes(config: TrainConfig, stride: int, views: ViewSet) -> None:
    sides = {min(config.crop or side, side) for side in views.sides}
    if len(sides) > 1:
        raise InputError(
            f"frames of {sorted(views.sides)} pixels do not batch together; set crop to at most "
            f"{min(views.sides)}"
        )
    side = sides.pop()
    if side % stride:
        raise InputError(f"images of {side} pixels: crop must be a multiple of {stride}")


def _check_shares(config: TrainConfig, processes: int) -> None:
    if config.batch % processes:
        raise InputError(
            f"train config: batch is {config.batch}, expected a multiple of the {processes} "
            f"processes that share it; set batch to {-(-config.batch // processes) * processes}"
        )


def _optimizer(network: torch.nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)


def _bar(show: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
        disable=not show,
    )
