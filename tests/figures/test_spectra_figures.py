"""Spectra drawn: bands, marks and shades stand where they should, and what does not fit is said."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_galaxies import make_image

from picassso.core import REST_GRID, InputError, get_line
from picassso.figures import MAIN_LINES, save_figure, spectra_sheet, spectrum_panel
from picassso.figures.grids import page_figure

LIMITED = (REST_GRID < 3540) | (REST_GRID > 7350)
FLUX = 3 + (REST_GRID / 5000) ** -1 + 30 * np.exp(-0.5 * ((REST_GRID - 6564.61) / 4) ** 2)


def panel(**options):
    axes = page_figure(180, 40).add_subplot()
    spectrum_panel(axes, REST_GRID, FLUX, **options)
    return axes


def marked(axes) -> list[float]:
    """Wavelengths of the strokes."""
    return [x for line in axes.lines if line.get_marker() == "|" for x in line.get_xdata()]


def test_the_main_lines_are_marked_above_the_flux() -> None:
    axes = panel()
    names = [name for mark in MAIN_LINES for name in mark.lines]
    assert sorted(marked(axes)) == sorted(get_line(name).wavelength for name in names)
    assert [t.get_text() for t in axes.texts] == [mark.label for mark in MAIN_LINES]
    figure = axes.figure
    figure.canvas.draw()
    highest = axes.transData.transform((6564.61, FLUX.max()))[1]
    frame = axes.get_window_extent()
    boxes = [t.get_window_extent() for t in axes.texts]
    assert all(highest < b.y0 and b.y1 <= frame.y1 for b in boxes)
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_lines_out_of_view_are_not_marked() -> None:
    axes = page_figure(88, 40).add_subplot()
    red = REST_GRID > 5005
    spectrum_panel(axes, REST_GRID[red], FLUX[red])
    assert min(marked(axes)) == get_line("OIII5008").wavelength
    assert axes.texts[0].get_text() == "[O III]"


def test_band_truth_and_shade_cover_what_they_say() -> None:
    axes = panel(low=FLUX - 1, high=FLUX + 4, truth=FLUX + 2, limited=LIMITED)
    shade, band = axes.collections
    edges = np.concatenate([path.vertices[:, 0] for path in shade.get_paths()])
    assert len(shade.get_paths()) == 2
    np.testing.assert_allclose(edges[edges < 5000].max(), REST_GRID[REST_GRID < 3540][-1])
    np.testing.assert_allclose(edges[edges > 5000].min(), REST_GRID[REST_GRID > 7350][0])
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(FLUX.max() + 4)
    assert axes.get_ylim()[0] == 0 and axes.get_ylim()[1] > FLUX.max() + 4
    colours = {line.get_color() for line in axes.lines if line.get_marker() == "None"}
    assert len(colours) == 2


@pytest.mark.parametrize("flux", [np.zeros(1000), np.full(1000, np.nan), -FLUX])
def test_flat_lost_and_negative_flux_is_drawn(flux) -> None:
    axes = page_figure(88, 40).add_subplot()
    spectrum_panel(axes, REST_GRID, flux)
    axes.figure.canvas.draw()
    low, high = axes.get_ylim()
    assert low <= np.nanmin(np.append(flux, 0)) and high > low


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(InputError, match=r"truth has shape \(999,\), expected \(1000,\)"):
        panel(truth=FLUX[1:])
    with pytest.raises(InputError, match="give both low and high"):
        panel(low=FLUX)


def test_sheet_shows_every_galaxy_with_its_fibre(tmp_path) -> None:
    images = [make_image((64, 64)) for _ in range(3)]
    words = ["a $1 galaxy", "another", "and another"]
    about = {"fibre": 3.0, "limited": LIMITED}
    figure = spectra_sheet(images, REST_GRID, np.stack([FLUX] * 3), captions=words, **about)
    assert len(figure.axes) == 6 and figure.get_size_inches()[0] <= 7.1
    circles = figure.axes[0].patches
    assert {c.center for c in circles} == {(31.5, 31.5)}
    assert {c.radius for c in circles} == {1.5 / 0.396}
    assert save_figure(figure, tmp_path / "sheet.png").stat().st_size > 1000
    with pytest.raises(InputError, match="found 3 images, 2 spectra and 3 captions"):
        spectra_sheet(images, REST_GRID, np.stack([FLUX] * 2), captions=words, **about)
