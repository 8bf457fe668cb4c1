"""One encoder of a study: train it, and let it predict the latents of the test split."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from picassso.archive import DatasetStore
from picassso.core import InputError, write_text
from picassso.networks import AutoencoderConfig, EncoderConfig, count_parameters, load_network
from picassso.studies.experiments.plan import Run
from picassso.studies.experiments.runs import late_fall, loss_curve
from picassso.training import train
from picassso.training.loop import DivergedError
from picassso.training.run import RunDirectory
from picassso.training.spectra.config import SpectrumConfig
from picassso.training.spectra.images import FibreImages

__all__ = ["LATENTS", "TestedLatents", "error_curve", "learn_spectra", "let_go", "read_latents"]

LATENTS = "latent_"
"""How the names of latents begin, in metrics and tables."""


@dataclass(frozen=True, slots=True)
class TestedLatents:
    """Latents of the N views of a test, in standard deviations of the autoencoder's population.

    Parameters
    ----------
    galaxy_id : (N,) array of str
        Whom each view shows.
    true, predicted : (N, K) array
        Of the noise-free spectrum, and as the network says.
    """

    galaxy_id: NDArray[np.str_]
    true: NDArray[np.float64]
    predicted: NDArray[np.float64]

    @property
    def squares(self) -> NDArray[np.float64]:
        """(N, K) squared errors."""
        return np.square(self.predicted - self.true)


def learn_spectra(run: Run, *, cpu: bool) -> dict[str, float]:
    """Train an encoder, and test it where it is one of those compared.

    Returns
    -------
    dict of str to float
        ``validation_loss``, the mean squared error of the latents on the validation split, of the
        weights that were kept; ``late_fall`` of the least such error; ``seconds`` of training;
        ``parameters``. Of a tuning run whose loss diverged, infinity and NaN.

    Raises
    ------
    InputError
        As `picassso.train` does.
    """
    from picassso.figures import save_figure, training_curve

    try:
        trained = train(
            run.store,
            output=run.folder / "run",
            config=run.training,
            autoencoder=run.autoencoder,
            cpu=cpu,
            progress=False,
        )
    except DivergedError:
        if run.tested:
            raise
        return {"validation_loss": np.inf, "late_fall": np.nan}
    if run.tested:
        _test(run, trained, cpu=cpu)
    save_figure(training_curve(trained.metrics), run.folder / "loss.png")
    _, errors = error_curve(run.folder)
    _, losses = loss_curve(trained.metrics)
    network, *_ = load_network(trained.best, EncoderConfig)
    return {
        "validation_loss": float(errors[np.argmin(losses)]),
        "late_fall": late_fall(errors),
        "seconds": _seconds(trained),
        "parameters": count_parameters(network),
    }


def let_go(run: Run) -> None:
    """Remove what a finished run needs no more: its checkpoint, and weights only tried."""
    trained = RunDirectory(run.folder / "run")
    trained.checkpoint.unlink(missing_ok=True)
    if not run.tested:
        trained.best.unlink(missing_ok=True)


def error_curve(folder: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps of the run in a folder, and the mean squared error of the latents at each, (K,) both.

    On the validation split; whatever loss was minimised.

    Raises
    ------
    InputError
        If the metrics cannot be read.
    """
    return loss_curve(RunDirectory(folder / "run").metrics, parts=LATENTS)


def read_latents(folder: Path) -> TestedLatents:
    """What the network of a run predicted for the test split.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = folder / "latents.csv"
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        true, predicted = (
            np.array([[float(v) for k, v in row.items() if k.startswith(kind)] for row in rows])
            for kind in ("true_", "predicted_")
        )
        if true.ndim != 2 or true.shape != predicted.shape:
            raise ValueError("no latents in it")
        return TestedLatents(np.array([row["galaxy_id"] for row in rows]), true, predicted)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: not the latents of a test ({error}); remove the folder {folder} and run the "
            "study again"
        ) from None


def _seconds(trained: RunDirectory) -> float:
    """How long a run has been trained, all its starts together, as its checkpoint knows."""
    with safe_open(str(trained.checkpoint), framework="pt") as file:
        return float(json.loads(file.metadata()["counters"])["seconds"])


@torch.no_grad()
def _test(run: Run, trained: RunDirectory, *, cpu: bool) -> None:
    """Write ``latents.csv``: a line a view of the test split."""
    assert isinstance(run.training, SpectrumConfig)
    network, config, _ = load_network(trained.best, EncoderConfig)
    autoencoder, its_config, _ = load_network(trained.autoencoder, AutoencoderConfig)
    images = FibreImages(
        [DatasetStore.open(run.store)],
        "test",
        autoencoder=autoencoder,  # type: ignore[arg-type]
        config=run.training,
        bands=config.bands,
    )
    device = "cpu" if cpu or not torch.cuda.is_available() else "cuda"
    network.to(device)
    predicted = [
        network(*(tensor.to(device) for tensor in inputs)).mean.cpu()
        for *inputs, _ in images.batches(seed=run.evaluation_seed)
    ]
    latents = its_config.latents
    found = torch.cat(predicted)[:, :latents].double().numpy()
    write_text(run.folder / "latents.csv", _table(images, images.target[:, :latents], found))


def _table(images: FibreImages, true: NDArray[Any], predicted: NDArray[Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [f"{LATENTS}{k}" for k in range(true.shape[1])]
    columns = [f"{kind}_{name}" for kind in ("true", "predicted") for name in names]
    writer.writerow(["galaxy_id", "row", *columns])
    for (galaxy, row), *numbers in zip(_views(images), true, predicted, strict=True):
        writer.writerow([galaxy, row, *(f"{n:.6g}" for n in np.concatenate(numbers))])
    return out.getvalue()


def _views(images: FibreImages) -> Iterator[tuple[str, int]]:
    """Galaxy and row of the store of each view, in their order."""
    for number, k in images.views.order:
        part = images.views.parts[number]
        row = int(part.rows[k])
        yield str(part.store.table["galaxy_id"][row]), row
