"""What is said of autoencoders and encoders of spectra is true of those that are known."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fibre_store import fibre_store
from picassso.archive import DatasetStore, write_spectrum
from picassso.archive.fibres import rest_spectra
from picassso.cli.app import build_app
from picassso.core import REST_GRID, InputError, Spectrum
from picassso.observatory.spectra.spectrograph import observe_spectrum
from picassso.studies.spectra.constancy import BAR, Constancy, constancy_scores, measure_constancy
from picassso.studies.spectra.models import AutoencoderModel, Encoded
from picassso.studies.spectra.reconstruction import (
    REGIONS,
    continuum_level,
    reconstruct,
    reconstruction_scores,
    smoothed,
)
from picassso.studies.spectra.samples import (
    HALVES,
    Sample,
    half_of,
    mock_sample,
    observed_sample,
    split_in_halves,
)
from picassso.studies.spectra.scores import Score, find_score, measured, scores_csv
from picassso.studies.spectra.weights import weights_kind

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.studies import evaluate_autoencoder  # noqa: E402
from picassso.training import AutoencoderConfig, export, train  # noqa: E402
from picassso.training.run import RunDirectory  # noqa: E402

ENCODE = AutoencoderConfig.resolve(
    latents=2, widths=(24, 12), components=5, residuals=4, epochs=8, batch=12, checkpoints=2,
    warmup=5, learning_rate=5e-3, versions=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return fibre_store(tmp_path_factory.mktemp("judged") / "fibres.zarr")


@pytest.fixture(scope="module")
def encoding(store: DatasetStore, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    output = tmp_path_factory.mktemp("judged_runs") / "autoencoder"
    return train(store.path, output=output, config=ENCODE, cpu=True, progress=False)


@pytest.fixture(scope="module")
def real_folder(store: DatasetStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some spectra as files, the last of which has no pixel that can be used."""
    folder = tmp_path_factory.mktemp("observed")
    for k in range(5):
        seen = observe_spectrum(store.fibre_light(k), np.random.default_rng(k))
        mask = np.ones_like(seen.mask) if k == 4 else seen.mask
        named = Spectrum(
            seen.wavelength, seen.medium, seen.flux, seen.inverse_variance, mask, seen.redshift,
            seen.resolution, galaxy_id=f"object-{k}", flags=("no_valid_pixels",) * (k == 4),
        )  # fmt: skip
        write_spectrum(named, folder / f"object-{k}.fits")
    (folder / "README").write_text("not a spectrum")
    return folder


@dataclass(frozen=True)
class Oracle:
    """Returns the truth."""

    truth: np.ndarray
    name: str = "oracle"
    numbers: int = 0

    def reconstruct(self, flux: np.ndarray, inverse_variance: np.ndarray) -> np.ndarray:
        return self.truth.astype(float)


def made_up_sample(n: int = 40, *, snr: float = 20.0) -> Sample:
    """Flat spectra with a slope, noise of a fiftieth."""
    rng = np.random.default_rng(1)
    truth = (5.0 + rng.uniform(-1, 1, (n, 1)) * (REST_GRID / 5000 - 1)).astype(np.float32)
    weight = np.full(truth.shape, (50 / 5.0) ** 2, np.float32)
    weight[:, 300:320] = 0.0
    seen = truth + rng.standard_normal(truth.shape).astype(np.float32) * 0.1
    return Sample(
        name="made up",
        galaxy_id=np.array([f"g{k}" for k in range(n)]),
        flux=np.where(weight > 0, seen, np.nan).astype(np.float32),
        inverse_variance=weight,
        redshift=np.full(n, 0.05),
        signal_to_noise=np.full(n, snr),
        flags=((),) * n,
        truth=truth,
    )


def test_who_returns_the_truth_misses_nothing_but_the_noise() -> None:
    sample = made_up_sample()
    sample.flux[np.isnan(sample.flux)] = 0.0
    found = reconstruct(sample, Oracle(sample.truth))
    assert np.nanmax(np.abs(found.residual)) == 0.0
    assert np.isnan(found.residual[:, 300:320]).all()
    assert found.chi2.mean() == pytest.approx(1.0, abs=0.02)
    scores = reconstruction_scores(found, seed=0)
    share = find_score(scores, quantity="residual", statistic="share_below_0.05")
    assert (share.value, share.count) == (1.0, 40)


def test_a_tenth_too_much_is_a_tenth_in_every_region() -> None:
    sample = made_up_sample()
    found = reconstruct(sample, Oracle(1.1 * sample.truth))
    np.testing.assert_allclose(found.size, 0.1, rtol=1e-3)
    scores = reconstruction_scores(found, seed=0)
    assert {s.quantity for s in scores if s.part == "regions"} == {r.name for r in REGIONS}
    for region in REGIONS:
        score = find_score(scores, part="regions", quantity=region.name, statistic="median")
        assert score.value == pytest.approx(-0.1, rel=0.01)


def test_faint_spectra_are_not_held_to_the_bar() -> None:
    found = reconstruct(made_up_sample(snr=9.0), Oracle(made_up_sample().truth))
    score = find_score(
        reconstruction_scores(found, seed=0), quantity="residual", statistic="median"
    )
    assert np.isnan(score.value) and score.count == 0


def test_smoothing_is_a_mean_over_twenty_angstrom_of_what_is_known() -> None:
    known = np.ones((1, 1000), bool)
    line = np.zeros((1, 1000))
    line[0, 500] = 1.0
    step = REST_GRID[500] * (REST_GRID[1] / REST_GRID[0] - 1)
    assert smoothed(line, known)[0, 500] == pytest.approx(step / 20.0, rel=1e-3)
    slope = np.broadcast_to(REST_GRID, (1, 1000))
    np.testing.assert_allclose(smoothed(slope, known)[0, 10:-10], REST_GRID[10:-10], atol=0.4)
    known[0, 490:510] = False
    gap = smoothed(np.where(known, 3.0, 1e9), known)
    assert np.isnan(gap[0, 500])
    np.testing.assert_allclose(gap[np.isfinite(gap)], 3.0)


def test_the_continuum_passes_under_lines_and_over_gaps() -> None:
    flux, known = np.full((1, 1000), 2.0), np.ones((1, 1000), bool)
    flux[0, 400:405] = 50.0
    flux[0, 600:610], known[0, 600:610] = 99.0, False
    np.testing.assert_array_equal(continuum_level(flux, known), np.full((1, 1000), 2.0))


def test_halves_are_by_name_alone_and_lose_nobody(real_folder: Path) -> None:
    names = [f"spectrum-{k}" for k in range(400)]
    assert {half_of(n) for n in names} == set(HALVES)
    assert 150 < sum(half_of(n) == "tune" for n in names) < 250
    sample = observed_sample([real_folder])
    assert len(sample) == 5
    halves = split_in_halves(sample)
    assert sorted(np.concatenate([s.galaxy_id for s in halves.values()])) == sorted(
        sample.galaxy_id
    )
    alone = observed_sample([real_folder / "object-2.fits"])
    (name,) = split_in_halves(alone)
    assert "object-2" in halves[name].galaxy_id


def test_a_spectrum_without_pixels_stays_on_the_list(real_folder: Path) -> None:
    sample = observed_sample([real_folder / "object-4.fits"])
    assert "no_valid_pixels" in sample.flags[0]
    assert np.isnan(sample.signal_to_noise[0]) and not sample.inverse_variance.any()
    found = reconstruct(sample, Oracle(np.ones((1, 1000))))
    assert np.isnan(found.size[0]) and np.isnan(found.residual).all()


def test_a_folder_without_spectra_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(InputError, match="holds no spectra"):
        observed_sample([tmp_path])


def test_mocks_are_observed_as_their_noise_says(store: DatasetStore) -> None:
    rows = store.indices("test")
    own = mock_sample(store, rows, widened=False, seed=1)
    known = own.inverse_variance > 0
    pull = ((own.flux - own.truth) * np.sqrt(own.inverse_variance))[known]
    assert pull.std() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(own.truth, rest_spectra(store, rows))
    other = mock_sample(store, rows, widened=True, seed=1)
    assert (np.abs(other.truth / own.truth - 1).max(axis=1) > 0.01).all()
    again = mock_sample(store, rows, widened=True, seed=1)
    np.testing.assert_array_equal(other.flux, again.flux)


class Steadfast(AutoencoderModel):
    """Its latents are what the spectrum is without noise, plus something for each redshift."""

    def __init__(self) -> None:
        super().__init__(None, None)  # type: ignore[arg-type]

    def encode(self, flux: np.ndarray, inverse_variance: np.ndarray) -> Encoded:
        unseen = (inverse_variance <= 0).mean(axis=1)
        latents = np.stack([np.zeros(len(flux)), unseen], axis=1)
        return Encoded(latents, latents, np.ones(len(flux)))


def test_shifts_are_those_that_were_put_in(store: DatasetStore) -> None:
    rows = store.indices("test")[:3]
    flux, ids = rest_spectra(store, rows), store.table["galaxy_id"][rows]
    found = measure_constancy(Steadfast(), flux, ids, seed=0)
    assert not found.shift[..., 0].any() and (found.shift[..., 1] > 0).all()
    assert not found.scatter.any()
    scores = constancy_scores(found)
    still = find_score(
        scores, sample="all", method="single", quantity="latent_0", statistic="share_within_0.2"
    )
    assert still.value == 1.0


def test_the_bias_of_latents_is_freed_of_noise() -> None:
    rng = np.random.default_rng(0)
    shift = 0.3 * rng.standard_normal((3, 3, 8, 400, 2))
    shift[..., 1] += 0.5
    found = Constancy(np.arange(400).astype(str), shift)
    bias = found.bias((slice(None), slice(None)))
    assert bias[0] < 0.02 and bias[1] == pytest.approx(0.5, abs=0.01)
    single = find_score(
        constancy_scores(found), sample="all", method="single", quantity="latent_0",
        statistic="share_within_0.2",
    )  # fmt: skip
    assert single.value == pytest.approx(0.495, abs=0.02), f"0.3 sigma of noise within {BAR}"


def test_errors_come_from_drawing_galaxies() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal(100)
    _, error, count = measured(values, np.arange(100), np.mean, seed=0)
    assert error == pytest.approx(0.1, rel=0.25) and count == 100
    twice = measured(np.repeat(values, 2), np.repeat(np.arange(100), 2), np.mean, seed=0)
    assert twice[1] == pytest.approx(error, rel=1e-6), "two views of a galaxy tell no more"
    assert np.isnan(measured(np.full(3, np.nan), np.arange(3), np.mean, seed=0)[0])


def test_scores_are_found_and_written() -> None:
    scores = [Score("a", "s", "m", "q", "median", 1.5, 0.1, 3), Score("a", "s", "m", "q", "p", 2.0)]
    assert find_score(scores, statistic="p").value == 2.0
    assert np.isnan(find_score(scores, statistic="none").value)
    with pytest.raises(InputError, match="2 scores"):
        find_score(scores, part="a")
    lines = list(csv.DictReader(scores_csv(scores).splitlines()))
    assert lines[0]["value"] == "1.5" and lines[1]["error"] == "" and lines[1]["low"] == ""


def test_an_autoencoder_is_judged_and_reported(
    store: DatasetStore, encoding: RunDirectory, real_folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "evaluation"
    command = ["evaluate", str(encoding.path), str(store.path), "-o", str(output), "--limit", "8"]
    command += ["--observed", str(real_folder), "--examples", "1", "--no-progress"]
    result = CliRunner().invoke(build_app(), command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    page = (output / "report.html").read_text()
    for words in ("Constancy of the latents", "Where it fails", "no_valid_pixels", "extinction"):
        assert words in page
    objects = list(csv.DictReader((output / "objects.csv").open()))
    real = [o for o in objects if o["sample"].startswith("observed")]
    assert len(real) == 10 and {o["method"] for o in real} == {"autoencoder", "PCA"}
    (lost,) = (o for o in real if o["galaxy_id"] == "object-4" and o["method"] == "PCA")
    assert lost["residual"] == "" and "no_valid_pixels" in lost["flags"]
    about = json.loads((output / "evaluation.json").read_text())
    assert about["views"] == 8 and about["observed"] == [real_folder.name]
    scores = list(csv.DictReader((output / "scores.csv").open()))
    assert {s["part"] for s in scores} == {"reconstruction", "regions", "constancy"}


def test_kinds_are_told_and_what_does_not_fit_is_refused(
    store: DatasetStore, encoding: RunDirectory, tmp_path: Path
) -> None:
    assert weights_kind(None) == weights_kind(tmp_path) == weights_kind("none.onnx") == "maps"
    assert weights_kind(encoding.path) == weights_kind(encoding.best) == "spectrum-autoencoder"
    command = ["evaluate", str(encoding.path), str(store.path), "-o", str(tmp_path / "out")]
    with pytest.raises(InputError, match="--baselines is for weights of kind 'maps'"):
        CliRunner().invoke(build_app(), [*command, "--baselines", "3"], catch_exceptions=False)
    with pytest.raises(InputError, match="limit is 0"):
        evaluate_autoencoder(encoding.path, store, output=tmp_path / "out", limit=0)
    with pytest.raises(InputError, match="split"):
        evaluate_autoencoder(encoding.path, store, output=tmp_path / "out", split="none")
    encoder, _, decoder = export(encoding.path, output=tmp_path / "weights" / "spectra.onnx")
    with pytest.raises(InputError, match="not an encoder of spectra"):
        evaluate_autoencoder(decoder, store, output=tmp_path / "out", progress=False)
    decoder.unlink()
    with pytest.raises(InputError, match=r"decoder\.onnx: there is no such"):
        evaluate_autoencoder(encoder, store, output=tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()
