"""Image encoders: what they hear, where they look, what they hand out, and how they travel."""

from __future__ import annotations

import copy
import functools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from toy_spectra import basis_of, observed, toy_spectra

from picassso.analysis.spectra.mixture import mixture_samples
from picassso.core import InputError

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from picassso.networks import (  # noqa: E402
    AutoencoderConfig,
    EncoderConfig,
    ImageEncoder,
    count_parameters,
    load_network,
    save_weights,
)
from picassso.networks.spectra.compact_encoder import photometry, photometry_length  # noqa: E402
from picassso.networks.spectra.encoder import INPUTS  # noqa: E402
from picassso.networks.spectra.export import (  # noqa: E402
    export_image_encoder,
    export_spectrum_decoder,
    export_spectrum_encoder,
)
from picassso.networks.spectra.latent_head import SMALLEST_SCALE, LatentHead  # noqa: E402
from picassso.networks.spectra.registry import BACKBONES  # noqa: E402
from picassso.networks.spectra.windows import (  # noqa: E402
    APERTURES,
    FIBRE_RADIUS,
    WINDOWS,
    aperture_photometry,
    pool_in_windows,
)

PAPER = {"stretch": "linear", "conditions": False, "covariance": False, "norm": False}


def inputs(n: int = 2, size: tuple[int, int] = (48, 40), seed: int = 0) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=generator)

    return (
        torch.randn(n, 5, *size, generator=generator).exp(),
        between(0.05, 0.4, n, 5),
        between(0.9, 1.8, n, 5),
        between(0.01, 0.2, n, 1),
        between(0.2, 0.5, n, 1),
    )


@functools.cache
def stirred(config: EncoderConfig) -> ImageEncoder:
    """An encoder in evaluation mode that no longer hides its branches behind zeros."""
    torch.manual_seed(0)
    network = config.build().train()
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.abs().max() > 0:
                parameter.normal_(std=0.1)
        for k in range(2):
            network(*inputs(4, seed=k))
    return network.eval()


def galaxy(pixels: int, pixel_scale: float, sigma: float = 2.0) -> Tensor:
    """Surface brightness (1, 2, pixels, pixels) of round Gaussians of 1 and 3 nanomaggies."""
    axis = (torch.arange(pixels).double() - (pixels - 1) / 2) * pixel_scale
    radius = axis[:, None] ** 2 + axis**2
    profile = torch.exp(-0.5 * radius / sigma**2) / (2 * math.pi * sigma**2)
    return torch.stack([profile, 3.0 * profile])[None]


@pytest.mark.parametrize(
    "choice",
    [{"backbone": k} for k in BACKBONES]
    + [{"norm": False}, {"covariance": False}, {"backbone": "simple_cnn", "covariance": False}]
    + [{"gaussians": 3}],
    ids=str,
)
def test_every_backbone_gives_a_distribution(choice: dict) -> None:
    config = EncoderConfig(**choice)
    with torch.no_grad():
        found = stirred(config)(*inputs(2, (33, 50)))
    d, k = 6 if "norm" in choice else 7, config.gaussians
    shapes = [(2, d), (2, d, d), (2, k), (2, k, d), (2, k, d, d)]
    assert [tuple(part.shape) for part in found] == shapes
    assert all(torch.isfinite(part).all() for part in found)
    tril = found.scale_trils
    assert torch.equal(tril, torch.tril(tril)) and (tril.diagonal(dim1=-2, dim2=-1) > 0).all()
    torch.testing.assert_close(found.log_weight.exp().sum(dim=1), torch.ones(2))


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("condition", [1, 2, 3, 4])
def test_every_condition_is_heard(backbone: str, condition: int) -> None:
    network = stirred(EncoderConfig(backbone=backbone))
    first, second = list(inputs()), list(inputs())
    second[condition] = second[condition] * 1.5
    with torch.no_grad():
        assert not torch.allclose(network(*first).mean, network(*second).mean)


def test_the_paper_is_representable() -> None:
    config = EncoderConfig(backbone="xresnet18_hybrid", **PAPER)
    network = stirred(config)
    assert count_parameters(network) == pytest.approx(6.73e6, abs=5e3)
    first = inputs()
    second = (first[0], *(2.0 * x for x in first[1:]))
    with torch.no_grad():
        mean, covariance, *_ = network(*first)
        assert torch.equal(mean, network(*second).mean), "images alone"
        stretched = network.backbone.stretch(first[0], first[1])
        assert torch.equal(mean, network.backbone.network(stretched)), "nothing but the network"
    assert mean.shape == (2, 6) and torch.equal(covariance, torch.eye(6).expand(2, -1, -1))


def test_linear_stretch_takes_off_the_training_images() -> None:
    stretch = EncoderConfig(backbone="simple_cnn", **PAPER).build().backbone.stretch
    mean, deviation = torch.arange(5.0), torch.arange(1.0, 6.0)
    stretch.set(mean=mean, deviation=deviation)
    flux = torch.randn(2, 5, 4, 4)
    expected = (flux - mean.reshape(5, 1, 1)) / deviation.reshape(5, 1, 1)
    assert torch.equal(stretch(flux, torch.ones(2, 5)), expected)


def test_compact_encoder_is_small() -> None:
    assert count_parameters(EncoderConfig().build()) < 1e6


def test_compact_encoder_knows_neither_batch_nor_mode() -> None:
    network = stirred(EncoderConfig())
    x = inputs(3)
    with torch.no_grad():
        whole = network(*x)[0]
        alone = torch.cat([network(*(v[k : k + 1] for v in x))[0] for k in range(3)])
        torch.testing.assert_close(whole, alone, rtol=1e-5, atol=1e-5)
        assert torch.equal(copy.deepcopy(network).train()(*x)[0], whole)


def test_compact_encoder_looks_where_the_fibre_is() -> None:
    network = stirred(EncoderConfig())
    x = [v.clone() for v in inputs(1, (65, 65))]
    x[0].zero_()
    x[4].fill_(0.4)
    moved = {}
    with torch.no_grad():
        empty = network(*x)[0]
        for name, (row, column) in {"centre": (32, 32), "corner": (4, 4)}.items():
            flux = x[0].clone()
            flux[..., row, column] = 20.0
            moved[name] = float((network(flux, *x[1:])[0] - empty).norm())
    assert moved["centre"] > 5 * moved["corner"] > 0


@pytest.mark.parametrize(("pixels", "pixel_scale"), [(64, 0.396), (65, 0.396), (128, 0.2)])
def test_apertures_hold_the_light_of_a_gaussian(pixels: int, pixel_scale: float) -> None:
    flux = galaxy(pixels, pixel_scale)
    scale = torch.full((1, 1), pixel_scale, dtype=torch.float64)
    light, error = aperture_photometry(flux, torch.ones(1, 2).double(), scale)
    radii = FIBRE_RADIUS * np.array(APERTURES)
    enclosed = 1 - np.exp(-0.5 * (radii / 2.0) ** 2)
    np.testing.assert_allclose(light[0, :, 0], enclosed, rtol=0.01)
    np.testing.assert_allclose(light[0, :, 1], 3 * light[0, :, 0])
    # Errors of independent pixels: their area times the root of their number.
    expected = np.sqrt(np.pi * radii**2 / pixel_scale**2) * pixel_scale**2
    np.testing.assert_allclose(error[0, :, 0], expected, rtol=0.06)


def test_photometry_does_not_see_the_pixels() -> None:
    said = []
    for pixels, pixel_scale in ((64, 0.4), (127, 0.2)):
        noise = torch.full((1, 2), 0.02 / pixel_scale).double()
        scale = torch.full((1, 1), pixel_scale).double()
        said.append(photometry(galaxy(pixels, pixel_scale), noise, scale))
    assert said[0].shape == (1, photometry_length(2))
    torch.testing.assert_close(*said, rtol=0, atol=0.02)


def test_photometry_of_bright_light_is_logarithms_and_colours() -> None:
    flux = 1e4 * galaxy(64, 0.4)
    scale = torch.full((1, 1), 0.4).double()
    said = photometry(flux, torch.full((1, 2), 0.1).double(), scale).reshape(3, 4)
    light, _ = aperture_photometry(flux, torch.ones(1, 2).double(), scale)
    torch.testing.assert_close(said[:, 0], (torch.log(light[0, :, 1]) - 3) / 2, rtol=0, atol=1e-4)
    torch.testing.assert_close(
        said[:, 1], torch.full((3,), 2 * math.log(3)).double(), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("step", [1, 2, 4])
def test_windows_are_gaussians_about_the_centre(step: int) -> None:
    image = torch.zeros(1, 1, 601, 601)
    cells = 600 // step + 1
    axis = (step * torch.arange(cells).double() - 300.0) * 0.1
    radius = (axis[:, None] ** 2 + axis**2)[None, None]
    features = torch.cat([radius, axis.expand(1, 1, cells, -1)], dim=1)
    pooled = pool_in_windows(features, torch.full((1, 1), 0.1).double(), step=step, image=image)
    squares, means = pooled.reshape(2, len(WINDOWS) + 1)
    sigmas = FIBRE_RADIUS * torch.tensor(WINDOWS).double()
    torch.testing.assert_close(squares[:-1], 2 * sigmas**2, rtol=1e-3, atol=0)
    torch.testing.assert_close(squares[-1], radius.mean())
    torch.testing.assert_close(means, torch.zeros(5).double(), rtol=0, atol=1e-9)


def test_head_makes_a_distribution_in_the_units_of_its_targets() -> None:
    head = LatentHead(3)
    fresh = head(torch.zeros(1, head.raw_length))
    torch.testing.assert_close(fresh.scale_trils[0, 0], (1 + SMALLEST_SCALE) * torch.eye(3))
    location, width = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 10.0, 0.1])
    head.set_targets(location=location, width=width)
    head.set_calibration(torch.tensor([1.0, 1.0, 2.0]))
    raw = torch.randn(4, head.raw_length)
    found = head(raw)
    torch.testing.assert_close(found.mean, location + width * raw[:, :3])
    assert torch.equal(fresh.mean, torch.zeros(1, 3))
    plain = LatentHead(3)(raw).scale_trils[:, 0]
    tril = torch.tensor([1.0, 10.0, 0.2])[:, None] * plain
    torch.testing.assert_close(found.scale_trils[:, 0], tril)
    torch.testing.assert_close(found.covariance, tril @ tril.mT)
    below = plain / torch.diagonal(plain, dim1=1, dim2=2)[..., None]
    torch.testing.assert_close(below[:, 1, 0], raw[:, 6])
    torch.testing.assert_close(below[:, 2, :2], raw[:, 7:])


@pytest.mark.parametrize("covariance", [True, False])
def test_one_number_is_enough(covariance: bool) -> None:
    head = LatentHead(1, covariance=covariance)
    found = head(torch.zeros(4, head.raw_length))
    assert found.mean.shape == (4, 1) and found.covariance.shape == (4, 1, 1)
    assert (found.covariance > 0).all()


def test_a_mixture_has_the_moments_of_its_samples() -> None:
    head, generator = LatentHead(3, gaussians=4), torch.Generator().manual_seed(3)
    head.set_targets(location=torch.tensor([5.0, 0.0, -2.0]), width=torch.tensor([1.0, 4.0, 0.2]))
    raw = torch.randn(2, head.raw_length, generator=generator)
    plain = head(raw)
    factor = torch.tensor([1.0, 2.0, 0.5])
    head.set_calibration(factor)
    found = head(raw)
    torch.testing.assert_close(found.mean, plain.mean)
    torch.testing.assert_close(found.covariance, factor[:, None] * plain.covariance * factor)
    rng = np.random.default_rng(0)
    draws = mixture_samples(
        *(part.numpy() for part in found[2:]),
        normal=rng.standard_normal((2, 400_000, 3)),
        uniform=rng.random((2, 400_000)),
    )
    for k in range(2):
        sigma = found.covariance[k].diagonal().sqrt()
        mean, covariance = torch.tensor(draws[k].mean(axis=0)), torch.tensor(np.cov(draws[k].T))
        error = (mean - found.mean[k]) / sigma
        torch.testing.assert_close(error, torch.zeros_like(error), rtol=0, atol=0.01)
        ratio = (covariance - found.covariance[k]) / (sigma[:, None] * sigma)
        torch.testing.assert_close(ratio, torch.zeros_like(ratio), rtol=0, atol=0.02)


def test_head_without_covariance_takes_that_of_residuals() -> None:
    generator = torch.Generator().manual_seed(0)
    factor = torch.tensor([[1.0, 0.0], [0.5, 0.2]])
    residuals = torch.randn(200_000, 2, generator=generator) @ factor.T
    head = LatentHead(2, covariance=False)
    head.set_residuals(residuals)
    tril = head(torch.zeros(5, 2)).scale_trils
    torch.testing.assert_close(tril, factor.expand(5, 1, -1, -1), rtol=0, atol=0.01)


def test_encoders_survive_a_round_trip(tmp_path: Path) -> None:
    config = EncoderConfig(bands=("g", "r", "i", "z", "y"), backbone="simple_deconvolution")
    network, path = stirred(config), tmp_path / "e.safetensors"
    save_weights(network, config, path, about={"survey": "panstarrs"})
    again, read, manifest = load_network(path, EncoderConfig)
    assert read == config and manifest["survey"] == "panstarrs"
    assert manifest["kind"] == "spectrum-encoder" and manifest["bands"] == list("grizy")
    assert manifest["outputs"][-1] == "log10_norm" and len(manifest["outputs"]) == 7
    with torch.no_grad():
        for ours, theirs in zip(network(*inputs()), again(*inputs()), strict=True):
            assert torch.equal(ours, theirs)
    with pytest.raises(InputError, match=r"e\.safetensors.*'spectrum-encoder'"):
        load_network(path, AutoencoderConfig)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"backbone": "vgg"}, "vgg.*compact"),
        ({"backbone": "xresnet18_instance"}, "instance"),
        ({"backbone": "simple_cnn", "stretch": "cube"}, "cube.*asinh"),
        ({"stretch": "linear"}, "compact.*asinh"),
        ({"conditions": False}, "compact.*conditions"),
        ({"widths": (8, 8)}, "2 widths and 3"),
        ({"gaussians": 0}, "0 Gaussians: expected 1 or more"),
        ({"gaussians": 2, "covariance": False}, "2 Gaussians needs their covariances"),
    ],
)
def test_unknown_configs_are_refused(change: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        EncoderConfig(**change).build()
    with pytest.raises(InputError, match="depth"):
        EncoderConfig.from_dict({"depth": 4})


@pytest.mark.parametrize(
    "backbone",
    [
        "compact",
        *(pytest.param(k, marks=pytest.mark.slow) for k in BACKBONES if k != "compact"),
    ],
)
def test_onnx_says_what_torch_says(tmp_path: Path, backbone: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    config = EncoderConfig(backbone=backbone, gaussians=3)
    network, path = stirred(config), tmp_path / "e.onnx"
    export_image_encoder(network, config, path, about={"survey": "sdss"})
    session = onnxruntime.InferenceSession(path)
    manifest = json.loads(session.get_modelmeta().custom_metadata_map["picassso"])
    assert manifest["architecture"] == backbone and manifest["survey"] == "sdss"
    names = ["mean", "covariance", "log_weight", "means", "scale_trils"]
    assert [o.name for o in session.get_outputs()] == names and manifest["gaussians"] == 3
    assert str(Path.cwd()).encode() not in path.read_bytes()
    if backbone == "compact":
        assert path.stat().st_size < 4e6
    for n, size in ((1, (64, 64)), (3, (33, 47))):
        x = inputs(n, size, seed=7)
        said = session.run(None, {k: v.numpy() for k, v in zip(INPUTS, x, strict=True)})
        with torch.no_grad():
            expected = network(*x)
        for ours, theirs in zip(said, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


def test_onnx_of_the_autoencoder_says_what_torch_says(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    config = AutoencoderConfig(latents=4, components=10, residuals=3)
    network, population = config.build().eval(), toy_spectra(200)
    network.set_basis(**{k: torch.tensor(v) for k, v in basis_of(population, 10).items()})
    network.scatter.set(
        components=0.01 * torch.randn(3, 1000),
        coefficients=0.1 * torch.randn(15, 3),
        limits=torch.tensor([[-1.0], [1.0]]).expand(2, 3),
    )
    network.set_errors(floor=torch.full((4,), 0.01), slope=torch.full((4,), 0.5))
    network.stars.set(**{k: torch.tensor(v) for k, v in basis_of(population, 10).items()})
    with torch.no_grad():
        filled = torch.tensor(population, dtype=torch.float32)
        network.set_population(network(filled, torch.zeros(200, 4)).mean)
    export_spectrum_encoder(network, config, tmp_path / "e.onnx", about={})
    export_spectrum_decoder(network, config, tmp_path / "d.onnx", about={})
    encoder, decoder = (onnxruntime.InferenceSession(tmp_path / k) for k in ("e.onnx", "d.onnx"))
    parts = [
        json.loads(s.get_modelmeta().custom_metadata_map["picassso"]) for s in (encoder, decoder)
    ]
    assert [p["part"] for p in parts] == ["encoder", "decoder"]
    assert len({p["network_fingerprint"] for p in parts}) == 1
    for n in (1, 5):
        flux, weight = observed(2.5 * toy_spectra(n, seed=3), 15.0, 0.1, seed=4)
        weight[-1] = 0.0 if n > 1 else weight[-1]
        x = {"flux": flux.astype(np.float32), "weight": weight.astype(np.float32)}
        latents, residual = torch.randn(n, 4), torch.randn(n, 3)
        with torch.no_grad():
            seen = tuple(torch.tensor(v) for v in x.values())
            expected = (*network.encode_observed(*seen), network.stars.of_observed(*seen))
            spectra = network.with_scatter(latents, residual)
            without_lines = network.stars.of_clean(spectra)
        said = encoder.run(None, x)
        assert said[2].shape == (n, 1) and (said[2][0] > 2.3) and (n == 1 or said[2][-1] == 0)
        for ours, theirs in zip(said, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)
        y = decoder.run(None, {"latents": latents.numpy(), "residual": residual.numpy()})
        for ours, theirs in zip(y, (spectra, without_lines), strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


def test_halved_weights_take_half_the_room_and_say_almost_the_same(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    config = AutoencoderConfig()
    network = config.build()
    latents, residual = torch.randn(5, config.latents), torch.randn(5, config.residuals)
    said = {}
    for half in (False, True):
        path = tmp_path / f"{half}.onnx"
        export_spectrum_decoder(network, config, path, about={}, half=half)
        session = onnxruntime.InferenceSession(path)
        inputs = {"latents": latents.numpy(), "residual": residual.numpy()}
        said[half] = session.run(None, inputs)[0], path.stat().st_size
    (whole, size), (halved, half_size) = said[False], said[True]
    assert half_size < 0.55 * size
    difference = np.abs(halved - whole).max() / whole.std()
    assert 0.0 < difference < 3e-3
