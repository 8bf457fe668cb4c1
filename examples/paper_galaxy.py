"""One pass of the reference network over a mock of its own training set, and the mock as a figure.

Reads the mocks of Buck & Wolf (2021) in a data folder (``illustris_mock/*.npz``), sends each once
forward and backward through ``paper_unet`` with the paper's recipe and loss, and draws the image
and the seven true maps. Example::

    python examples/paper_galaxy.py DATA -o paper

The weights are fresh, so the loss says where training starts, not how good the network is. Nothing
is painted: these files state no unit of flux, and the shipped weights need nanomaggies. Needs the
extra ``train``.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from picassso.archive import read_paper_mock
from picassso.core import DEFAULT_COSMOLOGY, GalaxyImage, InputError, Maps, PicasssoError
from picassso.figures import painting_sheet, save_figure
from picassso.networks import build, count_parameters
from picassso.training import TrainConfig
from picassso.training.losses import painting_loss


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass gave: the loss of each property, the norm of the gradient, and the time."""

    losses: dict[str, float]
    gradient_norm: float
    parameters: int
    seconds: float

    @property
    def loss(self) -> float:
        """What training minimises: the mean over properties."""
        return float(np.mean(list(self.losses.values())))


def main() -> int:
    """Read, pass, draw; exit code 0, or 2 after one clear message."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds illustris_mock")
    parser.add_argument("-o", "--output", type=Path, default=Path("paper"))
    parser.add_argument("--seed", type=int, default=0, help="of the fresh weights")
    given = parser.parse_args()
    try:
        run(given.data, folder=given.output, seed=given.seed)
    except PicasssoError as error:
        print(f"paper_galaxy: {error}", file=sys.stderr)
        return 2
    return 0


def run(data: Path, *, folder: Path, seed: int) -> None:
    """Treat all mocks of the data folder.

    Raises
    ------
    InputError
        If the folder holds no mocks, or one cannot be read.
    """
    files = sorted((data / "illustris_mock").glob("*.npz"))
    if not files:
        raise InputError(f"{data}: no illustris_mock/*.npz there; give the folder that holds them")
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        image, truth = read_paper_mock(path)
        print(described(image, one_pass(image, truth, seed=seed)))
        sheet = folder / f"{path.stem}.png"
        named = replace(image, galaxy_id=f"{path.stem}: mock image (flux uncalibrated), true maps")
        save_figure(painting_sheet(named, truth), sheet)
        print(f"written: {sheet}")


def one_pass(image: GalaxyImage, truth: Maps, *, seed: int) -> Pass:
    """One forward and one backward pass of the paper's network, with its recipe and loss."""
    config = TrainConfig.resolve(recipe="paper", seed=seed)
    torch.manual_seed(config.seed)
    network = build(config.network(image.bands, truth.properties)).train()
    kpc_per_pixel = image.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(image.redshift)
    inputs = (image.flux, image.noise, image.psf_fwhm / image.pixel_scale)
    scalars = ([image.redshift], [kpc_per_pixel])
    tensors = [torch.as_tensor(np.asarray(x, np.float32))[None] for x in (*inputs, *scalars)]
    begun = time.perf_counter()
    raw = network(*tensors, raw=True)
    target = torch.as_tensor(truth.cube)[None]
    loss = painting_loss(network.head, raw, target, mean_weight=config.mean_weight)
    loss.mean().backward()
    seconds = time.perf_counter() - begun
    norms = [p.grad.norm() for p in network.parameters() if p.grad is not None]
    return Pass(
        losses=dict(zip(truth.properties, loss.tolist(), strict=True)),
        gradient_norm=float(torch.stack(norms).norm()),
        parameters=count_parameters(network),
        seconds=seconds,
    )


def described(image: GalaxyImage, done: Pass) -> str:
    """The pass in words."""
    lines = [
        f"{image.galaxy_id}: paper_unet, {done.parameters / 1e6:.2f} M fresh parameters, "
        f"{image.shape[1]} x {image.shape[0]} pixels, one pass in {done.seconds:.1f} s",
        f"  loss {done.loss:.4f}, norm of the gradient {done.gradient_norm:.4g}",
        *(f"  {name:<20} {value:9.4f}" for name, value in done.losses.items()),
        *(f"  note: {words}" for words in image.assumptions),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
