"""Sheets show what is there, say what is not, and are written whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_galaxies import make_image, make_maps

from picassso.core import PROPERTY_NAMES, InputError, Maps
from picassso.figures import (
    comparison_sheet,
    contact_sheet,
    painting_sheet,
    residual_map,
    save_figure,
    training_curve,
)


def words(figure) -> str:
    """All that is written in a figure."""
    texts = [t.get_text() for t in figure.texts]
    for axes in figure.axes:
        texts += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
        texts += [t.get_text() for t in axes.texts]
    return "\n".join(texts)


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return imread(path)[..., :3]


@pytest.mark.parametrize("shape", [(64, 64), (16, 16), (40, 100), (90, 24), (1, 1)])
def test_painting_sheet_of_any_shape_is_1600_wide(shape: tuple[int, int], tmp_path: Path) -> None:
    figure = painting_sheet(make_image(shape, masked=True), make_maps(shape))
    path = save_figure(figure, tmp_path / "sheet.png")
    picture = pixels(path)
    assert 1580 <= picture.shape[1] <= 1600
    assert len(np.unique((picture * 255).astype(int).reshape(-1, 3), axis=0)) > 200


def test_painting_sheet_names_galaxy_maps_totals_and_units() -> None:
    told = words(painting_sheet(make_image(), make_maps()))
    for word in ("disc 12", "z = 0.03", "0.238 kpc", "stellar age", "stellar metallicity", "Gyr"):
        assert word in told
    maps = make_maps()
    total = np.log10(maps.totals[0].p50)
    assert f"log total {total:.2f} +0.09 −0.09 [M☉]" in told
    assert told.count(r"\mathrm{kpc}^{-2}") == len(PROPERTY_NAMES)


def test_a_name_is_no_formula(tmp_path: Path) -> None:
    image = replace(make_image((16, 16)), galaxy_id="m$x_$ 1")
    for figure in (
        painting_sheet(image, make_maps((16, 16))),
        contact_sheet([image], [make_maps((16, 16))]),
    ):
        save_figure(figure, tmp_path / "sheet.png")
        assert "m$x_$ 1" in words(figure)


def test_absent_maps_are_said_to_be_absent() -> None:
    image, whole, lacking = make_image(), make_maps(), make_maps(absent=("hi_mass", "gas_mass"))
    assert words(painting_sheet(image, lacking)).count("not painted") == 2
    told = words(comparison_sheet(image, lacking, whole))
    assert told.count("not in the\nsnapshot") == 2
    few = Maps("few", 0, ("stellar_mass",), whole.cube[:1], whole.pixel_area)
    assert words(comparison_sheet(image, few, few)).count("not in the\nsnapshot") == 6


def test_map_empty_of_values_and_image_masked_throughout_can_be_drawn(tmp_path: Path) -> None:
    image, maps = make_image((20, 20)), make_maps((20, 20), absent=PROPERTY_NAMES)
    image.mask[:] = True
    save_figure(painting_sheet(image, maps), tmp_path / "a.png")
    save_figure(comparison_sheet(image, maps, make_maps((20, 20))), tmp_path / "b.png")
    zero = make_maps((20, 20), factor=0.0)
    save_figure(comparison_sheet(make_image((20, 20)), zero, zero), tmp_path / "c.png")


def test_residual_is_zero_where_equal_signed_and_blank_below_the_floor() -> None:
    true = np.array([1e7, 1e7, 1e7, 1e3, np.nan, 1e3], np.float32)
    predicted = np.array([1e7, 1e6, 1e8, 1e2, 1e7, 1e6], np.float32)
    residual = residual_map(true, predicted, "stellar_mass")
    np.testing.assert_allclose(residual[:3], [0, 1, -1], atol=1e-6)
    assert np.isnan(residual[3:5]).all()
    assert residual[5] == pytest.approx(-1)  # the truth is raised to the floor of 1e5
    np.testing.assert_allclose(residual[:3], -residual_map(predicted, true, "stellar_mass")[:3])


def test_comparison_tells_the_residual_of_totals_outside_the_mask() -> None:
    image = make_image(masked=True)
    truth, prediction = make_maps(), make_maps(factor=2.0)
    prediction.cube[:, image.mask] = 1e12  # must not count
    assert words(comparison_sheet(image, truth, prediction)).count("of totals −0.30 dex") == 7


def test_truth_and_prediction_share_a_scale() -> None:
    figure = comparison_sheet(make_image(), make_maps(), make_maps(factor=30.0))
    of_panel = {tuple(np.round(a.images[0].get_clim(), 3)) for a in figure.axes if a.images}
    # RGB, seven scales (gas and HI may coincide), and the residuals' own.
    assert len(of_panel) <= 9
    assert (-1.0, 1.0) in of_panel


def test_masked_pixels_are_hatched(tmp_path: Path) -> None:
    free = pixels(save_figure(painting_sheet(make_image(), make_maps()), tmp_path / "a.png"))
    image = make_image()
    image.mask[:48] = True
    hatched = pixels(save_figure(painting_sheet(image, make_maps()), tmp_path / "b.png"))
    grey = np.isclose(hatched, 0.85, atol=0.01).all(-1) & ~np.isclose(free, 0.85, atol=0.01).all(-1)
    assert grey.mean() > 0.1


def test_shapes_must_agree() -> None:
    with pytest.raises(InputError, match="one grid"):
        painting_sheet(make_image((20, 20)), make_maps((20, 21)))


def test_contact_sheet_shows_every_galaxy(tmp_path: Path) -> None:
    shapes = [(64, 64), (16, 16), (300, 200), (50, 120), (128, 128)]
    images, maps = [make_image(s) for s in shapes], [make_maps(s) for s in shapes]
    maps[1] = make_maps(shapes[1], absent=("gas_mass",))
    figure = contact_sheet(images, maps)
    assert words(figure).count("disc 12") == 5
    assert words(figure).count("log gas") == 4
    assert pixels(save_figure(figure, tmp_path / "contact.png")).std() > 0.1
    with pytest.raises(InputError, match="5 images and 4"):
        contact_sheet(images, maps[:4])


def test_thumbnails_are_upright() -> None:
    from picassso.figures.collections import _thumbnail

    for size in (64, 128, 1000):
        picture = np.zeros((size, size, 3), np.float32)
        picture[: size // 4] = 1  # the lowest rows of the galaxy
        small = _thumbnail(picture)
        assert small[-20:].min() == 1 and small[:80].max() == 0
        assert small.mean() == pytest.approx(picture.mean(), abs=0.01)


def test_training_curve_marks_the_best(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,train_loss,validation_loss,x\n1,3,3.5,0\n2,2,2.25,0\n3,1,2.5,0\n")
    figure = training_curve(path)
    labels = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert "least: 2.25 at epoch 2" in labels


@pytest.mark.parametrize(
    ("text", "message"),
    [("epoch,loss\n1,2\n", "validation_loss"), ("", "0 rows"),
     ("epoch,train_loss,validation_loss\n1,2,high\n", "not a number")],
)  # fmt: skip
def test_bad_metrics_name_the_file(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        training_curve(path)
    assert str(path) in str(error.value)
    with pytest.raises(InputError, match="cannot be read"):
        training_curve(tmp_path / "absent.csv")


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_same_figure_same_file_and_nothing_left_beside_it(suffix: str, tmp_path: Path) -> None:
    image, maps = make_image((16, 16)), make_maps((16, 16))
    files = [
        save_figure(painting_sheet(image, maps), tmp_path / f"{n}.{suffix}") for n in ("a", "b")
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a.{suffix}", f"b.{suffix}"]


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = painting_sheet(make_image((16, 16)), make_maps((16, 16)))
    path = tmp_path / "sheet.png"
    path.write_bytes(b"old")

    def full(temporary: Path, **_: object) -> None:
        Path(temporary).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", full)
    with pytest.raises(InputError, match="No space left"):
        save_figure(figure, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.png"]


def test_other_formats_and_folders_that_are_files_are_refused(tmp_path: Path) -> None:
    figure = painting_sheet(make_image((16, 16)), make_maps((16, 16)))
    with pytest.raises(InputError, match=r"\.png or \.pdf"):
        save_figure(figure, tmp_path / "sheet.jpeg")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        save_figure(figure, tmp_path / "file" / "sheet.png")


def test_importing_the_room_imports_no_matplotlib() -> None:
    code = "import picassso.figures, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
