"""The networks of Wu & Peek 2020: their sizes, their parts, and images of any size."""

from __future__ import annotations

import pytest

from picassso.core import InputError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from picassso.networks import count_parameters  # noqa: E402
from picassso.networks.spectra.deconvolution import Deconvolution2d  # noqa: E402
from picassso.networks.spectra.simple_cnn import SimpleCNN  # noqa: E402
from picassso.networks.spectra.xresnet import (  # noqa: E402
    NORMS,
    ResidualBlock,
    SelfAttention,
    XResNet18,
)


@pytest.mark.parametrize("norm", NORMS)
def test_xresnet_has_the_published_size(norm: str) -> None:
    # Wu & Peek 2020: 6.73 M parameters with five bands and six latents.
    assert count_parameters(XResNet18(5, 6, norm=norm)) == pytest.approx(6.73e6, abs=5e3)


@pytest.mark.parametrize("deconvolution", [False, True])
def test_simple_networks_have_the_published_size(deconvolution: bool) -> None:
    # Wu & Peek 2020: 30 k.
    assert count_parameters(SimpleCNN(5, 6, deconvolution=deconvolution)) == pytest.approx(
        30e3, abs=500
    )


@pytest.mark.parametrize(
    ("norm", "whitened", "normalised"),
    [("batch", 0, 22), ("hybrid", 3, 19), ("deconvolution", 22, 0)],
)
def test_norms_are_where_their_name_says(norm: str, whitened: int, normalised: int) -> None:
    network = XResNet18(5, 6, norm=norm)
    kinds = [type(m) for m in network.modules()]
    assert kinds.count(Deconvolution2d) == whitened
    assert kinds.count(nn.BatchNorm2d) == normalised
    assert kinds.count(SelfAttention) == 1
    stem = list(network.children())[:3]
    assert [any(isinstance(m, Deconvolution2d) for m in s) for s in stem] == [norm != "batch"] * 3


@pytest.mark.parametrize("norm", NORMS)
def test_it_shrinks_the_image_as_published_and_takes_any_size(norm: str) -> None:
    network = XResNet18(5, 6, norm=norm).eval()
    shapes = []
    for layer in network:
        layer.register_forward_hook(lambda _m, _x, y: shapes.append(tuple(y.shape[1:])))
    with torch.no_grad():
        network(torch.randn(1, 5, 224, 224))
        stages = [shapes[k] for k in (2, 3, 5, 7, 9, 11)]
        assert stages == [
            (64, 112, 112),
            (64, 56, 56),
            (64, 56, 56),
            (128, 28, 28),
            (256, 14, 14),
            (512, 7, 7),
        ]
        for size in ((33, 47), (64, 64)):
            assert network(torch.randn(2, 5, *size)).shape == (2, 6)


def test_a_fresh_block_is_its_shortcut() -> None:
    block = ResidualBlock(64, 64, norm="batch", stride=1, attends=True)
    x = torch.randn(2, 64, 8, 8)
    torch.testing.assert_close(block(x), nn.functional.mish(x))


def test_attention_is_the_sum_over_all_pairs_of_pixels() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(6).double()
    x = torch.randn(2, 6, 3, 4, dtype=torch.float64)
    assert torch.equal(layer(x), x)
    with torch.no_grad():
        layer.gamma.fill_(0.7)
    expected = x.clone()
    values = torch.einsum("cd,ndhw->nchw", layer.mix.weight, x)
    for n in range(2):
        for i in range(3):
            for j in range(4):
                alike = torch.einsum("c,chw->hw", values[n, :, i, j], x[n])
                expected[n, :, i, j] += 0.7 * torch.einsum("hw,chw->c", alike, x[n]) / 12
    torch.testing.assert_close(layer(x), expected)
    tiled = layer(x.repeat(1, 1, 2, 3))
    torch.testing.assert_close(tiled, expected.repeat(1, 1, 2, 3))


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    for norm in NORMS:
        network = XResNet18(5, 6, norm=norm).train()
        with torch.no_grad():  # zeros that are there to hide the residual branches
            for module in network.modules():
                if isinstance(module, SelfAttention):
                    module.gamma.fill_(0.1)
                elif isinstance(module, nn.BatchNorm2d):
                    module.weight.clamp_(min=0.5)
        network(torch.randn(4, 5, 64, 64)).square().sum().backward()
        silent = [k for k, p in network.named_parameters() if not p.grad.abs().max() > 0]
        assert not silent


def test_unknown_norms_are_refused() -> None:
    with pytest.raises(InputError, match="instance.*hybrid"):
        XResNet18(5, 6, norm="instance")
