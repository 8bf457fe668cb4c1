"""From a run to weights that are used: calibrate, then write ONNX and safetensors."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from picassso import __version__
from picassso.archive import DatasetStore
from picassso.core import InputError, output_folder
from picassso.networks import NetworkConfig, export_onnx, load_weights, save_weights
from picassso.training.calibrate import calibrate
from picassso.training.ranges import training_range
from picassso.training.run import AUTOENCODER, RunDirectory

__all__ = ["Release", "export", "synthetic_seeds"]


@dataclass(frozen=True)
class Release:
    """What a run's weights are made into, and of what.

    Parameters
    ----------
    run : RunDirectory
        Whose best weights they are.
    manifest : dict
        Of the run.
    stores : sequence of DatasetStore
        That it learnt from.
    onnx, safetensors : Path
        Files to write.
    licence : str
        Of the weights.
    half : bool
        Keep large tensors of the ONNX files in half precision.
    """

    run: RunDirectory
    manifest: dict[str, Any]
    stores: Sequence[DatasetStore]
    onnx: Path
    safetensors: Path
    licence: str
    half: bool

    def about(self, found: dict[str, Any], **measured: Any) -> dict[str, Any]:
        """The manifest of the weights: `measured`, and what all of them say.

        Parameters
        ----------
        found : dict
            Manifest of the run's best weights.
        **measured
            What is known of them beside.
        """
        return {
            "name": self.onnx.stem,
            "survey": self.stores[0].survey,
            **measured,
            "data_fingerprint": "+".join(sorted(s.fingerprint for s in self.stores)),
            "synthetic_seeds": synthetic_seeds(self.stores),
            "train_config": self.manifest["config"],
            "step": found["step"],
            "validation_loss": found["validation_loss"],
            **self.signature(),
        }

    def signature(self) -> dict[str, str]:
        """What is said of every file that is written."""
        return {
            "licence": self.licence,
            "version": __version__,
            "created": _today().isoformat(),
        }


def export(
    run: str | Path,
    *,
    output: str | Path,
    stores: Sequence[str | Path] | None = None,
    licence: str = "BSD-3-Clause",
    half: bool = False,
) -> tuple[Path, ...]:
    """Calibrate the best weights of a run and write them for use without torch.

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
    half : bool
        Keep large tensors of the ONNX files in half precision: half the size, weights rounded to
        one part in 2048.

    Returns
    -------
    onnx, safetensors, ... : Path
        The files written. Beside those of the tasks of spectra lies ``decoder.onnx``, which makes
        spectra of latents, and beside an encoder of images ``spectrum_encoder.onnx``, which makes
        latents of spectra.

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
    data = {k: v for k, v in manifest["data"].items() if k != AUTOENCODER}
    moved = [p for p in data if not Path(p).exists()]
    if moved and not stores:
        raise InputError(
            f"{run}: its data are no longer at {', '.join(moved)}; say where they are: "
            "picassso export ... --store PATH (once for each store)"
        )
    opened = [DatasetStore.open(p) for p in (stores or data)]
    if sorted(s.fingerprint for s in opened) != sorted(data.values()):
        raise InputError(f"{run}: the stores given are not the data that it was trained on")
    release = Release(folder, manifest, opened, *_twins(Path(output)), licence, half)
    with output_folder(release.onnx.parent):
        return _writer(manifest["task"])(release)


def _writer(task: str) -> Callable[[Release], tuple[Path, ...]]:
    if task == "maps":
        return _write_painter
    from picassso.training.spectra.release import write_autoencoder, write_encoder

    return {"spectrum-autoencoder": write_autoencoder, "spectrum": write_encoder}[task]


def _write_painter(release: Release) -> tuple[Path, ...]:
    network, found = load_weights(release.run.best)
    config = NetworkConfig.from_dict(found["config"])
    learnt = release.manifest["config"]
    calibration = calibrate(
        network,
        release.stores,
        bands=config.bands,
        grey=learnt.get("grey", False),
        shuffled=learnt.get("shuffled", False),
    )
    about = release.about(
        found,
        training_range=training_range(
            release.stores,
            bands=config.bands,
            noise_range=learnt["noise_range"],
            conditions={
                "redshift": lambda table: table["redshift"],
                "kpc_per_pixel": lambda table: table["kpc_per_pixel"],
                "psf_fwhm_pixels": lambda table: table["psf_fwhm"] / table["pixel_scale"][:, None],
            },
        ),
        calibration=calibration.totals,
        pixel_calibration={k: v for k, v in asdict(calibration).items() if k != "totals"},
    )
    save_weights(network, config, release.safetensors, about=about)
    export_onnx(network, config, release.onnx, about=about, half=release.half)
    return release.onnx, release.safetensors


def _twins(output: Path) -> tuple[Path, Path]:
    """Paths of both files; a dot in the name that is none of their suffixes belongs to it."""
    known = output.suffix in (".onnx", ".safetensors")
    base = output.stem if known else output.name
    twins = output.with_name(f"{base}.onnx"), output.with_name(f"{base}.safetensors")
    for path in twins:
        if path.is_dir():
            raise InputError(f"{path}: is a folder, expected the name of a file; choose another")
    return twins


def _today() -> datetime.date:
    """Of UTC; SOURCE_DATE_EPOCH, as in reproducible builds, makes files alike on any day."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).date()


def synthetic_seeds(stores: Sequence[DatasetStore]) -> list[int]:
    """Seeds of the synthetic universes learnt from: no galaxy of them is a fair test.

    A galaxy depends on the seed and its number alone, and how the galaxies of a store are split
    depends on how many it holds: the test galaxies of another store of the same seed were trained
    on, four in five of them.
    """
    return sorted({int(s.config["seed"]) for s in stores if "synthetic" in s.config})
