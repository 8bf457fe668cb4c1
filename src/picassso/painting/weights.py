"""Weights: where they are, and what they say of themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

from picassso.core import PROPERTIES, SURVEYS, InputError, usable_cores
from picassso.networks.config import MAPS
from picassso.networks.manifest import FORMAT, MANIFEST_KEY

__all__ = [
    "NetworkFile",
    "Weights",
    "check_entries",
    "default_weights_path",
    "load_weights",
    "read_network",
]

_REQUIRED = (
    "architecture",
    "survey",
    "bands",
    "properties",
    "stride",
    "receptive_field",
    "training_range",
    "calibration",
)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkFile:
    """A network on disk, of whatever kind, with what its manifest says.

    Parameters
    ----------
    path : Path
        Of the ``.onnx`` or ``.safetensors`` file.
    fingerprint : str
        First 16 hexadecimal digits of the SHA-256 of the file.
    about : mapping
        The whole manifest, of a format that this version reads.
    session : onnxruntime.InferenceSession or None
        Of an ``.onnx`` file.
    """

    path: Path
    fingerprint: str
    about: Mapping[str, Any]
    session: Any = None

    @property
    def kind(self) -> str:
        """What it is for, such as ``"maps"`` or ``"spectrum-encoder"``."""
        return str(self.about.get("kind", MAPS))


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A trained network on disk with its manifest.

    Parameters
    ----------
    path : Path
        Of the ``.onnx`` or ``.safetensors`` file.
    fingerprint : str
        First 16 hexadecimal digits of the SHA-256 of the file.
    name, architecture, survey : str
        What it is and what it was trained for.
    bands, properties : tuple of str
        In the order of its channels.
    stride : int
        Height and width must be multiples of this.
    receptive_field : int
        Pixels to each side that can influence a painted one.
    training_range : mapping of str to (float, float)
        Lowest and highest ``redshift``, ``kpc_per_pixel`` and ``psf_fwhm_pixels`` seen in
        training, and, where stored, of each band ``noise_<band>`` and ``brightest_<band>``, the
        brightest pixel of an image [nanomaggy arcsec^-2].
    calibration : mapping of str to (float, float, float, float)
        For each property c16, c50, c84 and k: ln of the quantile of a total is ln of the summed
        mean + c s^k, with s the mass-weighted mean ln-sigma of the pixels.
    about : mapping
        The whole manifest.
    session : onnxruntime.InferenceSession or None
        Of an ``.onnx`` file.
    """

    path: Path
    fingerprint: str
    name: str
    architecture: str
    survey: str
    bands: tuple[str, ...]
    properties: tuple[str, ...]
    stride: int
    receptive_field: int
    training_range: Mapping[str, tuple[float, float]]
    calibration: Mapping[str, tuple[float, float, float, float]]
    about: Mapping[str, Any]
    session: Any = None

    @property
    def has_uncertainty(self) -> bool:
        """Whether a distribution is painted; the paper's point head gives one number a pixel."""
        return self.about.get("config", {}).get("head") != "point"


def default_weights_path() -> Path:
    """The shipped weights (five bands, SDSS)."""
    return Path(str(resources.files("picassso.painting") / "weights" / "ugriz.onnx"))


def load_weights(path: str | Path | None = None, *, threads: int | None = None) -> Weights:
    """Load weights and check that this version can paint with them.

    Parameters
    ----------
    path : path, optional
        An ``.onnx`` or ``.safetensors`` file of `picassso export`; default: the shipped ones.
    threads : int, optional
        Of ONNX Runtime; default: one for each core.

    Raises
    ------
    InputError
        If the file is missing, not weights of PICASSSO, or of a newer format.
    """
    return _checked(read_network(default_weights_path() if path is None else path, threads=threads))


def read_network(path: str | Path, *, threads: int | None = None) -> NetworkFile:
    """Read a network of any kind; what its kind must say of itself is for the caller to check.

    Parameters
    ----------
    path : path
        An ``.onnx`` or ``.safetensors`` file.
    threads : int, optional
        Of ONNX Runtime; default: one for each core.

    Raises
    ------
    InputError
        If the file is missing, has no manifest of PICASSSO, or is of a newer format.
    """
    if not isinstance(path, (str, PathLike)):
        raise InputError(
            f"weights of type {type(path).__name__}: expected the path of an .onnx or .safetensors "
            "file made by `picassso export`"
        )
    file = Path(path)
    if not file.is_file():
        raise InputError(
            f"{file}: there is no such weights file; expected an .onnx or .safetensors file made "
            "by `picassso export`"
        )
    content = file.read_bytes()
    session = None
    if file.suffix == ".safetensors":
        manifest = _safetensors_manifest(content, file)
    else:
        session = _session(content, file, threads)
        manifest = session.get_modelmeta().custom_metadata_map.get(MANIFEST_KEY)
    fingerprint = hashlib.sha256(content).hexdigest()[:16]
    return NetworkFile(file, fingerprint, _manifest(manifest, file), session)


def _session(content: bytes, file: Path, threads: int | None) -> Any:
    """ONNX Runtime session on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or _threads_asked_for() or usable_cores()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common base of their own
        said = str(error).strip().splitlines()[0]
        raise InputError(
            f"{file}: not a weights file ({said}); expected an .onnx or .safetensors file made by "
            "`picassso export`"
        ) from None


def _threads_asked_for() -> int:
    """OMP_NUM_THREADS, of a list ("4,2") the first; 0 where it says none."""
    import os

    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isdecimal() else 0


def _safetensors_manifest(content: bytes, file: Path) -> str | None:
    """Manifest in the header of a safetensors file: 8 bytes of length, then JSON."""
    length = int.from_bytes(content[:8], "little")
    try:
        if not 0 < length <= len(content) - 8:
            raise ValueError("header longer than the file")
        header = json.loads(content[8 : 8 + length])
        return header.get("__metadata__", {}).get(MANIFEST_KEY)
    except (ValueError, AttributeError) as error:
        raise InputError(
            f"{file}: not a readable safetensors file ({error}); make it with `picassso export`"
        ) from None


def _manifest(text: str | None, file: Path) -> dict[str, Any]:
    """Manifest of a file, or an InputError that says what is wrong with it."""
    if text is None:
        raise InputError(
            f"{file}: a network, but without PICASSSO's manifest (metadata key "
            f"{MANIFEST_KEY!r}); make weights with `picassso export`"
        )
    try:
        about: dict[str, Any] = json.loads(text)
        version = int(about["format"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{file}: its manifest cannot be read; make the weights again with `picassso export`"
        ) from None
    if version > FORMAT:
        raise InputError(
            f"{file}: format {version}, but this version reads up to {FORMAT}; update picassso"
        )
    return about


def check_entries(network: NetworkFile, *, kind: str, required: tuple[str, ...]) -> None:
    """Check that a network is of a kind and that its manifest has what that kind needs.

    Raises
    ------
    InputError
        If it is of another kind, lacks an entry, or is of a survey unknown to this version.
    """
    if network.kind != kind:
        raise InputError(
            f"{network.path}: weights of kind {network.kind!r}, expected {kind!r}; "
            f"{_VERB_OF.get(network.kind, 'this version has no use for it')}"
        )
    lacking = [k for k in required if k not in network.about]
    if lacking:
        raise InputError(
            f"{network.path}: its manifest lacks {', '.join(lacking)}; make the weights again with "
            "`picassso export`"
        )
    survey = network.about.get("survey")
    if "survey" in required and survey not in SURVEYS:
        raise InputError(
            f"{network.path}: is for survey {survey!r}, unknown to this version; update picassso"
        )


_VERB_OF = {
    MAPS: "`picassso paint` uses it",
    "spectrum-encoder": "`picassso spectrum` uses it",
    "spectrum-autoencoder": "`picassso spectrum` uses it beside an encoder of images",
}


def _checked(network: NetworkFile) -> Weights:
    """Weights of a manifest, or an InputError that says what is wrong with it."""
    check_entries(network, kind=MAPS, required=_REQUIRED)
    file, about = network.path, network.about
    unknown = [p for p in about["properties"] if p not in PROPERTIES]
    if unknown:
        raise InputError(
            f"{file}: paints properties {unknown}, unknown to this version; update picassso"
        )
    try:
        return Weights(
            path=file,
            fingerprint=network.fingerprint,
            name=str(about.get("name", file.stem)),
            architecture=str(about["architecture"]),
            survey=str(about["survey"]),
            bands=tuple(about["bands"]),
            properties=tuple(about["properties"]),
            stride=int(about["stride"]),
            receptive_field=int(about["receptive_field"]),
            training_range={
                k: (float(v[0]), float(v[1])) for k, v in about["training_range"].items()
            },
            calibration={
                k: (float(v[0]), float(v[1]), float(v[2]), float(v[3]))
                for k, v in about["calibration"].items()
            },
            about=about,
            session=network.session,
        )
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise InputError(
            f"{file}: its manifest is not as it should be ({type(error).__name__}: {error}); make "
            "the weights again with `picassso export`"
        ) from None
