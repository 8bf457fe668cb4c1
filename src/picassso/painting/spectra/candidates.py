"""Whom a catalogue of targets may be made of: images, spectra predicted before, or a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.core import GalaxyImage, InputError, PicasssoError
from picassso.painting.spectra.files import is_predicted, read_predicted
from picassso.painting.spectra.predict import check_draws, predict_spectra
from picassso.painting.spectra.predicted import PredictedSpectrum
from picassso.painting.spectra.weights import load_spectrum_weights

if TYPE_CHECKING:
    from picassso.archive import DatasetStore

__all__ = ["EVERY_SPLIT", "UNSEEN_SPLIT", "candidates_of", "is_store", "predicted_files"]

EVERY_SPLIT = "all"

UNSEEN_SPLIT = "test"
"""Of a data set, unless another is asked for: networks may know the galaxies of the others."""

_SAMPLES = 256

Found = PredictedSpectrum | PicasssoError


def candidates_of(
    things: Sequence[str | Path],
    *,
    options: Mapping[str, Any],
    weights: str | Path | None = None,
    samples: int | None = None,
    seed: int | None = None,
    split: str | None = None,
) -> Iterator[Found]:
    """Predicted spectra of galaxies, however they are given.

    Parameters
    ----------
    things : sequence of path
        Images; or files of spectra predicted before, and folders of these; or one data set, whose
        images get their noise.
    options : mapping
        Of `picassso.archive.fits.read_image`, for images; None counts as not given.
    weights : path, optional
        For images and data sets; default: those shipped for their bands.
    samples, seed : int, optional
        Draws from each posterior, and their seed, for images and data sets; default: 256 and 0.
    split : str, optional
        Of a data set: ``"train"``, ``"validation"``, ``"test"`` or ``"all"``; default:
        `UNSEEN_SPLIT`.

    Yields
    ------
    PredictedSpectrum or PicasssoError
        One a galaxy: what is wrong with one does not stop the others.

    Raises
    ------
    InputError
        If a thing does not exist, kinds are mixed, a folder holds nothing of use, something is
        given that does not apply to this kind, or samples or seed cannot be used.
    """
    paths = [Path(thing) for thing in things]
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder")
    stores = [path for path in paths if is_store(path)]
    if stores and len(paths) > 1:
        raise InputError(f"{stores[0]}: a data set is ranked by itself; give nothing beside it")
    of_images = {name: value for name, value in options.items() if name != "survey"}
    predicted = [] if stores else [p for path in paths for p in predicted_files(path)]
    if predicted:
        _refuse_mixture(paths, predicted)
        given = {"weights": weights, "samples": samples, "seed": seed, "split": split}
        _refuse_given(f"{paths[0]}: spectra are predicted already", {**given, **of_images})
        return (_read(path) for path in predicted)
    if stores:
        _refuse_given(f"{stores[0]}: a data set knows its images", of_images)
    elif split is not None:
        raise InputError(f"split {split!r} was asked for, but {paths[0]} is no data set")
    samples, seed = _SAMPLES if samples is None else samples, 0 if seed is None else seed
    check_draws(samples, seed)
    options = {name: value for name, value in options.items() if value is not None}
    images: Iterator[GalaxyImage | PicasssoError] = (
        _images_of_store(stores[0], split or UNSEEN_SPLIT, seed)
        if stores
        else _images_of_files(paths, options)
    )
    return _predict(images, weights, samples=samples, seed=seed)


def is_store(path: str | Path) -> bool:
    """Whether a path is that of a data set."""
    return (Path(path) / "zarr.json").is_file()


def predicted_files(path: Path) -> list[Path]:
    """Predicted spectra that a path is or holds."""
    if path.is_dir():
        found = sorted(path.glob("*_spectrum.fits"))
        if not found:
            raise InputError(
                f"{path}: a folder that holds neither predicted spectra (*_spectrum.fits) nor a "
                "data set (zarr.json)"
            )
        return found
    return [path] if is_predicted(path) else []


def _refuse_mixture(paths: Sequence[Path], predicted: Sequence[Path]) -> None:
    images = [path for path in paths if not path.is_dir() and path not in predicted]
    if images:
        raise InputError(
            f"{images[0]} is no predicted spectrum, but {predicted[0]} is; rank images or spectra, "
            "not both at once"
        )


def _refuse_given(why: str, values: Mapping[str, Any]) -> None:
    """Raise InputError that names what was given in vain."""
    names = [f"--{name.replace('_', '-')}" for name, value in values.items() if value is not None]
    if names:
        raise InputError(f"{why}, to which {', '.join(names)} cannot apply; leave that out")


def _read(path: Path) -> Found:
    try:
        return read_predicted(path)
    except InputError as error:
        return error


def _images_of_store(path: Path, split: str, seed: int) -> Iterator[GalaxyImage | PicasssoError]:
    """Views of a data set with noise that depends on their row alone."""
    from picassso.archive import DatasetStore

    store = DatasetStore.open(path)
    rows = _rows(store) if split == EVERY_SPLIT else store.indices(split)
    if not len(rows):
        raise InputError(f"{path}: no galaxy in split {split!r}; choose another, or 'all'")
    return (store.observed(int(k), np.random.default_rng([seed, int(k)])) for k in rows)


def _rows(store: DatasetStore) -> list[int]:
    """Rows of all splits; failed galaxies are in none."""
    from picassso.archive.splits import SPLITS

    return sorted(int(row) for split in SPLITS for row in store.indices(split))


def _images_of_files(
    paths: Sequence[Path], options: Mapping[str, Any]
) -> Iterator[GalaxyImage | PicasssoError]:
    from picassso.archive.fits import group_images, read_image

    for group in group_images(paths, survey=options["survey"]):
        try:
            yield read_image(group, **options)
        except PicasssoError as error:
            yield error


def _predict(
    images: Iterable[GalaxyImage | PicasssoError],
    weights: str | Path | None,
    *,
    samples: int,
    seed: int,
) -> Iterator[Found]:
    """Spectra of images in batches, and at the end the errors of those that cannot be read."""
    unread: list[PicasssoError] = []
    readable = _readable(images, unread)
    for first in readable:
        # The bands of the first choose the weights of all.
        loaded = load_spectrum_weights(weights, bands=first.bands)
        yield from predict_spectra(chain([first], readable), loaded, samples=samples, seed=seed)
    yield from unread


def _readable(
    images: Iterable[GalaxyImage | PicasssoError], unread: list[PicasssoError]
) -> Iterator[GalaxyImage]:
    """Images, while errors are put into `unread`."""
    for image in images:
        if isinstance(image, PicasssoError):
            unread.append(image)
        else:
            yield image
