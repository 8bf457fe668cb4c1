"""The training loop, on one page: the same for every task."""

from __future__ import annotations

import math
import time

import torch
from accelerate import Accelerator
from accelerate.utils import send_to_device
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from picassso.core import InputError
from picassso.networks import count_parameters
from picassso.training.checkpoints import load_checkpoint, save_checkpoint
from picassso.training.config import LoopConfig
from picassso.training.run import RunDirectory
from picassso.training.task import Task

__all__ = ["DivergedError", "fit", "learning_rate"]


class DivergedError(InputError):
    """The loss is no number any more."""


def fit(
    task: Task,
    config: LoopConfig,
    *,
    run: RunDirectory,
    accelerator: Accelerator,
    progress: bool = True,
) -> None:
    """Teach the network of a task, or go on with a run that was cut off.

    Parameters
    ----------
    task : Task
        What is to be learnt.
    config : LoopConfig
        That of the task, or the part of it that all tasks share.
    run : RunDirectory
        That has begun. If it holds a checkpoint, training goes on from there.
    accelerator : Accelerator
        Of the config's precision; its processes share each batch.
    progress : bool
        Show a progress bar.

    Raises
    ------
    DivergedError
        If the loss is no number any more: the last checkpoint and the best weights stay as they
        are.
    """
    network = task.network
    model, optimizer = accelerator.prepare(network, _optimizer(network, config))
    steps_an_epoch = max(1, len(task) // config.batch)
    steps = max(1, round(config.epochs * steps_an_epoch))
    every = max(1, math.ceil(steps / config.checkpoints))
    counters: dict = {"step": 0, "best": math.inf, "rows": [], "seconds": 0.0}
    if run.checkpoint.exists():
        counters = load_checkpoint(
            run.checkpoint, accelerator.unwrap_model(model), optimizer, scaler=accelerator.scaler
        )
    begun = time.monotonic() - counters["seconds"]

    batches = task.batches(
        counters["step"], steps, rank=accelerator.process_index, world=accelerator.num_processes
    )
    with _bar(progress and accelerator.is_main_process) as bar:
        shown = bar.add_task(
            f"{count_parameters(network) / 1e6:.2f} M parameters", total=steps, told=""
        )
        bar.update(shown, completed=counters["step"])
        running = torch.zeros(len(task.parts), device=accelerator.device)
        since = 0
        model.train()
        for step, batch in enumerate(batches, start=counters["step"]):
            rate = learning_rate(config, step, steps, steps_an_epoch)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = _loss(task, accelerator, model, batch)
            optimizer.zero_grad(set_to_none=True)
            accelerator.backward(task.total(loss))
            if config.gradient_clip:
                accelerator.clip_grad_norm_(model.parameters(), config.gradient_clip)
            optimizer.step()
            running += loss.detach()
            since += 1
            if since % 20 == 0:
                lately = _finite("training", _shared(accelerator, running) / since, step, run)
                bar.update(shown, completed=step + 1, told=f"loss {task.total(lately):.3f}")
            if (step + 1) % every and step + 1 < steps:
                continue
            taught = _finite("training", _shared(accelerator, running) / since, step, run)
            held_out = _finite("validation", _validate(task, accelerator, model), step, run)
            row = {
                "step": step + 1,
                "epoch": round((step + 1) / steps_an_epoch, 3),
                "learning_rate": rate,
                "train_loss": float(task.total(taught)),
                "validation_loss": float(task.total(held_out)),
                **{p: float(v) for p, v in zip(task.parts, held_out, strict=True)},
            }
            counters["rows"].append(row)
            counters["step"] = step + 1
            counters["seconds"] = time.monotonic() - begun
            if accelerator.is_main_process:
                _record(run, task, accelerator, model, optimizer, counters)
            accelerator.wait_for_everyone()
            bar.update(shown, told=f"validation {row['validation_loss']:.3f}", completed=step + 1)
            running.zero_()
            since = 0
            model.train()


def learning_rate(config: LoopConfig, step: int, steps: int, steps_an_epoch: int) -> float:
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
    task: Task, accelerator: Accelerator, model: torch.nn.Module, batch: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """(P,) parts of the loss of a batch."""
    return task.loss(model, send_to_device(batch, accelerator.device, non_blocking=True))


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
    raise DivergedError(
        f"{run.path}: the {kind} loss is no number any more, at step {step + 1}; {kept}. Train in "
        "another directory with a lower learning rate, with gradient_clip, or, where the precision "
        "is fp16, with bf16"
    )


@torch.no_grad()
def _validate(task: Task, accelerator: Accelerator, model: torch.nn.Module) -> torch.Tensor:
    """(P,) mean loss over the validation split; every process sees all of it."""
    model.eval()
    total = torch.zeros((), device=accelerator.device)
    seen = 0
    for batch in task.checks():
        n = len(batch[0])
        total = total + n * _loss(task, accelerator, model, batch)
        seen += n
    return total / seen


def _record(
    run: RunDirectory,
    task: Task,
    accelerator: Accelerator,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    counters: dict,
) -> None:
    """Best weights first, then metrics, then the checkpoint that says they are written."""
    network = accelerator.unwrap_model(model)
    row = counters["rows"][-1]
    if row["validation_loss"] < counters["best"]:
        counters["best"] = row["validation_loss"]
        about = {"step": row["step"], "validation_loss": row["validation_loss"]}
        task.save(network, run.best, about=about)
    run.write_metrics(counters["rows"])
    save_checkpoint(run.checkpoint, network, optimizer, counters, scaler=accelerator.scaler)


def _optimizer(network: torch.nn.Module, config: LoopConfig) -> torch.optim.Optimizer:
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
