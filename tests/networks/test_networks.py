"""Networks: shapes, conditions, locality, the reference network's size, and round trips."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from picassso.core import InputError

torch = pytest.importorskip("torch")

from safetensors import safe_open  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from picassso.networks import (  # noqa: E402
    NetworkConfig,
    Painter,
    build,
    count_parameters,
    export_onnx,
    load_weights,
    save_weights,
)
from picassso.networks.compact_unet import CompactUNet, TriangularFilter, without_folds  # noqa: E402
from picassso.networks.weights import fill, network_manifest  # noqa: E402

SMALL = NetworkConfig(widths=(8, 12), blocks=(1, 1), fold=2)


def inputs(n: int = 1, side: int = 64, bands: int = 5, seed: int = 0) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    flux = torch.randn(n, bands, side, side, generator=generator).exp()
    return (
        flux,
        torch.full((n, bands), 0.2),
        torch.full((n, bands), 3.0),
        torch.full((n, 1), 0.05),
        torch.full((n, 1), 0.4),
    )


def stirred(config: NetworkConfig = SMALL, seed: int = 1) -> Painter:
    """A network whose batch statistics are not the trivial ones."""
    torch.manual_seed(seed)
    network = build(config).train()
    with torch.no_grad():
        for k in range(3):
            network(*inputs(4, seed=k))
    return network.eval()


def test_reference_network_has_the_published_size() -> None:
    # Buck & Wolf 2021, training repository: 28.94 M parameters for 5 bands and 7 maps.
    assert count_parameters(build("paper_unet")) == 28_944_327


@pytest.mark.parametrize("architecture", ["compact_unet", "paper_unet"])
def test_maps_have_the_shape_of_the_image(architecture: str) -> None:
    config = NetworkConfig(architecture=architecture, properties=("stellar_mass", "hi_mass"))
    with torch.no_grad():
        painted = build(config).eval()(*inputs(2, 64))
    for summary in painted:
        assert summary.shape == (2, 2, 64, 64)
        assert torch.isfinite(summary).all() and (summary >= 0).all()


def test_quantiles_are_in_order_and_the_scale_is_their_distance() -> None:
    with torch.no_grad():
        painted = stirred()(*inputs())
    assert (painted.p16 <= painted.p50).all() and (painted.p50 <= painted.p84).all()


@pytest.mark.parametrize("condition", [1, 2, 3, 4])
def test_every_condition_is_heard(condition: int) -> None:
    network = stirred()
    first = list(inputs())
    second = list(inputs())
    second[condition] = second[condition] * 2
    with torch.no_grad():
        assert not torch.allclose(network(*first).p50, network(*second).p50)


def test_influence_ends_at_the_receptive_field() -> None:
    config = NetworkConfig(widths=(8, 8, 8), blocks=(1, 1, 1), fold=2)
    network = stirred(config).double()
    side = 16 * (2 * network.receptive_field // 16 + 4)
    centre = side // 2
    x = [t.double() for t in inputs(1, side)]
    with torch.no_grad():
        before = network(*x, raw=True)
        x[0][0, :, centre, centre] += 100.0
        changed = (network(*x, raw=True) - before).abs().amax(dim=(0, 1)) > 0
    rows, columns = np.nonzero(changed.numpy())
    reach = max(abs(rows - centre).max(), abs(columns - centre).max())
    assert 0.5 * network.receptive_field < reach <= network.receptive_field


def test_a_part_of_the_image_is_painted_as_within_the_whole() -> None:
    network = stirred()
    halo = 16 * (network.receptive_field // 16 + 1)
    x = inputs(1, 2 * halo + 64)
    with torch.no_grad():
        whole = network(*x).mean[..., halo:-halo, halo:-halo]
        flux = torch.nn.functional.pad(x[0], (0, 32, 0, 32))
        longer = network(flux, *x[1:]).mean[..., halo : halo + 64, halo : halo + 64]
    np.testing.assert_allclose(whole, longer, rtol=1e-5)


def test_weights_survive_a_round_trip(tmp_path: Path) -> None:
    network = stirred()
    save_weights(network, SMALL, tmp_path / "w.safetensors", about={"survey": "sdss"})
    again, manifest = load_weights(tmp_path / "w.safetensors")
    assert manifest["survey"] == "sdss" and manifest["bands"] == list("ugriz")
    with torch.no_grad():
        assert torch.equal(network(*inputs()).mean, again(*inputs()).mean)
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_foreign_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(InputError, match="w.safetensors"):
        load_weights(tmp_path / "w.safetensors")
    about = {"format": 99}
    save_weights(stirred(), SMALL, tmp_path / "new.safetensors", about=about)
    with pytest.raises(InputError, match="format 99"):
        load_weights(tmp_path / "new.safetensors")


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    network = stirred()
    save_weights(network, SMALL, path, about={})
    wrong = build(SMALL)
    # As a version would that named, shaped and counted its layers otherwise.
    first, second, *_ = wrong.state_dict()
    tensors = {k: v for k, v in network.state_dict().items() if k != first}
    tensors[second] = torch.zeros(1, 2, 3)
    tensors["backbone.stem.scale"] = torch.zeros(1)
    before = {k: v.clone() for k, v in wrong.state_dict().items()}
    with pytest.raises(InputError) as caught:
        fill(wrong, tensors, source=str(path), remedy="train again")
    said = str(caught.value)
    for words in (str(path), f"missing: {first}", "unknown: backbone.stem.scale", "train again"):
        assert words in said
    assert f"of another shape: {second} [1, 2, 3], expected" in said
    assert all(torch.equal(v, before[k]) for k, v in wrong.state_dict().items())
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file(tensors, path, metadata)
    with pytest.raises(InputError, match=r"old\.safetensors.*do not fit.*\.onnx"):
        load_weights(path)
    with pytest.raises(InputError, match=r"missing: .* and \d+ more\)"):
        fill(wrong, {}, source="empty", remedy="train again")


def test_a_network_is_known_by_its_config_and_its_tensors(tmp_path: Path) -> None:
    def fingerprint(network: Painter) -> str:
        return network_manifest(network, SMALL)["network_fingerprint"]

    network = stirred()
    assert fingerprint(network) == fingerprint(stirred())
    save_weights(network, SMALL, tmp_path / "w.safetensors", about={})
    again, manifest = load_weights(tmp_path / "w.safetensors")
    assert manifest["network_fingerprint"] == fingerprint(network) == fingerprint(again)
    assert fingerprint(stirred(seed=2)) != fingerprint(network)
    with torch.no_grad():
        network.head.mean_factor *= 1.01
    assert manifest["network_fingerprint"] != fingerprint(network)


def test_onnx_says_what_torch_says(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    network = stirred()
    export_onnx(network, SMALL, tmp_path / "w.onnx", about={"survey": "sdss"})
    session = onnxruntime.InferenceSession(tmp_path / "w.onnx")
    manifest = json.loads(session.get_modelmeta().custom_metadata_map["picassso"])
    assert manifest["architecture"] == "compact_unet" and manifest["survey"] == "sdss"
    assert str(Path.cwd()).encode() not in (tmp_path / "w.onnx").read_bytes()
    for n, side in ((1, 48), (3, 96)):
        x = inputs(n, side)
        names = ("flux", "noise", "psf_fwhm", "redshift", "kpc_per_pixel")
        painted = session.run(None, {k: v.numpy() for k, v in zip(names, x, strict=True)})
        with torch.no_grad():
            expected = network(*x)
        floor = network.head.floor.numpy()
        for ours, theirs in zip(painted, expected, strict=True):
            np.testing.assert_allclose(ours / floor, theirs.numpy() / floor, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "resnet"}, "resnet"),
        ({"head": "gamma"}, "gamma"),
        ({"properties": ("dark_matter",)}, "dark_matter"),
        ({"stretch": "log"}, "asinh"),
    ],
)
def test_unknown_configs_are_refused(change: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        build(NetworkConfig(**change))
    with pytest.raises(InputError, match="depth"):
        NetworkConfig.from_dict({"depth": 4})


@pytest.mark.parametrize("fold", [1, 2, 4])
def test_no_pattern_of_the_folds_period(fold: int) -> None:
    torch.manual_seed(0)
    network = CompactUNet(5, 6, conditions=12, widths=(8, 8), blocks=(1, 1), fold=fold).eval()
    with torch.inference_mode():
        maps = network(torch.full((1, 5, 160, 160), 0.7), torch.zeros(1, 12))[0]
    edge = network.receptive_field
    even = maps[:, edge:-edge, edge:-edge]
    assert even.std() > 1e-3, "channels differ"
    torch.testing.assert_close(
        even, even.mean(dim=(1, 2), keepdim=True).expand_as(even), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("fold", [1, 2, 4])
def test_without_folds_it_is_the_same_function(fold: int) -> None:
    torch.manual_seed(1)
    network = CompactUNet(5, 6, conditions=12, widths=(8, 8), blocks=(1, 1), fold=fold).eval()
    image, conditions = torch.randn(2, 5, 64, 48), torch.randn(2, 12)
    with torch.inference_mode():
        torch.testing.assert_close(
            without_folds(network)(image, conditions),
            network(image, conditions),
            rtol=1e-5,
            atol=1e-5,
        )


def test_filter_keeps_levels_and_is_narrow() -> None:
    point = torch.zeros(1, 1, 9, 9)
    point[..., 4, 4] = 1.0
    spread = TriangularFilter(1, 2)(point)
    assert float(spread.sum()) == pytest.approx(1.0)
    assert float(spread[..., 4, 4]) == pytest.approx(0.25)
    assert float(spread[..., 4, 2]) == 0.0
    torch.testing.assert_close(
        TriangularFilter(1, 2)(torch.ones(1, 1, 6, 8)), torch.ones(1, 1, 6, 8)
    )
