"""The report of an evaluation of an autoencoder of spectra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from picassso.core import REST_GRID
from picassso.figures import (
    ReconstructedSpectrum,
    latent_shifts,
    reconstructed_spectra,
    residual_spectra,
)
from picassso.report.page import Plate, Section, Table, write_page
from picassso.report.spectra.cells import number_cell, score_cell
from picassso.report.spectra.model import model_section, provenance_section
from picassso.studies.spectra import find_score
from picassso.studies.spectra.constancy import BAR, REDSHIFTS, SIGNALS, condition_name
from picassso.studies.spectra.reconstruction import BRIGHT, REGIONS, Reconstruction

if TYPE_CHECKING:
    from picassso.studies.spectra import AutoencoderEvaluation

__all__ = ["autoencoder_sections", "write_autoencoder_report"]

_EXTINCTION = (
    "Spectra of SDSS come without correction for Galactic extinction (those of MaNGA with it): "
    "what it reddens, the model must take for dust of the galaxy."
)


def write_autoencoder_report(evaluation: AutoencoderEvaluation, folder: Path) -> Path:
    """Write ``report.html``, its figures and tables; the path of the page."""
    about = evaluation.about
    return write_page(
        folder,
        title=f"{about['weights']} on {about['store']}",
        about={
            "weights": f"{about['weights']} ({about['weights_fingerprint']}), autoencoder of "
            f"spectra with {about['latents']} latents",
            "store": f"{about['store']} ({about['store_fingerprint'][:16]})",
            "split": about["split"],
            "views": str(about["views"]),
            "galaxies": str(about["galaxies"]),
            "observed spectra": ", ".join(about["observed"]) or "none",
        },
        sections=autoencoder_sections(evaluation),
    )


def autoencoder_sections(evaluation: AutoencoderEvaluation) -> list[Section]:
    """The parts of the page, figures drawn."""
    return [
        _summary(evaluation),
        *_observed(evaluation),
        *_mocks(evaluation),
        _where(evaluation),
        _constancy(evaluation),
        model_section(evaluation.about, evaluation.model),
        provenance_section(evaluation.about),
    ]


def _samples(evaluation: AutoencoderEvaluation) -> list[str]:
    return list(dict.fromkeys(r.sample.name for r in evaluation.reconstructions))


def _network(evaluation: AutoencoderEvaluation) -> Iterator[Reconstruction]:
    """Of each sample, by the autoencoder."""
    return (r for r in evaluation.reconstructions if r.method == "autoencoder")


def _summary(evaluation: AutoencoderEvaluation) -> Section:
    rows = []
    for found in evaluation.reconstructions:
        wanted = {"sample": found.sample.name, "method": found.method, "part": "reconstruction"}
        cells = [
            score_cell(find_score(evaluation.scores, quantity=q, statistic=s, **wanted))
            for q, s in (
                ("residual", "median"),
                ("residual", "p84"),
                ("residual", "share_below_0.05"),
                ("chi2", "median"),
                ("chi2", "mean"),
            )
        ]
        bright = int((found.sample.signal_to_noise > BRIGHT).sum())
        rows.append([found.sample.name, found.method, f"{bright} of {len(found.sample)}", *cells])
    header = [
        "spectra",
        "method",
        "S/N above 10",
        "median residual",
        "84th percentile",
        "share below 0.05",
        "median χ²",
        "mean χ²",
    ]
    caption = (
        "Of spectra of S/N above 10. Residual: median over pixels of |reference − reconstruction| "
        "after smoothing both by 20 Å, relative to the continuum (a running median over 4% of the "
        "wavelength); the reference is the noise-free truth for mocks, the data for observed "
        "spectra. χ²: reduced, of the data, by their own inverse variance."
    )
    words = [
        "Mocks are test galaxies observed with the noise and the mask of SDSS; widened mocks, "
        "galaxies drawn around them with other dust, lines and velocities. PCA: as many principal "
        "components as the autoencoder has latents, fitted on spectra of the store's training "
        "split and on others drawn around them, with mean and components free. Reconstructions "
        "use the mean of each posterior.",
    ]
    return Section("Summary", words, [Table("reconstruction", header, rows, caption)])


def _observed(evaluation: AutoencoderEvaluation) -> list[Section]:
    real = [r for r in _network(evaluation) if r.sample.truth is None]
    if not real:
        return []
    beside = {
        (r.sample.name, name): (r.size[k], r.chi2[k])
        for r in evaluation.reconstructions
        if r.method != "autoencoder"
        for k, name in enumerate(r.sample.galaxy_id.tolist())
    }
    rows = []
    for found in real:
        sample = found.sample
        for k, name in enumerate(sample.galaxy_id.tolist()):
            size, chi2 = beside[sample.name, name]
            rows.append(
                [
                    name,
                    sample.name.split()[-2],
                    number_cell(sample.signal_to_noise[k], 1),
                    number_cell(sample.redshift[k], 4),
                    *(number_cell(v, d) for v, d in ((found.size[k], 4), (found.chi2[k], 2))),
                    *(number_cell(v, d) for v, d in ((size, 4), (chi2, 2))),
                    ", ".join(sample.flags[k]) or "none",
                ]
            )
    header = ["object", "half", "S/N", "z", "residual", "χ²", "PCA residual", "PCA χ²", "flags"]
    caption = (
        "Observed spectra, all of them: S/N is the median a pixel as observed. An object without "
        "numbers has no pixel that can be used."
    )
    words = [
        "Objects are split in two halves by a hash of their names, which no seed moves: choices "
        "may be made by the first (tune), numbers quoted of the second (report).",
        _EXTINCTION,
    ]
    spectra = [s for found in real for s in _shown(found, range(len(found.sample)))]
    plate = Plate(
        "observed_spectra",
        reconstructed_spectra(REST_GRID, spectra),
        "Observed spectra at rest and their reconstructions; below, what is missed in per cent of "
        "the continuum.",
    )
    return [Section("Observed spectra", words, [Table("observed", header, rows, caption), plate])]


def _mocks(evaluation: AutoencoderEvaluation) -> list[Section]:
    number = evaluation.about["examples"]
    if not number:
        return []
    spectra = []
    for found in _network(evaluation):
        if found.sample.truth is not None:
            order = np.argsort(found.size)
            # From the best of equal parts to the worst of all.
            places = np.linspace(-1, len(order) - 1, number + 1).round().astype(int)[1:]
            spectra += _shown(found, order[np.unique(places)].tolist())
    caption = (
        "Mock spectra, from good to the worst of each sample, and their reconstructions; the "
        "residuals are those of the noise-free truth."
    )
    plate = Plate("mock_spectra", reconstructed_spectra(REST_GRID, spectra), caption)
    return [Section("Mock spectra", [], [plate])]


def _shown(found: Reconstruction, rows: range | list[int]) -> list[ReconstructedSpectrum]:
    sample = found.sample
    half = f" ({sample.name.split()[-2]})" if sample.truth is None else f", {sample.name}"
    return [
        ReconstructedSpectrum(
            title=f"{sample.galaxy_id[k]}{half}: z {sample.redshift[k]:.3f}, "
            f"S/N {number_cell(sample.signal_to_noise[k], 0)}, "
            f"residual {number_cell(100 * found.size[k], 1)}%, "
            f"χ² {number_cell(found.chi2[k], 1 if found.chi2[k] < 100 else 0)}",
            flux=np.where(sample.inverse_variance[k] > 0, sample.flux[k], np.nan),
            model=found.spectra[k],
            residual=found.residual[k],
        )
        for k in rows
    ]


def _where(evaluation: AutoencoderEvaluation) -> Section:
    samples = _samples(evaluation)
    residuals = {
        name: {
            r.method: r.spectrum_of_residuals()
            for r in evaluation.reconstructions
            if r.sample.name == name
        }
        for name in samples
    }
    plate = Plate(
        "residual_spectra",
        residual_spectra(REST_GRID, residuals, regions={r.name: r.intervals for r in REGIONS}),
        "Residuals after 20 Å smoothing over spectra of S/N above 10: median over objects, and "
        "16th and 84th percentile. Shaded: the regions of the table; below 3540 and above 7350 Å "
        "the stellar models are blunter than SDSS. What all objects have in common is a fault of "
        "the model or of the library that it learnt from.",
    )
    rows = []
    for region in REGIONS:
        cells = []
        for name in samples:
            wanted = {"part": "regions", "sample": name, "quantity": region.name}
            for method in ("autoencoder", "PCA"):
                cells += [
                    score_cell(
                        find_score(evaluation.scores, method=method, statistic=s, **wanted),
                        factor=100,
                        digits=1,
                    )
                    for s in ("median", "rms")
                ]
        rows.append([region.name, *cells])
    header = ["region"]
    for name in samples:
        header += [f"{name}: {m} {s}" for m in ("autoencoder", "PCA") for s in ("median", "rms")]
    caption = (
        "Mean residual inside a region, per cent of the continuum, over spectra of S/N above 10: "
        "median (a common fault) and root mean square over objects."
    )
    return Section("Where it fails", [], [plate, Table("regions", header, rows, caption)])


def _constancy(evaluation: AutoencoderEvaluation) -> Section:
    found = evaluation.constancy
    plate = Plate(
        "constancy",
        latent_shifts(found.shift, redshifts=REDSHIFTS, signals=SIGNALS, bar=BAR),
        "Shift of each latent under nine conditions from that of the spectrum without noise and "
        "gaps. Dashed: 0.2 of the population's standard deviation.",
    )
    parts = [_constancy_table(evaluation, "all", "constancy_all", "all nine conditions")]
    rows = []
    for z in REDSHIFTS:
        for s in SIGNALS:
            wanted = {"part": "constancy", "sample": condition_name(z, s)}
            wanted["quantity"] = "largest"
            cells = [
                score_cell(find_score(evaluation.scores, method=m, statistic=statistic, **wanted))
                for m in ("single", "systematic", "scatter")
                for statistic in ("median", "p95", "maximum")
            ]
            rows.append([f"{z:g}", f"{s:g}", *cells])
    header = ["z", "S/N"] + [
        f"{m}, {s}"
        for m in ("single", "systematic", "scatter")
        for s in ("median", "95%", "largest")
    ]
    caption = (
        "The latent that moves most, by condition: shifts of single observations, of their means "
        "over the noise (systematic), and their scatter by the noise."
    )
    words = [
        f"{len(found.galaxy_id)} noise-free spectra of test galaxies at rest, each observed at "
        "three redshifts and three S/N (median a pixel as observed), eight draws of noise each; in "
        "units of the population's standard deviation of each latent. No latent should move by "
        "more than 0.2.",
    ]
    return Section(
        "Constancy of the latents",
        words,
        [plate, *parts, Table("constancy", header, rows, caption)],
    )


def _constancy_table(
    evaluation: AutoencoderEvaluation, sample: str, name: str, words: str
) -> Table:
    latents = [f"latent_{k}" for k in range(evaluation.about["latents"])]
    rows = []
    for quantity in (*latents, "largest"):
        title = "largest of all" if quantity == "largest" else f"latent {int(quantity[7:]) + 1}"
        cells = [
            score_cell(
                find_score(
                    evaluation.scores,
                    part="constancy",
                    sample=sample,
                    method=m,
                    quantity=quantity,
                    statistic=s,
                )
            )
            for m, s in _CONSTANCY_COLUMNS
        ]
        rows.append([title, *cells])
    header = ["latent"] + [
        f"{m}, {s.replace('p95', '95%').replace('_0.2', ' 0.2').replace('share_', '')}"
        for m, s in _CONSTANCY_COLUMNS
    ]
    caption = (
        f"Absolute shifts of latents over {words}: of single observations, and of means over the "
        "noise (systematic); their scatter by the noise; bias, the root mean square of the "
        "systematic shift, freed of the noise that is left in means of eight."
    )
    return Table(name, header, rows, caption)


_CONSTANCY_COLUMNS = (
    ("single", "median"),
    ("single", "p95"),
    ("single", "maximum"),
    ("single", "share_within_0.2"),
    ("systematic", "median"),
    ("systematic", "p95"),
    ("systematic", "maximum"),
    ("scatter", "median"),
    ("scatter", "p95"),
    ("systematic", "bias"),
)
