"""What a thing is: an image, maps, spectra, weights, a data set, a run, a snapshot or a mock."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from picassso.core import InputError, get_survey

__all__ = ["Info", "info"]


@dataclass(frozen=True, slots=True)
class Info:
    """What a file or folder is.

    Parameters
    ----------
    path : Path
        Of the thing.
    kind : str
        ``"image"``, ``"maps"``, ``"predicted spectrum"``, ``"spectrum"``, ``"spectra"``,
        ``"weights"``, ``"data set"``, ``"training run"``, ``"snapshot"`` or ``"mock with its
        true maps"``.
    facts : tuple of (str, str)
        Names and values, fit to be printed.
    """

    path: Path
    kind: str
    facts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.facts)
        lines = [f"  {name:<{width}}  {value}" for name, value in self.facts]
        return "\n".join([f"{self.path}: {self.kind}", *lines])


def info(path: str | Path, *, survey: str = "sdss") -> Info:
    """Say what a file or folder is, whatever PICASSSO reads or writes.

    Parameters
    ----------
    path : path
        A FITS image, painted maps, spectra (FITS or ECSV), weights, a data set, a training run, a
        particle snapshot or a mock of the reference network's training set (``.npz``).
    survey : str
        Names the bands of images.

    Raises
    ------
    InputError
        If there is no such thing, or it is none that PICASSSO knows or can read.
    """
    import h5py

    from picassso.archive.fits.planes import is_fits_name
    from picassso.archive.paper_mock import is_paper_mock
    from picassso.archive.spectra.reading import spectrum_format
    from picassso.painting.spectra.facts import facts_of_predicted
    from picassso.painting.spectra.files import is_predicted, read_predicted

    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    if path.is_dir():
        return _folder(path)
    name = path.name.lower()
    if name.endswith((".onnx", ".safetensors")):
        return _weights(path)
    if not path.is_file():
        raise InputError(f"{path}: neither a file nor a folder")
    if is_predicted(path):
        return _info(path, "predicted spectrum", facts_of_predicted(read_predicted(path)))
    if (layout := spectrum_format(path)) is not None:
        return _spectra(path, layout)
    if is_fits_name(path):
        return _fits(path, survey)
    if h5py.is_hdf5(path):
        return _snapshot(path)
    if is_paper_mock(path):
        return _paper_mock(path)
    raise InputError(
        f"{path}: not something that PICASSSO knows; expected a FITS image or maps, spectra (FITS, "
        "ECSV), weights (.onnx, .safetensors), a data set, a training run, a snapshot (HDF5), or a "
        "mock of the reference network's training set (.npz)"
    )


def _folder(path: Path) -> Info:
    if (path / "zarr.json").is_file():
        return _store(path)
    if (path / "run.json").is_file():
        return _run(path)
    if any(path.glob("*.hdf5")) or any(path.glob("*.h5")):
        return _snapshot(path)
    raise InputError(
        f"{path}: a folder that holds no data set (zarr.json), training run (run.json) or "
        "snapshot (*.hdf5, *.h5)"
    )


def _weights(path: Path) -> Info:
    from picassso.networks.config import MAPS
    from picassso.painting.spectra.facts import facts_of_network
    from picassso.painting.weights import load_weights, read_network

    network = read_network(path)
    if network.kind != MAPS:
        return _info(path, "weights", {**facts_of_network(network), "size": _size(path)})
    weights = load_weights(path)
    about = weights.about
    ranges = ", ".join(
        f"{k} {low:g} to {high:g}" for k, (low, high) in weights.training_range.items()
    )
    facts = {
        "name": weights.name,
        "architecture": weights.architecture,
        "survey": weights.survey,
        "bands": " ".join(weights.bands),
        "properties": ", ".join(weights.properties),
        "trained on": ranges,
        "stride, reach": f"{weights.stride} and {weights.receptive_field} pixels",
        "data fingerprint": about.get("data_fingerprint", "unknown"),
        "fingerprint": weights.fingerprint,
        "made": f"{about.get('created', 'unknown')} with picassso {about.get('version', '?')}",
        "licence": about.get("licence", "unknown"),
        "size": _size(path),
    }
    return _info(path, "weights", facts)


def _fits(path: Path, survey: str) -> Info:
    from astropy.io import fits

    from picassso.archive.fits import read_maps
    from picassso.archive.fits.planes import UNREADABLE

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with it is said when it is read
            written_here = "MAPSFMT" in fits.getheader(path)
    except UNREADABLE:  # its reader will say what is wrong with it
        written_here = False
    return _maps(path, read_maps(path)) if written_here else _image(path, survey)


def _maps(path: Path, maps: Any) -> Info:
    facts: dict[str, Any] = {
        "galaxy": maps.galaxy_id,
        "maps": ", ".join(maps.properties),
        "derived": ", ".join(maps.derived_names),
        "size": f"{maps.shape[1]} x {maps.shape[0]} pixels of {maps.pixel_area**0.5:.4g} kpc",
        "masked": "none" if maps.mask is None else f"{maps.mask.mean():.1%}",
    }
    for t in maps.totals:
        if t.region == "frame":
            interval = f" ({t.p16:.3g} to {t.p84:.3g})" if math.isfinite(t.p16) else ""
            facts[f"total {t.property}"] = f"{t.p50:.3g}{interval} {t.unit}".rstrip()
    facts |= {k: v.replace("\n", "; ") or "none" for k, v in maps.provenance.items()}
    return _info(path, "maps", facts)


def _image(path: Path, survey: str) -> Info:
    from picassso.archive.fits.grid import celestial_wcs, header_pixel_scale, lacks_scale
    from picassso.archive.fits.image import DEFAULT_REDSHIFT, header_redshift
    from picassso.archive.fits.planes import read_planes

    known = get_survey(survey)
    planes = read_planes(path, known)
    first = planes[0]
    bands = [p.band or "?" for p in planes]
    missing = [b for b in known.bands if b not in bands]
    wcs = celestial_wcs(first)
    _, redshift, unusable = header_redshift(first)
    scale = header_pixel_scale(first, wcs, redshift or DEFAULT_REDSHIFT)
    held = {"IVAR": first.inverse_variance, "MASK": first.mask, "PSF": first.psf}
    facts = {
        "bands": " ".join(bands) + (f" (of {survey}, {' '.join(missing)} missing)" * bool(missing)),
        "size": " and ".join(
            sorted({f"{p.data.shape[1]} x {p.data.shape[0]} pixels" for p in planes})
        ),
        "unit": ", ".join(sorted({str(p.lookup("BUNIT") or "none said") for p in planes})),
        "pixel scale": f"{scale:.4g} arcsec"
        if scale
        else f"none said: {known.pixel_scale} assumed",
        "WCS": "without CDELT and CD" if lacks_scale(first) else "celestial" if wcs else "none",
        "redshift": f"{redshift:g}" if redshift else _unusable(unusable),
        "holds also": ", ".join(k for k, v in held.items() if v is not None) or "nothing",
    }
    return _info(path, "image", facts)


def _spectra(path: Path, layout: str) -> Info:
    from picassso.archive.spectra.reading import held_spectra

    held = held_spectra(path)
    usable = [~one.mask for one in held]
    signal_to_noise = [
        float(np.median((one.flux * np.sqrt(one.inverse_variance))[good])) if good.any() else 0.0
        for one, good in zip(held, usable, strict=True)
    ]
    facts = {
        "format": layout,
        "spectra": len(held),
        "size": _range([one.wavelength.size for one in held]) + " pixels",
        "wavelength": f"{held[0].wavelength[0]:.1f} to {held[0].wavelength[-1]:.1f} Angstrom in "
        f"{held[0].medium}",
        "redshift": _range([one.redshift for one in held]),
        "resolution": _range([one.resolution for one in held]),
        "signal to noise": f"{_range(signal_to_noise)} (median of pixels)",
        "masked": _range([100 * float(np.mean(one.mask)) for one in held]) + "%",
        "flags": ", ".join(sorted({f for one in held for f in one.flags + one.redshift_flags}))
        or "none",
    }
    return _info(path, "spectrum" if len(held) == 1 else "spectra", facts)


def _range(values: list[Any]) -> str:
    """Lowest and highest of numbers, or the one that all are; what is no number, as it is."""
    if not all(isinstance(v, (int, float)) for v in values):
        return ", ".join(sorted({"none said" if v is None else str(v) for v in values}))
    known = [v for v in values if math.isfinite(v)]
    if not known:
        return "unknown"
    low, high = f"{min(known):.5g}", f"{max(known):.5g}"
    return low if low == high else f"{low} to {high}"


def _unusable(said: list[str]) -> str:
    """What a header says of the redshift, where that is no redshift."""
    return f"{', '.join(said)}, which is none" if said else "none said"


def _store(path: Path) -> Info:
    from picassso.archive import DatasetStore

    store = DatasetStore.open(path)
    facts: dict[str, Any] = {
        "views": len(store),
        "galaxies": store.galaxies,
        "size": f"{store.shape[1]} x {store.shape[0]} pixels",
        "survey": store.survey,
        "bands": " ".join(store.bands),
        "properties": ", ".join(store.properties),
        "spectra": "of the fibre on each image" if store.has_spectra else "none",
        "complete": "yes" if store.complete else "no: give its `picassso mock` command again",
    }
    if store.complete:
        facts["splits"] = ", ".join(
            f"{len(store.indices(s))} {s}" for s in ("train", "validation", "test")
        )
        facts["fingerprint"] = store.fingerprint
    facts |= {f"config {k}": v for k, v in store.config.items()}
    return _info(path, "data set", facts)


def _run(path: Path) -> Info:
    try:
        manifest = json.loads((path / "run.json").read_text())
    except ValueError:
        raise InputError(f"{path / 'run.json'}: cannot be read as JSON; train it again") from None
    facts: dict[str, Any] = {}
    for key, value in manifest.items():
        if isinstance(value, dict):
            facts |= {f"{key} {k}": v for k, v in value.items()}
        else:
            facts[key] = value
    return _info(path, "training run", facts)


def _snapshot(path: Path) -> Info:
    from picassso.universe import detect_format, read_particles
    from picassso.universe.readers import snapshot_files

    formats = sorted({detect_format(file) for file in snapshot_files([path])})
    number, stars, gas, flags, redshift = 0, 0, 0, set(), None
    absent: set[str] = set()
    for galaxy in read_particles(path):
        number += 1
        stars += 0 if galaxy.stars is None else len(galaxy.stars)
        gas += 0 if galaxy.gas is None else len(galaxy.gas)
        flags |= set(galaxy.flags)
        absent |= galaxy.absent
        redshift = galaxy.redshift
    facts = {
        "format": ", ".join(formats),
        "galaxies": number,
        "star particles": stars,
        "gas cells": gas,
        "redshift": "unknown" if redshift is None else f"{redshift:.4g}",
        "lacks": ", ".join(sorted(absent)) or "nothing",
        "assumed": ", ".join(sorted(flags)) or "nothing",
    }
    return _info(path, "snapshot", facts)


def _paper_mock(path: Path) -> Info:
    from picassso.archive import read_paper_mock

    image, maps = read_paper_mock(path)
    facts = {
        "format": "training set of the reference network (Buck & Wolf 2021)",
        "bands": " ".join(image.bands),
        "size": f"{maps.shape[1]} x {maps.shape[0]} pixels",
        "true maps": ", ".join(maps.properties),
        "masked": f"{image.mask.mean():.1%}",
        "flags": ", ".join(maps.flags),
        "assumed": "; ".join(image.assumptions),
    }
    return _info(path, "mock with its true maps", facts)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 2**20:.1f} MiB"


def _info(path: Path, kind: str, facts: dict[str, Any]) -> Info:
    return Info(path, kind, tuple((name, str(value)) for name, value in facts.items()))
