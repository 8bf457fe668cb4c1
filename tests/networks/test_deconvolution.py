"""Network deconvolution against an explicit whitening, and what becomes of it in evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from picassso.networks.export import write_onnx  # noqa: E402
from picassso.networks.spectra.deconvolution import (  # noqa: E402
    Deconvolution2d,
    inverse_square_root,
    without_whitening,
)

EPS = 1e-3


def correlated(n: int, channels: int, side: int, seed: int = 0) -> torch.Tensor:
    """Smooth images of unequal means, whose neighbours and channels go together, in float64."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(n, channels, side + 4, side + 4, generator=generator, dtype=torch.float64)
    smooth = nn.functional.avg_pool2d(noise, 5, stride=1)
    mixing = torch.randn(channels, channels, generator=generator, dtype=torch.float64)
    levels = torch.arange(1.0, channels + 1, dtype=torch.float64)[:, None, None]
    return torch.einsum("cd,ndhw->nchw", mixing, smooth) + 3.0 * levels


def patches_of(x: torch.Tensor, kernel_size: int) -> torch.Tensor:
    """All patches (M, F) within the image."""
    columns = nn.functional.unfold(x, kernel_size)
    return columns.permute(0, 2, 1).reshape(-1, columns.shape[1])


def explicit_whitening(patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean, and (C + eps)^-1/2 by eigendecomposition."""
    mean = patches.mean(dim=0)
    covariance = torch.cov(patches.T, correction=0)
    values, vectors = torch.linalg.eigh(covariance + EPS * torch.eye(len(covariance)).double())
    return mean, vectors @ torch.diag(values**-0.5) @ vectors.T


def identity_layer(channels: int, kernel_size: int = 3, **options: int) -> Deconvolution2d:
    """A layer that hands out its whitened patches, value by value."""
    features = channels * kernel_size**2
    layer = Deconvolution2d(
        channels, features, kernel_size, eps=EPS, iterations=30, sampling_stride=1, **options
    ).double()
    with torch.no_grad():
        layer.weight.copy_(torch.eye(features).reshape(layer.weight.shape))
    return layer.train()


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_patches_are_whitened_as_by_eigendecomposition(kernel_size: int) -> None:
    x = correlated(4, 3, 20)
    patches = patches_of(x, kernel_size)
    mean, whitening = explicit_whitening(patches)
    said = identity_layer(3, kernel_size)(x).permute(0, 2, 3, 1).reshape(len(patches), -1)
    torch.testing.assert_close(said, (patches - mean) @ whitening, rtol=0, atol=1e-6)
    assert said.mean(dim=0).abs().max() < 1e-9
    covariance = torch.cov(patches.T, correction=0)
    expected = whitening @ covariance @ whitening
    torch.testing.assert_close(torch.cov(said.T, correction=0), expected, rtol=0, atol=1e-6)
    # Along directions of variance far above eps, nothing but a unit is left.
    assert torch.linalg.eigvalsh(expected).max() == pytest.approx(1.0, abs=1e-2)


def test_channel_blocks_share_one_whitening() -> None:
    x = correlated(4, 4, 16)
    layer = Deconvolution2d(4, 5, 3, eps=EPS, iterations=30, block=2, sampling_stride=1).double()
    stacked = torch.cat([patches_of(x[:, :2], 3), patches_of(x[:, 2:], 3)])
    mean, whitening = explicit_whitening(stacked)
    assert layer.running_whitening.shape == (1, 18, 18)
    first, second = ((patches_of(x[:, k : k + 2], 3) - mean) @ whitening for k in (0, 2))
    weight = layer.weight.reshape(5, 2, 18)
    expected = first @ weight[:, 0].T + second @ weight[:, 1].T
    said = layer(x).permute(0, 2, 3, 1).reshape(-1, 5)
    torch.testing.assert_close(said, expected, rtol=0, atol=1e-6)


def test_grouped_convolutions_whiten_each_group_for_itself() -> None:
    x = correlated(4, 4, 16)
    grouped = Deconvolution2d(
        4, 6, 3, groups=2, padding=1, stride=2, eps=EPS, iterations=30
    ).double()
    halves = []
    for k in range(2):
        half = Deconvolution2d(2, 3, 3, padding=1, stride=2, eps=EPS, iterations=30).double()
        half.load_state_dict(
            {
                "weight": grouped.weight[3 * k : 3 * k + 3],
                "bias": grouped.bias[3 * k : 3 * k + 3],
                "running_mean": grouped.running_mean[k : k + 1],
                "running_whitening": grouped.running_whitening[k : k + 1],
            }
        )
        halves.append(half(x[:, 2 * k : 2 * k + 2]))
    torch.testing.assert_close(grouped(x), torch.cat(halves, dim=1), rtol=0, atol=1e-9)


def test_sampled_patches_are_some_of_all() -> None:
    x = correlated(1, 2, 16)
    layer = Deconvolution2d(2, 4, 3, sampling_stride=3, stride=2).double()
    sampled = layer.patches(x)[0]
    everywhere = {tuple(p) for p in patches_of(x, 3).tolist()}
    assert len(sampled) == 3 * 3, "every sixth position of fourteen in each direction"
    assert all(tuple(p) in everywhere for p in sampled.tolist())


@pytest.mark.parametrize(
    "options",
    [{"padding": 1}, {"stride": 2, "padding": 1}, {"groups": 2}, {"block": 2}],
    ids=["plain", "stride", "groups", "block"],
)
def test_in_evaluation_it_is_an_ordinary_convolution(options: dict[str, int]) -> None:
    torch.manual_seed(0)
    layer = Deconvolution2d(4, 6, 3, **options).double()
    for seed in range(5):
        layer(correlated(2, 4, 17, seed=seed))
    layer.eval()
    x = correlated(2, 4, 17, seed=9)
    fused = without_whitening(nn.Sequential(layer))[0]
    assert type(fused) is nn.Conv2d and isinstance(layer, Deconvolution2d)
    torch.testing.assert_close(fused(x), layer(x), rtol=0, atol=1e-9)
    # The long way: take the mean off every patch, whiten it, and only then apply the kernel.
    columns = nn.functional.unfold(x, 3, padding=layer.padding, stride=layer.stride)
    blocks = columns.reshape(2, layer.groups, -1, layer.running_mean.shape[1], columns.shape[2])
    shift = layer.running_mean[None, :, None, :, None]
    white = torch.einsum("gef,ngbfp->ngbep", layer.running_whitening, blocks - shift)
    weight = layer.weight.reshape(layer.groups, -1, *blocks.shape[2:4])
    said = torch.einsum("gobe,ngbep->ngop", weight, white).reshape(2, 6, -1)
    said = said + layer.bias[:, None]
    torch.testing.assert_close(fused(x).flatten(2), said, rtol=0, atol=1e-8)


def test_running_averages_approach_the_statistics_and_survive_a_round_trip() -> None:
    x = correlated(4, 3, 20)
    layer = identity_layer(3)
    for _ in range(200):
        said = layer(x)
    torch.testing.assert_close(layer.eval()(x), said, rtol=0, atol=1e-5)
    assert {"running_mean", "running_whitening"} <= set(dict(layer.named_buffers()))
    again = Deconvolution2d(3, 27, 3).double().eval()
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again(x), layer(x))


def test_evaluation_changes_no_state() -> None:
    layer = identity_layer(3).eval()
    before = {k: v.clone() for k, v in layer.state_dict().items()}
    layer(correlated(2, 3, 16))
    assert all(torch.equal(v, before[k]) for k, v in layer.state_dict().items())


def test_gradients_flow_through_the_whitening() -> None:
    torch.manual_seed(0)
    layer = Deconvolution2d(2, 2, 3, iterations=5, eps=0.1, sampling_stride=1).double().train()
    x = correlated(1, 2, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: layer(y), (x,), atol=1e-6)
    layer(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in layer.parameters())
    # With its statistics held, a shift of the input would matter; in training it must not.
    torch.testing.assert_close(layer(x + 5.0), layer(x), rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constant_channels_stay_finite(dtype: torch.dtype) -> None:
    x = correlated(4, 4, 20).to(dtype)
    x[:, 2:] = 7.0
    layer = Deconvolution2d(4, 8, 3, padding=0).to(dtype).train()
    y = layer(x)
    y.square().mean().backward()
    assert torch.isfinite(y).all()
    assert all(torch.isfinite(p.grad).all() for p in layer.parameters())
    whitening = layer.running_whitening
    assert torch.isfinite(whitening).all() and whitening.abs().max() <= 0.1 * 1e-5**-0.5 + 1.0


def test_newton_and_schulz_find_the_inverse_square_root() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(3, 12, 12, generator=generator, dtype=torch.float64)
    matrix = a @ a.mT + 1e-3 * torch.eye(12).double()
    root = inverse_square_root(matrix, 40)
    identity = torch.eye(12).double().expand(3, -1, -1)
    torch.testing.assert_close(root @ matrix @ root, identity, rtol=0, atol=1e-6)


def test_onnx_is_exact(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    network = nn.Sequential(
        Deconvolution2d(4, 8, 3, stride=2, padding=1),
        nn.Mish(),
        Deconvolution2d(8, 8, 3, groups=4),
    )
    for seed in range(5):
        network(correlated(2, 4, 20, seed=seed).float())
    n, rows, columns = (torch.export.Dim(k, min=1, max=4096) for k in ("n", "rows", "columns"))
    write_onnx(
        without_whitening(network),
        (correlated(2, 4, 24).float(),),
        tmp_path / "d.onnx",
        shapes=({0: n, 2: rows, 3: columns},),
        inputs=("x",),
        outputs=("y",),
        manifest={},
    )
    session = onnxruntime.InferenceSession(tmp_path / "d.onnx")
    operators = {node for node in _operators(tmp_path / "d.onnx")}
    assert "MatMul" not in operators, "whitening is part of the kernels"
    x = correlated(3, 4, 19, seed=7).float()
    (said,) = session.run(None, {"x": x.numpy()})
    with torch.no_grad():
        expected = network.eval()(x).numpy()
    # Whitened kernels take differences of large numbers, so rounding goes with the output's scale.
    np.testing.assert_allclose(said / expected.std(), expected / expected.std(), rtol=0, atol=1e-5)


def _operators(path: Path) -> list[str]:
    onnx = pytest.importorskip("onnx")
    return [node.op_type for node in onnx.load(path).graph.node]
