"""Time and check the projection of particles against py-sphviewer2 and swiftsimio.

Run ``python benchmarks/projection.py`` with both installed (pip install py-sphviewer2 swiftsimio).

1. Twelve fields (5 bands + 7 maps) on 512 x 512 pixels, smoothing lengths given, for a disc with a
   bulge: medians of repeats that take turns, so that all share the machine's moods; by the clock,
   and of CPU time, the fairer on a busy machine.
2. Errors at 128 x 128, relative L1, each against direct summation of its own kernel integrated over
   pixels: the Gaussian exactly, the others' kernels by dense sampling.
3. Peak memory of each, in processes of their own.

What the neighbour search before it and a whole galaxy take is in ``benchmarks/mock_galaxy.py``.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from picassso.observatory import project, smoothing_lengths
from picassso.observatory.projection import SIGMA_PER_RADIUS

EXTENT = 60.0
FIELDS = 12
PEERS = ("py-sphviewer2", "swiftsimio nested")


def disc_and_bulge(n: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Positions [kpc]: exponential disc of 3 kpc; for one in five, a Hernquist bulge of 1 kpc."""
    rng = np.random.default_rng(seed)
    n_bulge = n // 5
    radius, azimuth = rng.gamma(2.0, 3.0, n - n_bulge), rng.uniform(0, 2 * np.pi, n - n_bulge)
    height = rng.laplace(0.0, 0.3, n - n_bulge)
    disc = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)
    root = np.sqrt(rng.uniform(0.0, 0.9, n_bulge))
    direction = rng.normal(size=(n_bulge, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    bulge = direction * (root / (1.0 - root))[:, None]
    return rng.permutation(np.concatenate([disc, bulge])).astype(np.float32)


def ours(position, radius, weights, pixels):
    """PICASSSO."""
    return project(position[:, :2], radius, weights, extent=EXTENT, pixels=pixels)


def sphviewer(position, radius, weights, pixels):
    """py-sphviewer2, a projection a field, on as many threads as there are cores."""
    import sphviewer2

    threads = len(os.sched_getaffinity(0))
    maps = []
    for field in weights.T:
        camera = sphviewer2.Camera(
            Lbox=EXTENT, xc=0.0, yc=0.0, zc=0.0, periodic=False, r_max=int(np.log2(pixels))
        )
        projector = sphviewer2.Projector(camera)
        projector.project(sphviewer2.Particles(*position.T, radius, field), num_threads=threads)
        maps.append(np.asarray(projector.collapse()))
    return np.stack(maps)


def swiftsimio(position, radius, weights, pixels):
    """swiftsimio's nested backend, a projection a field, on all threads."""
    from swiftsimio.visualisation.projection_backends.nested import scatter_parallel

    x, y = position[:, :2].T.astype(np.float64) / EXTENT + 0.5
    h = radius / np.float32(EXTENT)
    fields = [scatter_parallel(x=x, y=y, m=m, h=h, res=pixels) for m in weights.T]
    return np.stack(fields).transpose(0, 2, 1)  # its first axis is x


METHODS: dict[str, Callable] = {
    "picassso": ours,
    "py-sphviewer2": sphviewer,
    "swiftsimio nested": swiftsimio,
}


@numba.njit(cache=True)
def gaussian_sum(x, y, sigma, pixels):
    """Direct summation of uncut Gaussians integrated over pixels."""
    out = np.zeros((pixels, pixels))
    edge_x, edge_y = np.empty(pixels + 1), np.empty(pixels + 1)
    for i in range(len(x)):
        reach = 7.0 * sigma[i] + 1.0
        left, right = max(0, int(x[i] - reach)), min(pixels, int(x[i] + reach) + 1)
        low, high = max(0, int(y[i] - reach)), min(pixels, int(y[i] + reach) + 1)
        k = 1.0 / (sigma[i] * np.sqrt(2.0))
        for j in range(left, right + 1):
            edge_x[j] = 0.5 * math.erf((j - x[i]) * k)
        for j in range(low, high + 1):
            edge_y[j] = 0.5 * math.erf((j - y[i]) * k)
        for row in range(low, high):
            for column in range(left, right):
                out[row, column] += (edge_y[row + 1] - edge_y[row]) * (
                    edge_x[column + 1] - edge_x[column]
                )
    return out


@numba.njit(cache=True)
def radial_sum(x, y, support, pixels, wendland):
    """Direct summation of radial kernels, sampled at 24 or more points across their radius."""
    out = np.zeros((pixels, pixels))
    for i in range(len(x)):
        step = min(0.25, support[i] / 24.0)
        n = int(support[i] / step) + 1
        integral = (np.pi / 7.0 if wendland else 2.0 * np.pi / 5.0) * (support[i] / step) ** 2
        for a in range(-n, n + 1):
            for b in range(-n, n + 1):
                dx, dy = (a + 0.5) * step, (b + 0.5) * step
                q2 = (dx * dx + dy * dy) / support[i] ** 2
                column, row = int(np.floor(x[i] + dx)), int(np.floor(y[i] + dy))
                if q2 < 1.0 and 0 <= column < pixels and 0 <= row < pixels:
                    q = np.sqrt(q2)
                    value = (1.0 - q) ** 4 * (1.0 + 4.0 * q) if wendland else (1.0 - q2) ** 1.5
                    out[row, column] += value / integral
    return out


def direct_sum(method: str, position, radius, pixels: int) -> NDArray[np.float64]:
    """Each particle of mass one with the method's own kernel."""
    scale = pixels / EXTENT
    x, y = (position[:, :2].astype(np.float64) * scale + pixels / 2).T
    h = radius.astype(np.float64) * scale
    if method == "picassso":
        return gaussian_sum(x, y, h * SIGMA_PER_RADIUS, pixels)
    if method == "py-sphviewer2":  # found by rendering single particles: (1 - q^2)^1.5, q = r / h
        return radial_sum(x, y, h, pixels, False)
    return radial_sum(x, y, h * 1.897367, pixels, True)  # Wendland C2, its kernel_gamma


def interleaved(
    calls: dict[str, Callable[[], object]], repeats: int
) -> dict[str, tuple[float, float]]:
    """Median seconds of each call, by the clock and of CPU; the calls take turns."""
    for call in calls.values():
        call()
    wall: dict[str, list[float]] = {name: [] for name in calls}
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            call()
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - cpu_start)
    return {k: (statistics.median(wall[k]), statistics.median(cpu[k])) for k in calls}


def problem(n: int):
    """Positions, radii and weights of n particles."""
    position = disc_and_bulge(n)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, (n, FIELDS)).astype(np.float32)
    return position, smoothing_lengths(position), weights


def speed(given, n: int, repeats: int) -> None:
    """Time all methods side by side."""
    position, radius, weights = given
    for fields in (1, FIELDS):
        own = np.ascontiguousarray(weights[:, :fields])
        calls = {k: lambda m=m, w=own: m(position, radius, w, 512) for k, m in METHODS.items()}
        median = interleaved(calls, repeats)
        for clock, seconds in enumerate(("seconds", "seconds of CPU")):
            ratio = min(median[p][clock] for p in PEERS) / median["picassso"][clock]
            print(
                f"{n} particles, {fields} fields, 512 x 512, {seconds}: "
                + ", ".join(f"{k} {v[clock]:.3f}" for k, v in median.items())
                + f"; {ratio:.2f} x as fast as the faster peer",
                flush=True,
            )


def accuracy(given, n: int) -> None:
    """Relative L1 error of all methods at 128 x 128."""
    position, radius, _ = given
    ones = np.ones((n, 1), np.float32)
    for name, method in METHODS.items():
        exact = direct_sum(name, position, radius, 128)
        got = method(position, radius, ones, 128)[0].astype(np.float64)
        if name != "picassso":
            got *= (EXTENT / 128) ** 2 if name == "py-sphviewer2" else 1.0 / 128**2
        error = np.abs(got - exact).sum() / exact.sum()
        mass = got.sum() / exact.sum() - 1.0
        print(
            f"{n} particles, 128 x 128: {name}: L1 error {error:.1e}, mass error {mass:+.1e}",
            flush=True,
        )


def _peak_kilobytes() -> int:
    """Peak resident memory of this process (getrusage would count its parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def _peak_memory(name: str, path: str, pixels: int, queue) -> None:
    with np.load(path) as given:
        arrays = [given[k] for k in ("position", "radius", "weights")]
    METHODS[name](*(a[:100] for a in arrays), pixels)  # imports and compilation are not counted
    before = _peak_kilobytes()
    METHODS[name](*arrays, pixels)
    queue.put((before, _peak_kilobytes()))


def memory(given, n: int) -> None:
    """Peak resident memory of a process that projects once."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "particles.npz")
        np.savez(path, **dict(zip(("position", "radius", "weights"), given, strict=True)))
        for name in METHODS:
            queue = context.Queue()
            process = context.Process(target=_peak_memory, args=(name, path, 512, queue))
            process.start()
            before, peak = queue.get()
            process.join()
            print(
                f"{n} particles, {FIELDS} fields: {name}: peak memory {peak / 2**20:.2f} GiB, "
                f"{before / 2**20:.2f} GiB of it before the projection"
            )


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--particles", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    for n in chosen.particles:
        start = time.perf_counter()
        given = problem(n)
        print(f"{n} particles: neighbour search {time.perf_counter() - start:.2f} s", flush=True)
        speed(given, n, chosen.repeats)
        accuracy(given, n)
        memory(given, n)


if __name__ == "__main__":
    main()
