"""Memory of painting a large frame: read, paint, write the maps, draw the sheet.

    python benchmarks/memory.py [--side 3000]

Prints the largest anonymous memory (Linux's RssAnon: what cannot be given back to a file) and the
time of each step. `TMPDIR` names the folder that takes the temporary files; one held in memory
(tmpfs) would count for nothing here.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits

from picassso.archive.fits import read_image, write_maps
from picassso.figures import painting_sheet, save_figure
from picassso.painting import load_weights, paint_image

COLOURS = (0.25, 0.6, 1.0, 1.3, 1.5)
NOISE = 0.2  # nanomaggy arcsec^-2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=3000, help="of the frame [pixels]")
    side = parser.parse_args().side
    weights = load_weights(None)
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.fits"
        write_frame(frame, side)
        with step("read"):
            image = read_image(frame)
        with step("paint"):
            maps = paint_image(image, weights)
        with step("write"):
            write_maps(maps, Path(folder) / "maps.fits")
        with step("sheet"):
            save_figure(painting_sheet(image, maps), Path(folder) / "sheet.png")


def write_frame(path: Path, side: int) -> None:
    """A disc on a noisy sky, written band by band: memory made here would hide that of painting."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:side, :side]
    radius = np.hypot(x - side / 2, (y - side / 2) / 0.6).astype(np.float32)
    light = 40.0 * np.exp(-radius / 60.0)
    header = fits.Header({"BUNIT": "nmgy arcsec-2", "REDSHIFT": 0.05, "BANDS": "ugriz"})
    header = fits.PrimaryHDU(header=header).header
    header["BITPIX"], header["NAXIS"] = -32, 3
    for axis, length in enumerate((side, side, len(COLOURS)), 1):
        header.insert(axis + 2, (f"NAXIS{axis}", length))
    hdu = fits.StreamingHDU(path, header)
    for colour in COLOURS:
        sky = NOISE * rng.standard_normal((side, side), dtype=np.float32)
        hdu.write((colour * light + sky).astype(">f4"))
    hdu.close()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the peak of anonymous memory, and the time, of what is done inside."""
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.005):
            peak = max(peak, anonymous())

    before, start = anonymous(), time.perf_counter()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()
    print(
        f"{name:6s} peak {peak / 1024:6.0f} MiB, {before / 1024:.0f} MiB of it before, "
        f"{time.perf_counter() - start:.1f} s",
        flush=True,
    )


def anonymous() -> int:
    """Anonymous memory of this process [KiB]."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise SystemExit("memory.py needs Linux: /proc/self/status has no RssAnon")


if __name__ == "__main__":
    main()
