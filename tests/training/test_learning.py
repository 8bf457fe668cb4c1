"""What training is made of: symmetries, losses, learning rates and configs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from picassso.core import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.networks.heads import ShiftedLogStudent  # noqa: E402
from picassso.training import TrainConfig  # noqa: E402
from picassso.training.augment import turn  # noqa: E402
from picassso.training.loop import learning_rate  # noqa: E402
from picassso.training.losses import distribution_loss, paper_loss  # noqa: E402

MAPS = ("stellar_mass", "hi_mass")


@pytest.mark.parametrize("element", range(8))
def test_symmetries_keep_every_pixel_and_differ(element: int) -> None:
    square = np.arange(16.0).reshape(1, 4, 4)
    turned = turn(square, element)
    np.testing.assert_array_equal(np.sort(turned.ravel()), square.ravel())
    others = [turn(square, e) for e in range(8) if e != element]
    assert not any(np.array_equal(turned, o) for o in others)


def test_distribution_loss_recovers_scatter_and_mean() -> None:
    generator = torch.Generator().manual_seed(0)
    head = ShiftedLogStudent(("stellar_mass",))
    normal = torch.randn(6, 1, 1, 200, 200, generator=generator)
    chi_squared = normal[1:].square().sum(dim=0)
    t = (5.0 + 0.3 * normal[0] / torch.sqrt(chi_squared / 5.0)).clamp_min(0.0)
    truth = head.floor * torch.expm1(t)
    raw = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([raw], lr=0.05)
    for _ in range(800):
        optimizer.zero_grad()
        channels = raw.reshape(1, 3, 1, 1).expand(1, 3, 200, 200)
        distribution_loss(head, channels, truth, mean_weight=0.1).sum().backward()
        optimizer.step()
    painted = head(raw.detach().reshape(1, 3, 1, 1))
    location, scale, _ = head.parameters_of(raw.detach().reshape(1, 3, 1, 1))
    low, middle, high = t.quantile(torch.tensor([0.15866, 0.5, 0.84134])).tolist()
    assert float(location) == pytest.approx(middle, abs=0.01)
    assert float(scale) == pytest.approx((high - low) / 2, abs=0.01)
    assert float(painted.mean) == pytest.approx(float(truth.mean()), rel=5e-3)
    assert float(painted.p16) == pytest.approx(float(truth.quantile(0.15866)), rel=0.02)
    assert float(painted.p84) == pytest.approx(float(truth.quantile(0.84134)), rel=0.02)


def test_absent_maps_neither_count_nor_teach() -> None:
    head = ShiftedLogStudent(MAPS)
    raw = torch.randn(2, 6, 4, 4, generator=torch.Generator().manual_seed(1)).requires_grad_()
    truth = torch.full((2, 2, 4, 4), 1e7)
    truth[:, 1] = torch.nan
    loss = distribution_loss(head, raw, truth, mean_weight=0.1)
    loss.sum().backward()
    assert loss[1] == 0 and torch.isfinite(loss).all()
    assert (raw.grad[:, [1, 3, 5]] == 0).all() and (raw.grad[:, [0, 2, 4]] != 0).any()


def test_paper_loss_is_the_papers() -> None:
    truth = torch.tensor([1e8, 0.0, 1e6, torch.nan]).reshape(1, 1, 2, 2)
    raw = torch.tensor([7.0, 0.0, 6.0, 3.0]).reshape(1, 1, 2, 2)
    assert float(paper_loss(raw, truth)) == pytest.approx((1.0 + 0.0) / 2 + 1e-6 * 100**2)


def test_learning_rate_of_both_recipes() -> None:
    ours = TrainConfig.resolve(warmup=10, learning_rate=1e-3)
    assert learning_rate(ours, 0, 100, 10) == pytest.approx(1e-4)
    assert learning_rate(ours, 10, 100, 10) == pytest.approx(1e-3)
    assert learning_rate(ours, 99, 100, 10) < 1e-6
    paper = TrainConfig.resolve(recipe="paper")
    rates = [learning_rate(paper, e * 10, 130, 10) for e in range(13)]
    assert rates == pytest.approx([1e-5] * 9 + [1e-6] * 3 + [1e-7])


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"rate": 1}, "rate"),
        ({"batch": 0}, "batch"),
        ({"recipe": ["paper"]}, "recipe"),
        ({"architecture": "vit"}, "architecture"),
        ({"noise_range": [0.0, 1.0]}, "noise_range: Value error, is 0 to 1"),
        ({"widths": [8, 8, 8], "blocks": [1, 1]}, "widths and blocks"),
        ({"epochs": float("inf")}, "epochs: Input should be a finite number"),
        ({"learning_rate": float("nan")}, "learning_rate: Input should be a finite number"),
        ({"noise_range": [0.5, float("inf")]}, "noise_range.1: Input should be a finite number"),
    ],
)
def test_bad_configs_name_the_key(chosen: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        TrainConfig.resolve(**chosen)
    (tmp_path / "c.json").write_text(json.dumps(chosen))
    with pytest.raises(InputError, match=r"c\.json"):
        TrainConfig.read(tmp_path / "c.json")
