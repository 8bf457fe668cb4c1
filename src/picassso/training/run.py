"""The run directory: resolved config, manifest, metrics, checkpoint, best weights."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picassso import __version__
from picassso.core import InputError, remove_partial_files, write_text
from picassso.training.config import LoopConfig

__all__ = ["AUTOENCODER", "RunDirectory"]

AUTOENCODER = "autoencoder"
"""Under this name the data of a run hold the fingerprint of the autoencoder, if there is one."""


@dataclass(frozen=True)
class RunDirectory:
    """Paths of a run, and what is read and written there beside checkpoints.

    Parameters
    ----------
    path : Path
        The directory.
    """

    path: Path

    @property
    def checkpoint(self) -> Path:
        """State of the run."""
        return self.path / "checkpoint.safetensors"

    @property
    def best(self) -> Path:
        """Weights with the lowest validation loss."""
        return self.path / "best.safetensors"

    @property
    def autoencoder(self) -> Path:
        """Weights of the autoencoder whose latents are learnt, where there is one."""
        return self.path / f"{AUTOENCODER}.safetensors"

    @property
    def metrics(self) -> Path:
        """A row a validation."""
        return self.path / "metrics.csv"

    @property
    def manifest(self) -> Path:
        """Config, data, versions."""
        return self.path / "run.json"

    def begin(self, config: LoopConfig, data: Mapping[str, str]) -> None:
        """Write the manifest of a new run; of one that `check` finds begun, leave it.

        Parameters
        ----------
        config : LoopConfig
            Of the task.
        data : mapping of str to str
            Where what is learnt from lies, from any folder, and its fingerprint.
        """
        if self.manifest.exists():
            remove_partial_files(self.path)
            return
        self.path.mkdir(parents=True, exist_ok=True)
        manifest = {**_described(config, data), "version": __version__, "versions": _versions()}
        write_text(self.manifest, json.dumps(manifest, indent=2))

    def read_manifest(self) -> dict[str, Any]:
        """Task, config, data and versions of the run; InputError if they cannot be read."""
        try:
            found = json.loads(self.manifest.read_text())
            parts = {"config": dict(found["config"]), "data": dict(found["data"])}
            # There was one task alone when the manifest did not name it.
            return {"task": "maps", **found, **parts}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.manifest}: not the manifest of a run ({error}); restore it, or train in "
                "another directory"
            ) from error

    def check(self, config: LoopConfig, data: Mapping[str, str]) -> None:
        """Check that the directory is free, or holds this very run.

        Raises
        ------
        InputError
            If it holds a run of another task, another config or other data, or something else.
        """
        described = _described(config, data)
        if self.manifest.exists():
            found = self.read_manifest()
            if found["task"] != config.task:
                raise InputError(
                    f"{self.path} holds a run of the task {found['task']!r}, not of "
                    f"{config.task!r}; choose another directory, or that task to resume"
                )
            # A key that the run does not know yet had no other choice then than its default.
            before = {**type(config)().model_dump(mode="json"), **found["config"]}
            differ = [
                f"{k} was {before[k]!r}, now {v!r}"
                for k, v in described["config"].items()
                if before[k] != v
            ]
            # Their order too: it decides which views make a batch.
            if list(found["data"].values()) != list(described["data"].values()):
                differ.append("the data, or their order, differ")
            if differ:
                raise InputError(
                    f"{self.path} holds a run of another config ({'; '.join(differ)}); "
                    "choose another directory, or the same config to resume"
                )
        elif self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path} is a file; choose another directory for the run")
        elif self.path.exists() and any(self.path.iterdir()):
            raise InputError(f"{self.path} is not empty and holds no run; choose another directory")

    def epochs(self) -> tuple[float, float]:
        """Epochs that are recorded, and those that the run is to have; equal when it is finished.

        Raises
        ------
        InputError
            If the manifest or the metrics cannot be read.
        """
        wanted = float(self.read_manifest()["config"]["epochs"])
        if not self.metrics.exists():
            return 0.0, wanted
        try:
            with self.metrics.open(newline="") as file:
                *_, last = csv.DictReader(file)
            step, epoch = int(last["step"]), float(last["epoch"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.metrics}: not the metrics of a run ({error}); type the command that "
                "trained it again, which writes them anew"
            ) from error
        # A run has a whole number of steps, its epochs need not be one.
        finished = step >= round(wanted * step / epoch)
        return (wanted if finished else epoch), wanted

    def write_metrics(self, rows: list[dict[str, float]]) -> None:
        """Write all rows; the file is whole at any moment."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.metrics, buffer.getvalue())


def _described(config: LoopConfig, data: Mapping[str, str]) -> dict[str, Any]:
    """What makes a run the same run."""
    return {"task": config.task, "config": config.model_dump(mode="json"), "data": dict(data)}


def _versions() -> dict[str, str]:
    import accelerate
    import numpy
    import torch

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "accelerate": accelerate.__version__,
    }
