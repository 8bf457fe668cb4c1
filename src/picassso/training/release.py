"""From a run to weights that paint: calibrate, then write ONNX and safetensors."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from picassso import __version__
from picassso.archive import DatasetStore
from picassso.core import InputError, output_folder
from picassso.networks import NetworkConfig, export_onnx, load_weights, save_weights
from picassso.training.calibrate import calibrate
from picassso.training.run import RunDirectory

__all__ = ["export"]


def export(
    run: str | Path,
    *,
    output: str | Path,
    stores: Sequence[str | Path] | None = None,
    licence: str = "BSD-3-Clause",
) -> tuple[Path, Path]:
    """Calibrate the best weights of a run and write them for painting.

    Parameters
    ----------
    run : path
        Run directory made by `picassso.train`.
    output : path
        Of the ONNX file; the same network goes beside it as safetensors. A name that ends in
        neither ``.onnx`` nor ``.safetensors`` gets these appended.
    stores : sequence of path, optional
        Where the run's stores lie now, if they were moved; they must be the same data.
    licence : str
        Of the weights.

    Returns
    -------
    onnx, safetensors : Path
        The files written.

    Raises
    ------
    InputError
        If the run holds no weights yet, its data are not to be found, or `output` cannot be
        written.
    """
    folder = RunDirectory(Path(run))
    if not folder.best.exists():
        raise InputError(f"{run}: no best.safetensors; train it with `picassso train` first")
    manifest = folder.read_manifest()
    moved = [p for p in manifest["data"] if not Path(p).exists()]
    if moved and not stores:
        raise InputError(
            f"{run}: its data are no longer at {', '.join(moved)}; say where they are: "
            "picassso export ... --store PATH (once for each store)"
        )
    opened = [DatasetStore.open(p) for p in (stores or manifest["data"])]
    if sorted(s.fingerprint for s in opened) != sorted(manifest["data"].values()):
        raise InputError(f"{run}: the stores given are not the data that it was trained on")
    onnx, safetensors = _twins(Path(output))
    with output_folder(onnx.parent):
        network, found = load_weights(folder.best)
        config = NetworkConfig.from_dict(found["config"])
        learnt = manifest["config"]
        calibration = calibrate(
            network,
            opened,
            bands=config.bands,
            grey=learnt.get("grey", False),
            shuffled=learnt.get("shuffled", False),
        )
        about = {
            "name": onnx.stem,
            "survey": opened[0].survey,
            "training_range": _training_range(
                opened, bands=config.bands, noise_range=learnt["noise_range"]
            ),
            "calibration": calibration.totals,
            "pixel_calibration": {k: v for k, v in asdict(calibration).items() if k != "totals"},
            "data_fingerprint": "+".join(sorted(s.fingerprint for s in opened)),
            "synthetic_seeds": _synthetic_seeds(opened),
            "train_config": learnt,
            "step": found["step"],
            "validation_loss": found["validation_loss"],
            "licence": licence,
            "version": __version__,
            "created": datetime.datetime.now(datetime.UTC).date().isoformat(),
        }
        save_weights(network, config, safetensors, about=about)
        export_onnx(network, config, onnx, about=about)
    return onnx, safetensors


def _twins(output: Path) -> tuple[Path, Path]:
    """Paths of both files; a dot in the name that is none of their suffixes belongs to it."""
    known = output.suffix in (".onnx", ".safetensors")
    base = output.stem if known else output.name
    twins = output.with_name(f"{base}.onnx"), output.with_name(f"{base}.safetensors")
    for path in twins:
        if path.is_dir():
            raise InputError(f"{path}: is a folder, expected the name of a file; choose another")
    return twins


def _synthetic_seeds(stores: Sequence[DatasetStore]) -> list[int]:
    """Seeds of the synthetic universes learnt from: no galaxy of them is a fair test.

    A galaxy depends on the seed and its number alone, and how the galaxies of a store are split
    depends on how many it holds: the test galaxies of another store of the same seed were trained
    on, four in five of them.
    """
    return sorted({int(s.config["seed"]) for s in stores if "synthetic" in s.config})


def _training_range(
    stores: Sequence[DatasetStore], *, bands: Sequence[str], noise_range: tuple[float, float]
) -> dict[str, list[float]]:
    """Extremes in the training split of the conditions, and by band of noise and brightness."""
    seen: dict[str, list[np.ndarray]] = defaultdict(list)
    total = sum(len(store.indices("train")) for store in stores)
    for store in stores:
        rows = store.indices("train")
        table = store.table
        seen["redshift"].append(table["redshift"][rows])
        seen["kpc_per_pixel"].append(table["kpc_per_pixel"][rows])
        fwhm = table["psf_fwhm"][rows] / table["pixel_scale"][rows, None]
        seen["psf_fwhm_pixels"].append(fwhm.ravel())
        # A real sky is seen with its own noise alone.
        factors = (1.0, 1.0) if store.real_sky else noise_range
        some = rows[:: max(1, total // _BRIGHTNESS_SAMPLE)]
        brightest = np.array([store.flux_of(int(row)).max(axis=(1, 2)) for row in some])
        for band in bands:
            channel = store.bands.index(band)
            noise = table["noise"][rows, channel]
            seen[f"noise_{band}"] += [factor * noise for factor in factors]
            seen[f"brightest_{band}"].append(brightest[:, channel])
    return {
        k: [float(min(v.min() for v in values)), float(max(v.max() for v in values))]
        for k, values in seen.items()
    }


_BRIGHTNESS_SAMPLE = 1000
"""Images whose brightest pixels are looked up, which takes some seconds."""
