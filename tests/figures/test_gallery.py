"""Galleries show every galaxy with its bands and maps."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_galaxies import make_image, make_maps

from picassso.core import PROPERTY_NAMES, GalaxyImage, InputError, Maps
from picassso.figures import save_figure
from picassso.figures.gallery import gallery

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
    assert {t.get_text() for t in figure.texts} == {"a$b", "c", "d"}
    save_figure(figure, tmp_path / "g.png")


@pytest.mark.parametrize(("names", "across"), [(4, 2), (5, 1)])
def test_as_many_a_row_as_a_page_has_room_for(names: int, across: int) -> None:
    galaxies = [[make_image((16, 16))] * 2, *([make_maps((16, 16))] * 2 for _ in range(2))]
    figure = gallery(*galaxies, names=PROPERTY_NAMES[:names])
    lefts = [t.get_position()[0] for t in figure.texts]
    assert len(lefts) == 2 and len(set(lefts)) == across
    titles = [a.get_title() for a in figure.axes if a.get_title()]
    assert len(titles) == names * across, "written once, above"
    assert titles[0] == "stellar mass\nlog M☉/kpc²"


def test_a_truth_and_a_painting_for_each() -> None:
    image, truth, painting = galaxy("a")
    for arguments in (([], [], []), ([image], [truth], [])):
        with pytest.raises(InputError, match="a gallery needs images"):
            gallery(*arguments, names=NAMES)
    with pytest.raises(InputError, match="0 properties"):
        gallery([image], [truth], [painting], names=())
