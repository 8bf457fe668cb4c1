"""Galleries show every galaxy with its bands and maps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from drawn_galaxies import make_image, make_maps

from picassso.core import PROPERTY_NAMES, GalaxyImage, InputError, Maps
from picassso.figures import add_colour_bar, colour_map, draw_map, panel_axes, save_figure
from picassso.figures.gallery import gallery
from picassso.figures.grids import page_figure

NAMES = ("stellar_mass", "gas_mass")


def galaxy(name: str, side: int = 40) -> tuple[GalaxyImage, Maps, Maps]:
    y, x = np.indices((side, side)) - side / 2
    light = np.exp(-np.hypot(x, y) / 5).astype(np.float32)
    image = GalaxyImage(
        galaxy_id=name,
        view=0,
        survey="sdss",
        bands=tuple("ugriz"),
        flux=np.stack([light] * 5),
        noise=np.full(5, 0.01, np.float32),
        mask=np.zeros(light.shape, bool),
        psf_fwhm=np.full(5, 1.3, np.float32),
        pixel_scale=0.396,
        redshift=0.03,
    )
    cube = np.stack([1e8 * light, 1e7 * light])
    maps = Maps(galaxy_id=name, view=0, properties=NAMES, cube=cube, pixel_area=0.05)
    return image, maps, maps


def test_every_galaxy_has_its_panels(tmp_path) -> None:
    images, truths, paintings = zip(*(galaxy(n) for n in ("a$b", "c", "d")), strict=True)
    figure = gallery(images, truths, paintings, names=NAMES)
    pictures = [a for a in figure.axes if a.images and a.get_xlabel() == "" and a.images]
    # RGB and five bands; three rows and two colour bars a property.
    assert len(pictures) == 3 * (1 + 5 + 2 * (3 + 2))
    assert {t.get_text() for t in figure.texts} == {"a$b", "c", "d", "z = 0.030"}
    save_figure(figure, tmp_path / "g.png")


@pytest.mark.parametrize(("names", "across"), [(4, 2), (5, 1)])
def test_as_many_a_row_as_a_page_has_room_for(names: int, across: int) -> None:
    galaxies = [[make_image((16, 16))] * 2, *([make_maps((16, 16))] * 2 for _ in range(2))]
    figure = gallery(*galaxies, names=PROPERTY_NAMES[:names])
    lefts = [t.get_position()[0] for t in figure.texts]
    assert len(lefts) == 4 and len(set(lefts)) == across, "a name and a note each"
    titles = [a.get_title() for a in figure.axes if a.get_title()]
    assert len(titles) == names * across, "written once, above"
    assert titles[0] == "stellar mass\nlog M☉/kpc²"


def test_all_galaxies_share_the_colours_of_a_property() -> None:
    image, truth, _ = galaxy("faint")
    bright = replace(truth, cube=100 * truth.cube)
    pairs = [image] * 2, [truth] * 2
    figure = gallery(*pairs, [truth, bright], names=NAMES)
    for name, limits in zip(NAMES, ((5.5, 10.0), (5.0, 9.0)), strict=True):
        colours = colour_map(name)
        maps = [i for a in figure.axes for i in a.images if i.get_cmap() == colours]
        assert len(maps) == 2 * (2 + 1), "true, predicted and the colour bar of each"
        assert {i.get_clim() for i in maps} == {limits}


def test_redshift_and_signal_to_noise_are_written() -> None:
    image, truth, _ = galaxy("a")
    figure = gallery(
        [image] * 2, [truth] * 2, [truth] * 2, names=NAMES, signal_to_noise=(6.23, 1e3)
    )
    notes = [t.get_text() for t in figure.texts if "z" in t.get_text()]
    assert notes == ["z = 0.030, S/N 6.2", "z = 0.030, S/N 1000"]
    with pytest.raises(InputError, match="1 values of signal-to-noise"):
        gallery([image] * 2, [truth] * 2, [truth] * 2, names=NAMES, signal_to_noise=[1.0])


@pytest.mark.parametrize("low", [-5.0, 5.0, 5.5, 3.0])
@pytest.mark.parametrize("span", [1.0, 2.5, 3.0, 4.0, 4.5])
@pytest.mark.parametrize("width", [13, 15, 24])
def test_labels_of_colour_bars_stand_clear(low: float, span: float, width: float) -> None:
    figure = page_figure(100, 50)
    panel = panel_axes(figure, 200, 150, *[width / 25.4 * figure.dpi] * 2)
    values = np.full((4, 4), 10.0**low)
    drawn = draw_map(panel, values, "stellar_mass", limits=(low, low + span))
    add_colour_bar(panel, drawn, "")
    bar = figure.axes[-1]
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in bar.get_xticklabels()]
    assert len(boxes) >= 2
    assert all(b.x0 - a.x1 > 3 for a, b in pairwise(boxes)), "pixels"
    frame = bar.get_window_extent()
    assert boxes[0].x0 > frame.x0 - 3 and boxes[-1].x1 < frame.x1 + 3, "not into the next bar"


def test_a_truth_and_a_painting_for_each() -> None:
    image, truth, painting = galaxy("a")
    for arguments in (([], [], []), ([image], [truth], [])):
        with pytest.raises(InputError, match="a gallery needs images"):
            gallery(*arguments, names=NAMES)
    with pytest.raises(InputError, match="0 properties"):
        gallery([image], [truth], [painting], names=())
