"""Accuracy of `compact_unet` against the reference network, on the same data.

    picassso mock --synthetic 600 --seed 11 --framing paper --pixels 64 -o small.zarr
    python benchmarks/accuracy.py small.zarr -o accuracy --epochs 40

Trains, calibrates and scores four contenders: both networks, each with this package's recipe
(stretch, head, loss, optimizer, schedule, augmentation) and with the paper's. The paper's stretch,
which holds no conditions, is left to its own network: `compact_unet` is told its conditions and
keeps its stretch. Runs resume. A comparison counts only
where all validation losses have flattened: the last line of each says by how much it still fell
over the last quarter of its run and ended above its least, and `loss_<contender>.png` shows it. At
64 pixels on a CPU the table is provisional.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from picassso.figures import save_figure, training_curve
from picassso.studies import evaluate
from picassso.studies.experiments.runs import end_above_least, late_fall, loss_curve
from picassso.training import TrainConfig, export, train

CONTENDERS = {
    "compact_unet": {"architecture": "compact_unet"},
    "compact_unet_paper_recipe": {
        "recipe": "paper",
        "architecture": "compact_unet",
        "stretch": "asinh",
    },
    "paper_unet": {"architecture": "paper_unet", "learning_rate": 3e-4},
    "paper_unet_paper_recipe": {"recipe": "paper"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("accuracy"))
    parser.add_argument("--epochs", type=float, default=40.0)
    parser.add_argument("--only", choices=sorted(CONTENDERS), action="append")
    parser.add_argument("--precision", choices=["no", "bf16"], default="no")
    parser.add_argument("--cpu", action="store_true", help="do not use a GPU")
    options = parser.parse_args()
    for name in options.only or CONTENDERS:
        config = TrainConfig.resolve(
            **CONTENDERS[name], epochs=options.epochs, crop=0, precision=options.precision
        )
        run = train(options.store, output=options.output / name, config=config, cpu=options.cpu)
        weights, _ = export(run.path, output=options.output / f"{name}.onnx")
        evaluate(weights, options.store, output=options.output / f"{name}_test")
        save_figure(training_curve(run.metrics), options.output / f"loss_{name}.png")
        _, losses = loss_curve(run.metrics)
        print(
            f"{name}: validation loss still fell by {late_fall(losses):.4f}, and ended "
            f"{end_above_least(losses):.4f} above its least"
        )


if __name__ == "__main__":
    main()
