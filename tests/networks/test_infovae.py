"""The spectrum autoencoder: its layers, what fills the gaps, and latents that stay put."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_spectra import basis_of, observed, toy_spectra

from picassso.core import REST_GRID, InputError

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from picassso.networks import (  # noqa: E402
    AutoencoderConfig,
    SpectrumAutoencoder,
    load_network,
    load_weights,
    save_weights,
)
from picassso.networks.spectra.basis import SpectralBasis, newton_solve, solve_positive  # noqa: E402
from picassso.networks.spectra.infovae import InfoVAE  # noqa: E402

POPULATION = toy_spectra(400)
NEW = toy_spectra(40, seed=5)
CONFIG = AutoencoderConfig(components=10, residuals=3)


def tensor(values: np.ndarray) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def autoencoder(seed: int = 0) -> SpectrumAutoencoder:
    """A fresh one that knows its population."""
    torch.manual_seed(seed)
    network = CONFIG.build().eval()
    network.set_basis(**{k: torch.tensor(v) for k, v in basis_of(POPULATION, 10).items()})
    with torch.no_grad():
        network.set_population(network(tensor(POPULATION), torch.zeros(400, 6)).mean)
        network.scatter.set(
            components=0.01 * torch.randn(3, 1000),
            coefficients=0.1 * torch.randn(28, 3),
            limits=torch.tensor([[-0.5], [0.5]]).expand(2, 3),
        )
    return network


def normalised(network: SpectrumAutoencoder, flux: np.ndarray, weight: np.ndarray) -> tuple:
    norm = network.norm(tensor(flux), tensor(weight))[:, None]
    return tensor(flux) / norm, tensor(weight) * norm**2


def test_layers_are_those_of_the_paper() -> None:
    # Portillo et al. 2020: 1000-549-110-6 and its mirror, leaky ReLU between.
    vae = InfoVAE(1000, 6)
    shapes = [
        [tuple(m.weight.shape) for m in part if isinstance(m, nn.Linear)]
        for part in (vae.encoder, vae.decoder)
    ]
    assert shapes == [
        [(549, 1000), (110, 549), (12, 110)],
        [(110, 6), (549, 110), (1000, 549)],
    ]
    kinds = [type(m) for part in (vae.encoder, vae.decoder) for m in part]
    assert kinds.count(nn.LeakyReLU) == 4 and len(kinds) == 10


def test_latents_of_the_population_are_z_scored() -> None:
    network = autoencoder()
    with torch.no_grad():
        latents, log_variance = network.encode(tensor(POPULATION), torch.full((400, 1000), 1e9))
    assert latents.mean(dim=0).abs().max() < 1e-2 and log_variance.shape == (400, 6)
    torch.testing.assert_close(latents.std(dim=0), torch.ones(6), rtol=1e-2, atol=0)


def test_what_is_handed_out_is_what_the_loss_saw() -> None:
    network = autoencoder()
    draw = torch.randn(40, 6)
    with torch.no_grad():
        inner = network(tensor(NEW), draw)
        latents, _ = network.encode(tensor(NEW), torch.full((40, 1000), 1e12))
        spread = draw * torch.exp(0.5 * inner.log_variance) / network.latent_std
        torch.testing.assert_close(
            network.decode(latents + spread), inner.reconstruction, rtol=1e-4, atol=1e-4
        )


def test_errors_of_latents_grow_with_noise_from_a_floor() -> None:
    network = autoencoder()
    floor, slope = torch.linspace(0.01, 0.06, 6), torch.linspace(3.0, 0.5, 6)
    network.set_errors(floor=floor, slope=slope)
    with torch.no_grad():
        for snr in (3.0, 10.0, 1e3):
            weight = torch.full((40, 1000), snr**2)
            _, log_variance = network.encode(tensor(NEW), weight)
            size = network.fill(tensor(NEW), weight).square().mean(dim=1, keepdim=True)
            expected = floor + slope / (snr**2 * size)
            torch.testing.assert_close(log_variance.exp(), expected, rtol=1e-3, atol=0)


@pytest.mark.parametrize("snr", [20.0, 50.0, 200.0])
@pytest.mark.parametrize("redshift", [0.02, 0.1, 0.2])
def test_latents_do_not_move_with_redshift_or_noise(snr: float, redshift: float) -> None:
    network = autoencoder()
    with torch.no_grad():
        truth, _ = network.encode(tensor(NEW), torch.full((40, 1000), 1e9))
        flux, weight = normalised(network, *observed(3.7 * NEW, snr, redshift, seed=1))
        seen, _ = network.encode(flux, weight)
        raw, _ = network.vae.encode(torch.nan_to_num(flux - tensor(POPULATION.mean(axis=0))))
        naive = (raw - network.latent_mean) / network.latent_std
    assert (seen - truth).abs().max() < 0.2
    assert (naive - truth).abs().max() > 2 * (seen - truth).abs().max(), "zeros in the gaps do"


def test_norm_is_that_of_the_whole_spectrum() -> None:
    network = autoencoder()
    for redshift in (0.02, 0.2):
        norm = network.norm(*map(tensor, observed(3.7 * NEW, 30.0, redshift, seed=2)))
        np.testing.assert_allclose(norm.numpy(), 3.7, rtol=5e-3)
    flux, weight = observed(NEW, 10.0, 0.1, seed=3)
    one = network.norm(tensor(flux), tensor(weight))
    ten = network.norm(tensor(1e3 * flux), tensor(1e-6 * weight))
    torch.testing.assert_close(ten, 1e3 * one, rtol=1e-5, atol=0)


def test_filling_is_the_posterior_mean_of_the_linear_model() -> None:
    rng = np.random.default_rng(0)
    basis = SpectralBasis(torch.linspace(4000, 5000, 12), 3)
    parts = {
        "mean": rng.normal(size=12),
        "components": rng.normal(size=(3, 12)),
        "variance": np.array([2.0, 0.5, 0.1]),
        "residual_variance": rng.uniform(0.01, 0.3, 12),
    }
    basis.set(**{k: torch.tensor(v) for k, v in parts.items()})
    flux, weight = rng.normal(size=(5, 12)), rng.uniform(0, 20, (5, 12))
    weight[:, 3:6] = 0.0
    flux[:, 4] = np.nan
    said = basis.fill(torch.tensor(flux), torch.tensor(weight)).numpy()
    # Conditioning of a multivariate Gaussian, written out.
    prior = parts["components"].T @ np.diag(parts["variance"]) @ parts["components"]
    prior += np.diag(parts["residual_variance"])
    for f, w, filled in zip(flux, weight, said, strict=True):
        known = w > 0
        gain = prior[:, known] @ np.linalg.inv(prior[np.ix_(known, known)] + np.diag(1 / w[known]))
        expected = parts["mean"] + gain @ (f - parts["mean"])[known]
        np.testing.assert_allclose(filled, expected, atol=1e-9)


def test_well_measured_pixels_stay_and_unknown_spectra_are_the_mean() -> None:
    network = autoencoder()
    filled = network.fill(tensor(NEW), torch.full((40, 1000), 1e12))
    torch.testing.assert_close(filled, tensor(NEW), rtol=0, atol=1e-4)
    nothing = torch.full((2, 1000), float("nan"))
    filled = network.fill(nothing, torch.zeros(2, 1000))
    mean = network.basis.mean.float().expand(2, -1)
    torch.testing.assert_close(filled, mean)
    assert torch.equal(network.norm(nothing, torch.zeros(2, 1000)), torch.zeros(2))
    with torch.no_grad():
        assert torch.isfinite(network.encode(nothing, torch.zeros(2, 1000))[0]).all()


def test_negative_light_has_no_norm() -> None:
    network = autoencoder()
    assert float(network.norm(tensor(-NEW[:1]), torch.full((1, 1000), 100.0))) == 0.0


def test_scatter_has_the_covariance_of_its_components() -> None:
    network = autoencoder()
    latents = torch.randn(4, 6)
    with torch.no_grad():
        plain = network.decode(latents)
        assert torch.equal(network.with_scatter(latents, torch.zeros(4, 3)), plain)
        one = torch.tensor([0.0, 2.0, 0.0]).expand(4, -1)
        scale = network.scatter.scale(latents)
        torch.testing.assert_close(
            network.with_scatter(latents, one) - plain,
            2.0 * scale[:, 1:2] * network.scatter.components[1],
            rtol=0,
            atol=1e-6,
        )
        assert float(scale.std(dim=0).min()) > 0.01
        far = network.scatter.scale(1e3 * latents).log()
        assert float(far.abs().max()) <= 0.5 + 1e-6, "it is held within what was seen"


@pytest.mark.parametrize("condition", [1e1, 1e4, 1e7])
def test_both_solvers_solve(condition: float) -> None:
    generator = torch.Generator().manual_seed(0)
    turn, _ = torch.linalg.qr(torch.randn(5, 9, 9, generator=generator, dtype=torch.float64))
    values = torch.logspace(0, -np.log10(condition), 9, dtype=torch.float64)
    matrix = turn * values @ turn.mT
    matrix = 0.5 * (matrix + matrix.mT)
    truth = torch.randn(5, 9, generator=generator, dtype=torch.float64)
    vector = (matrix @ truth[..., None])[..., 0]
    for solve in (solve_positive, newton_solve):
        torch.testing.assert_close(solve(matrix, vector), truth, rtol=0, atol=1e-6)


def test_it_survives_a_round_trip(tmp_path: Path) -> None:
    network = autoencoder()
    path = tmp_path / "a.safetensors"
    save_weights(network, CONFIG, path, about={"licence": "BSD-3-Clause"})
    again, config, manifest = load_network(path, AutoencoderConfig)
    assert config == CONFIG and manifest["kind"] == "spectrum-autoencoder"
    assert manifest["wavelength"] == [REST_GRID[0], REST_GRID[-1], 1000]
    flux, weight = map(tensor, observed(NEW, 20.0, 0.1, seed=4))
    with torch.no_grad():
        assert torch.equal(network.encode(flux, weight)[0], again.encode(flux, weight)[0])
    np.testing.assert_array_equal(again.wavelength.numpy(), REST_GRID)
    with pytest.raises(InputError, match=r"a\.safetensors.*'spectrum-autoencoder'.*'maps'"):
        load_weights(path)


def test_buffers_of_another_shape_are_refused() -> None:
    network = CONFIG.build()
    with pytest.raises(ValueError, match=r"components.*\(4, 1000\).*\(10, 1000\)"):
        network.set_basis(**{k: torch.tensor(v) for k, v in basis_of(POPULATION, 4).items()})


def test_numbers_below_one_are_refused() -> None:
    with pytest.raises(InputError, match="latents=0"):
        AutoencoderConfig(latents=0).build()
