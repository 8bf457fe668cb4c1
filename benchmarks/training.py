"""Training speed: images per second of both networks, and what the data loader alone can give.

    python benchmarks/training.py [STORE] [--side 128] [--batch 8] [--repeats 3]

Without a store, a toy store of random maps is made: speed does not depend on what is in it. The
networks and the loader take turns in one run; medians are printed. A GPU is used where there is
one.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from picassso.archive import DatasetStore
from picassso.core import PROPERTY_NAMES
from picassso.networks import build, count_parameters
from picassso.training.data import Batch, ViewSet, training_batches
from picassso.training.losses import painting_loss

STEPS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", nargs="?", type=Path)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with tempfile.TemporaryDirectory() as folder:
        store = DatasetStore.open(options.store or toy_store(Path(folder), options.side))
        views = ViewSet([store], "train", bands=store.bands)

        def batches(count: int) -> list[Batch]:
            drawn = training_batches(
                views,
                batch=options.batch,
                crop=options.side,
                seed=0,
                start=0,
                stop=count,
                augment=True,
                fresh_noise=True,
                noise_range=(0.5, 1.5),
            )
            return [b.to(device) for b in drawn]

        batch = batches(1)[0]
        contenders: dict[str, Callable[[], object]] = {"data loader alone": lambda: batches(STEPS)}
        for name in ("compact_unet", "paper_unet"):
            for precision in ("float32", "bfloat16"):
                contenders[f"{name} {precision}"] = trainer(name, precision, batch, device)
        report(contenders, options.repeats, options.batch, device)


def trainer(name: str, precision: str, batch: Batch, device: torch.device) -> Callable[[], object]:
    """A function that takes some training steps."""
    network = build(name).to(device).train()
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters())
    *inputs, truth = batch
    print(f"{name}: {count_parameters(network) / 1e6:.2f} M parameters")

    def steps() -> None:
        for _ in range(STEPS if name == "compact_unet" else 1):
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                raw = network(*inputs, raw=True)
            optimizer.zero_grad()
            painting_loss(network.head, raw.float(), truth, mean_weight=0.1).mean().backward()
            optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return steps


def report(
    contenders: dict[str, Callable[[], object]], repeats: int, batch: int, device: torch.device
) -> None:
    """Time all in turn, and print medians."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(repeats):
        for name, run in contenders.items():
            begun = time.perf_counter()
            run()
            steps = 1 if name.startswith("paper") else STEPS
            seconds[name].append((time.perf_counter() - begun) / steps)
    print(f"device: {device}, threads: {torch.get_num_threads()}, batch: {batch}")
    reference = statistics.median(seconds["paper_unet float32"])
    for name, values in seconds.items():
        median = statistics.median(values)
        print(
            f"{name:24s} {median * 1e3:9.1f} ms a step {batch / median:9.1f} images/s "
            f"{reference / median:7.1f} x paper_unet float32"
        )


def toy_store(folder: Path, side: int) -> Path:
    """A store of random maps."""
    rng = np.random.default_rng(0)
    store = DatasetStore.create(
        folder / "toy.zarr",
        config={"toy": side},
        galaxies=20,
        views=4,
        shape=(side, side),
        survey="sdss",
        bands="ugriz",
        properties=PROPERTY_NAMES,
    )
    for galaxy in range(20):
        rows = [
            {
                "galaxy_id": f"toy-{galaxy}",
                "galaxy": galaxy,
                "view": view,
                "stellar_mass": rng.uniform(9, 11),
                "redshift": 0.05,
                "pixel_scale": 0.4,
                "kpc_per_pixel": 0.4,
                "noise": [0.1] * 5,
                "psf_fwhm": [1.2] * 5,
            }
            for view in range(4)
        ]
        store.write_galaxy(
            galaxy,
            flux=rng.lognormal(size=(4, 5, side, side)).astype(np.float32),
            maps=rng.lognormal(15, size=(4, len(PROPERTY_NAMES), side, side)).astype(np.float32),
            rows=rows,
        )
    store.finalise()
    return store.path


if __name__ == "__main__":
    main()
