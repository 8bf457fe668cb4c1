"""Paint the mock galaxy that comes with the package, and show the truth beside it.

The galaxy is of the test split: the shipped weights have not seen it. Run with `make demo`, or
with ``python examples/demo.py -o out`` where PICASSSO is installed; it needs no torch.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Console
from rich.table import Table

import picassso
from picassso.archive import read_image, read_maps
from picassso.core import InputError, Maps, PicasssoError
from picassso.figures import comparison_sheet, painting_sheet, save_figure


def main() -> int:
    """Paint, draw, print; exit code 0, or 2 after one clear message."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("out"), help="folder to write to")
    folder = parser.parse_args().output
    try:
        with as_file(files("picassso") / "painting" / "demo") as bundled:
            if not (bundled / "galaxy.fits").is_file():
                raise InputError(
                    f"{bundled}: the demo galaxy is missing; make it with "
                    "examples/make_demo_galaxy.py, or install the package anew"
                )
            truth = read_maps(bundled / "galaxy_truth.fits.gz")
            image = replace(read_image(bundled / "galaxy.fits"), galaxy_id=truth.galaxy_id)
        painted = picassso.paint(image)
        written = [
            save_figure(comparison_sheet(image, truth, painted), folder / "demo.png"),
            save_figure(painting_sheet(image, painted), folder / "demo_painting.png"),
        ]
    except PicasssoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    show_totals(truth, painted)
    print("written:", *written)
    return 0


def show_totals(truth: Maps, painted: Maps) -> None:
    """Print true and painted totals over the frame."""
    table = Table(title=f"Totals of {truth.galaxy_id} over the frame", title_justify="left")
    for heading in ("property", "unit", "true", "painted median (68% interval)", "inside"):
        table.add_column(heading, justify="left" if heading in ("property", "unit") else "right")
    for total in painted.totals:
        if total.region != "frame" or total.property not in truth.properties:
            continue
        true = truth.total(total.property)
        interval = f"{total.p50:.3g} ({total.p16:.3g} to {total.p84:.3g})"
        inside = "yes" if total.p16 <= true <= total.p84 else "no"
        table.add_row(total.property, total.unit, f"{true:.3g}", interval, inside)
    Console(highlight=False).print(table)
    print("inside: whether the 68% interval holds the truth; right intervals do in two of three")


if __name__ == "__main__":
    sys.exit(main())
