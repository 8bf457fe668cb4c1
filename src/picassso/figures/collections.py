"""Pictures of many galaxies: contact sheets, training curves."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from picassso.core import GalaxyImage, InputError, Maps
from picassso.figures.panels import new_figure
from picassso.figures.rgb import rgb_image
from picassso.figures.style import EMPTY_COLOUR, colour_map, drawn_values, limits_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["contact_sheet", "training_curve"]

_THUMBNAIL = 128  # pixels
_CONTACT_MAPS = ("stellar_mass", "gas_mass")
_COLUMNS = 4


def contact_sheet(images: Sequence[GalaxyImage], maps: Sequence[Maps]) -> Figure:
    """Grid of galaxies, each as a colour picture, its stellar mass and its gas.

    Parameters
    ----------
    images : sequence of GalaxyImage
        What to show, in this order, four galaxies a row.
    maps : sequence of Maps
        True or painted maps of the same galaxies.

    Returns
    -------
    Figure
        About 1650 pixels wide for four galaxies or more.

    Raises
    ------
    InputError
        If there is nothing to show, or not one set of maps for each image.
    """
    if not images or len(images) != len(maps):
        raise InputError(
            f"a contact sheet needs one set of maps for each image, and at least one; found "
            f"{len(images)} images and {len(maps)} sets of maps"
        )
    gap, foot = 12, 22
    columns = min(_COLUMNS, len(images))
    rows = -(-len(images) // columns)
    tile = _THUMBNAIL * (1 + len(_CONTACT_MAPS))
    width = columns * (tile + gap) + gap
    height = rows * (_THUMBNAIL + foot) + gap
    figure = new_figure(width, height)
    # One picture of everything: a hundred axes would take seconds.
    canvas = np.ones((height, width, 3), np.float32)
    for k, (image, m) in enumerate(zip(images, maps, strict=True)):
        left = gap + (k % columns) * (tile + gap)
        top = gap + (k // columns) * (_THUMBNAIL + foot)
        canvas[top : top + _THUMBNAIL, left : left + tile] = _strip(image, m)
        below = 1 - (top + _THUMBNAIL + 3) / height
        caption = figure.text(left / width, below, _caption(image, m), fontsize=6.2, va="top")
        caption.set_parse_math(False)
    axes = figure.add_axes((0, 0, 1, 1), zorder=-1)
    axes.imshow(canvas, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return figure


def _strip(image: GalaxyImage, maps: Maps) -> NDArray[np.float32]:
    """Thumbnails of one galaxy side by side, first row at the top."""
    import matplotlib.colors

    thumbnails = [
        _thumbnail(np.where(image.mask[..., None], 0.6, rgb_image(image.flux, image.bands)))
    ]
    for name in _CONTACT_MAPS:
        if name in maps.properties and np.isfinite(maps[name]).any():
            low, high = limits_of(name, maps[name])
            scaled = np.clip((drawn_values(maps[name], name) - low) / (high - low), 0, 1)
            thumbnails.append(_thumbnail(colour_map(name)(np.ma.masked_invalid(scaled))[..., :3]))
        else:
            empty = matplotlib.colors.to_rgb(EMPTY_COLOUR)
            thumbnails.append(np.full((_THUMBNAIL, _THUMBNAIL, 3), empty))
    return np.concatenate(thumbnails, axis=1)


def _thumbnail(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """Square thumbnail of an (H, W, 3) picture, padded in grey; colours are averaged."""
    height, width = picture.shape[:2]
    longest = max(height, width)
    size = (max(_THUMBNAIL * height // longest, 1), max(_THUMBNAIL * width // longest, 1))
    for axis, n in enumerate(size):
        old = picture.shape[axis]
        edges = np.arange(n) * old // n
        if old > n:
            counts = np.diff(np.append(edges, old)).astype(np.float32)
            shape = [1, 1, 1]
            shape[axis] = n
            picture = np.add.reduceat(picture, edges, axis=axis) / counts.reshape(shape)
        else:
            picture = np.take(picture, edges, axis=axis)
    out = np.full((_THUMBNAIL, _THUMBNAIL, 3), 0.85, np.float32)
    y, x = (_THUMBNAIL - size[0]) // 2, (_THUMBNAIL - size[1]) // 2
    out[y : y + size[0], x : x + size[1]] = picture[::-1]
    return out


def _caption(image: GalaxyImage, maps: Maps) -> str:
    """Name, view, redshift and masses of a galaxy."""
    words = [f"{image.galaxy_id} · view {image.view}", f"z {image.redshift:.3f}"]
    for name, symbol in zip(_CONTACT_MAPS, ("log M★", "log gas"), strict=True):
        if name in maps.properties and (total := maps.total(name)) > 0:
            words.append(f"{symbol} {np.log10(total):.2f}")
    return "  ".join(words)


def training_curve(path: str | os.PathLike[str]) -> Figure:
    """Loss of training and validation against epoch.

    Parameters
    ----------
    path : path-like
        CSV with the columns ``epoch``, ``train_loss`` and ``validation_loss``; others are not
        looked at.

    Returns
    -------
    Figure
        The epoch of the least validation loss is marked.

    Raises
    ------
    InputError
        If the file cannot be read, or lacks a column or a row.
    """
    path = Path(path)
    wanted = ("epoch", "train_loss", "validation_loss")
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise InputError(f"{path}: the metrics cannot be read ({error.strerror})") from error
    found = list(rows[0]) if rows else []
    if not set(wanted) <= set(found):
        raise InputError(f"{path}: columns {found} with {len(rows)} rows, expected {list(wanted)}")
    try:
        epoch, train, validation = (np.array([float(r[w]) for r in rows]) for w in wanted)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: a loss is not a number ({error})") from error
    figure = new_figure(760, 480)
    axes = figure.add_subplot()
    axes.plot(epoch, train, color="0.55", linewidth=1.4, label="training")
    axes.plot(epoch, validation, color="#3b528b", linewidth=1.8, label="validation")
    if np.isfinite(validation).any():
        best = int(np.nanargmin(validation))
        label = f"least: {validation[best]:.4g} at epoch {epoch[best]:g}"
        axes.plot(epoch[best], validation[best], "o", color="#d95f02", markersize=6, label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    _show_the_end(axes, validation)
    axes.grid(color="0.9", linewidth=0.6)
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    return figure


def _show_the_end(axes: Axes, validation: NDArray[np.float64]) -> None:
    """Limits that leave the first, steep tenth of a run out of the picture, if there is one."""
    late = validation[len(validation) // 10 :]
    late = late[np.isfinite(late)]
    if len(late) > 1 and np.ptp(late) > 0:
        margin = 0.1 * np.ptp(late)
        axes.set_ylim(late.min() - margin, late.max() + margin)
