"""Pictures of many galaxies: contact sheets, totals against totals, training curves."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import PROPERTIES, GalaxyImage, InputError, Maps
from picassso.figures.panels import new_figure
from picassso.figures.rgb import rgb_image
from picassso.figures.style import EMPTY_COLOUR, colour_map, drawn_values, limits_of, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["contact_sheet", "training_curve", "truth_vs_prediction"]

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


def truth_vs_prediction(
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    *,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    region: str = "frame",
) -> Figure:
    """Predicted totals of many galaxies against the true ones, one panel a property.

    Parameters
    ----------
    true, predicted : mapping of str to (N,) array
        Totals of additive properties, in the unit of `picassso.core.PROPERTIES`; NaN where absent.
    scores : mapping of str to mapping of str to float, optional
        Numbers to be written into the panel of a property, such as
        ``{"stellar_mass": {"median bias": 0.01, "sigma": 0.09}}``.
    region : str
        What the totals were summed over, for the axis labels.

    Returns
    -------
    Figure
        Galaxies with both totals above zero; dotted lines at the floors, a full line at equality.
    """
    names = [name for name in PROPERTIES if name in true and name in predicted]
    if not names:
        raise InputError(
            f"no property has both true and predicted totals; true: {sorted(true)}, predicted: "
            f"{sorted(predicted)}"
        )
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(columns * 400, rows * 390)
    for k, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, k + 1)
        _scatter(axes, name, np.asarray(true[name], float), np.asarray(predicted[name], float))
        lines = [f"{word} {value:.3f}" for word, value in ((scores or {}).get(name) or {}).items()]
        words = "\n".join(lines).replace("-", "−")
        axes.text(0.04, 0.96, words, transform=axes.transAxes, va="top", fontsize=8.5)
        axes.set_xlabel(f"log true [{_total_unit(name)}]", fontsize=9)
        axes.set_ylabel(f"log predicted [{_total_unit(name)}]", fontsize=9)
    figure.suptitle(f"Totals: {region}", fontsize=11)
    figure.tight_layout()
    return figure


def _total_unit(name: str) -> str:
    return PROPERTIES[name].total_unit.replace("solMass", "M☉").replace(" yr-1", "/yr")


def _scatter(
    axes: Axes, name: str, true: NDArray[np.float64], predicted: NDArray[np.float64]
) -> None:
    """One panel of totals against totals."""
    good = (true > 0) & (predicted > 0)
    x, y = np.log10(true[good]), np.log10(predicted[good])
    floor = np.log10(PROPERTIES[name].total_floor)
    both = np.concatenate([x, y])
    both = both[both > floor - 1]
    low, high = (both.min(), both.max()) if both.size else (floor, floor + 3)
    edge = 0.05 * (high - low) + 0.05
    low, high = low - edge, high + edge
    strongest = colour_map(name)(0.55)
    crowd = float(np.clip(30.0 / max(len(x), 1) ** 0.5, 0.15, 0.8))
    axes.plot([low, high], [low, high], color="0.2", linewidth=0.8, zorder=1)
    axes.axvline(floor, color="0.5", linewidth=0.7, linestyle=":")
    axes.axhline(floor, color="0.5", linewidth=0.7, linestyle=":")
    axes.scatter(x, y, s=9, color=strongest, alpha=crowd, linewidths=0, zorder=2, rasterized=True)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=8)
    axes.set_title(style_of(name).title, fontsize=10)


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
