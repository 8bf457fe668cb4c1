"""The report of an evaluation of an encoder of images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from picassso.analysis.spectra import INDICES
from picassso.analysis.spectra.measured import MEASURED
from picassso.analysis.spectra.posterior import probability_integral_transform
from picassso.core import REST_GRID, output_folder
from picassso.figures import (
    PosteriorSpectrum,
    bands_with_wavelength,
    indices_against_true,
    latent_errors,
    posterior_spectra,
    rank_histograms,
)
from picassso.observatory.spectra.spectrograph import grid_limited
from picassso.report.page import Plate, Section, Table, save_text, write_page
from picassso.report.spectra.cells import number_cell, score_cell
from picassso.report.spectra.model import card_text, model_section, provenance_section
from picassso.report.spectra.uses import classes_section, departing_sections, targets_section
from picassso.studies.spectra import find_score
from picassso.studies.spectra.posteriors import (
    JUDGED,
    LEVELS,
    NETWORK,
    latent_ranks,
    one_view_each,
)
from picassso.studies.spectra.reconstruction import REGIONS

if TYPE_CHECKING:
    from picassso.studies.spectra import EncoderEvaluation

__all__ = ["encoder_sections", "write_encoder_report"]

_PAPER_RMSE = 0.688
"""Validation RMSE of the best network of Wu & Peek 2020, of latents z-scored like these."""


def write_encoder_report(evaluation: EncoderEvaluation, folder: Path) -> Path:
    """Write ``report.html``, its figures and tables, ``model_card.md``; the path of the page."""
    about = evaluation.about
    with output_folder(folder):
        card = card_text(about, evaluation.model, _index_table(evaluation))
        save_text(folder / "model_card.md", card)
    return write_page(
        folder,
        title=f"{about['weights']} on {about['store']}",
        about={
            "weights": f"{about['weights']} ({about['weights_fingerprint']}), spectra from images "
            f"in {about['bands']}",
            "store": f"{about['store']} ({about['store_fingerprint'][:16]})",
            "split": about["split"],
            "views": str(about["views"]),
            "galaxies": str(about["galaxies"]),
        },
        sections=encoder_sections(evaluation),
    )


def encoder_sections(evaluation: EncoderEvaluation) -> list[Section]:
    """The parts of the page, figures drawn."""
    return [
        _latents(evaluation),
        _flux(evaluation),
        _indices(evaluation),
        *_examples(evaluation),
        _where(evaluation),
        classes_section(evaluation),
        targets_section(evaluation),
        *departing_sections(evaluation),
        model_section(evaluation.about, evaluation.model),
        provenance_section(evaluation.about),
    ]


def _cell(evaluation: EncoderEvaluation, **wanted: str) -> str:
    return score_cell(find_score(evaluation.scores, **wanted))


def _methods(evaluation: EncoderEvaluation) -> list[str]:
    return [NETWORK, *evaluation.rivals]


def _latent_names(evaluation: EncoderEvaluation) -> dict[str, str]:
    count = evaluation.about["latents"]
    return {f"latent_{k}": f"latent {k + 1}" for k in range(count)}


def _latents(evaluation: EncoderEvaluation) -> Section:
    names = {**_latent_names(evaluation), "latents": "all"}
    methods = _methods(evaluation)
    errors = {}
    for method in methods:
        scores = {
            title: find_score(
                evaluation.scores, part="latents", method=method, quantity=name, statistic="rmse"
            )
            for name, title in names.items()
        }
        errors[method] = {title: (s.value, s.error) for title, s in scores.items()}
    plate = Plate(
        "latents",
        latent_errors(errors, reference={f"Wu & Peek 2020: {_PAPER_RMSE}": _PAPER_RMSE}),
        "Error of each latent, in standard deviations of the population. The line is the paper's "
        "best validation RMSE, of other galaxies and another autoencoder: no race.",
    )
    header = ["latent"]
    header += [f"{m}: {s}" for m in methods for s in ("MSE", "RMSE", "correlation")]
    header += [f"{level:.0%} interval" for level in LEVELS]
    rows = []
    for name, title in {**names, "log10_norm": "log10 norm [dex]"}.items():
        cells = [
            _cell(evaluation, part="latents", method=m, quantity=name, statistic=s)
            for m in methods
            for s in ("mse", "rmse", "correlation")
        ]
        cells += [
            _cell(
                evaluation,
                part="latents",
                method=NETWORK,
                quantity=name,
                statistic=f"coverage_{level}",
            )
            for level in LEVELS
        ]
        rows.append([title, *cells])
    caption = (
        "Errors of latents (posterior mean against that of the noise-free spectrum) and shares of "
        "truths in the posterior's central intervals. Linear: ridge regression of aperture "
        "colours, magnitudes and redshift, with their squares and products; neighbours: the mean "
        "of the nearest in those, both taught on the training split."
    )
    norm = [
        _cell(evaluation, part="latents", method=NETWORK, quantity="log10_norm", statistic=s)
        for s in ("bias", "scatter", "robust_scatter")
    ]
    words = [
        f"The norm (root mean square flux) is predicted with a median bias of {norm[0]} dex, "
        f"scatter {norm[1]} dex (robust: {norm[2]})."
    ]
    ranks = latent_ranks(evaluation.predictions, evaluation.truth.target)
    titles = [*_latent_names(evaluation).values(), "log10 norm"]
    histograms = Plate(
        "latent_ranks",
        rank_histograms(dict(zip(titles, ranks.T, strict=True))),
        "Ranks of true latents in their posteriors, one view a galaxy: flat if these are right, "
        "hollow in the middle if they are too narrow.",
    )
    return Section("Latents", words, [plate, Table("latents", header, rows, caption), histograms])


def _flux(evaluation: EncoderEvaluation) -> Section:
    plate = Plate(
        "flux_coverage",
        bands_with_wavelength(REST_GRID, evaluation.flux_coverage),
        "Share of views whose noise-free true flux lies inside the 68% and 95% bands, pixel by "
        "pixel.",
    )
    rows = []
    for name in ("flux", *(r.name for r in REGIONS)):
        wanted = {"part": "flux", "quantity": name}
        cells = [_cell(evaluation, statistic=f"coverage_{level}", **wanted) for level in LEVELS]
        cells.append(_cell(evaluation, statistic="median_error", **wanted))
        rows.append(["all pixels" if name == "flux" else name, *cells])
    header = ["wavelengths", *(f"in the {level:.0%} band" for level in LEVELS), "median error"]
    caption = (
        "Coverage of the noise-free true flux, over all views and pixels; median error: of "
        "|median of the prediction − truth| over the truth's median flux."
    )
    return Section("Bands of flux", [], [plate, Table("flux", header, rows, caption)])


def _index_table(evaluation: EncoderEvaluation) -> Table:
    methods = _methods(evaluation)
    header = ["index", *(f"{level:.0%} interval" for level in LEVELS), "ranks: KS p-value"]
    header += ["bias", "robust scatter", *(f"{m}: RMSE" for m in methods), "correlation", "views"]
    rows = []
    for name in JUDGED:
        wanted = {"part": "indices", "quantity": name}
        first = find_score(evaluation.scores, method=NETWORK, statistic="coverage_0.68", **wanted)
        statistics = [*(f"coverage_{level}" for level in LEVELS), "rank_p_value"]
        statistics += ["bias", "robust_scatter"]
        cells = [_cell(evaluation, method=NETWORK, statistic=s, **wanted) for s in statistics]
        cells += [_cell(evaluation, method=m, statistic="rmse", **wanted) for m in methods]
        cells.append(_cell(evaluation, method=NETWORK, statistic="correlation", **wanted))
        unit = INDICES[name].unit.replace("Angstrom", "Å")
        rows.append([f"{_plain(name)}{f' [{unit}]' if unit else ''}", *cells, str(first.count)])
    caption = (
        "Indices measured on predicted spectra against the same on noise-free true ones: shares "
        "of truths in the central intervals, uniformity of ranks (Kolmogorov-Smirnov, one view a "
        "galaxy), and errors of the median. Ratios: of views whose lines are both in emission."
    )
    return Table("indices", header, rows, caption)


def _plain(name: str) -> str:
    """Of an index as users type it."""
    return f"EW({name[3:]})" if name.startswith("EW_") else name


def _indices(evaluation: EncoderEvaluation) -> Section:
    found, truth = evaluation.predictions, evaluation.truth
    places = {name: MEASURED.index(name) for name in JUDGED}
    medians = found.index_medians
    titles = {name: _plain(name) for name in JUDGED}
    against = Plate(
        "indices",
        indices_against_true(
            {name: truth.indices[:, k] for name, k in places.items()},
            {name: medians[:, k] for name, k in places.items()},
            titles=titles,
            labels={name: INDICES[name].unit.replace("Angstrom", "Å") for name in JUDGED},
        ),
        "Medians of predicted indices against those of noise-free true spectra; in the insets the "
        "distribution of true − predicted.",
    )
    alone = one_view_each(found.galaxy_id)
    ranks = {
        titles[name]: probability_integral_transform(
            truth.indices[alone, k], found.index_samples[alone, :, k]
        )
        for name, k in places.items()
    }
    histograms = Plate(
        "index_ranks", rank_histograms(ranks), "Ranks of true indices in their posteriors."
    )
    return Section("Indices", [], [_index_table(evaluation), against, histograms])


def _examples(evaluation: EncoderEvaluation) -> list[Section]:
    number = evaluation.about["examples"]
    if not number:
        return []
    found, truth = evaluation.predictions, evaluation.truth
    # Evenly spread over EW(Halpha): from dead to starbursts.
    order = np.argsort(truth.indices[:, MEASURED.index("EW_Halpha")], kind="stable")
    places = ((np.arange(number) + 0.5) / number * len(order)).astype(int)
    spectra = [
        PosteriorSpectrum(
            title=f"{found.galaxy_id[k]}: EW(Hα) "
            f"{number_cell(float(truth.indices[k, MEASURED.index('EW_Halpha')]), 1)} Å, predicted "
            f"{number_cell(float(found.index_medians[k, MEASURED.index('EW_Halpha')]), 1)} Å",
            truth=truth.flux[k],
            median=found.quantiles[k, 2],
            low=found.quantiles[k, 1],
            high=found.quantiles[k, 3],
        )
        for k in order[np.unique(places)].tolist()
    ]
    plate = Plate(
        "examples",
        posterior_spectra(REST_GRID, spectra, limited=grid_limited(REST_GRID)),
        "Predicted spectra with their 68% bands, and the noise-free truth; galaxies evenly spread "
        "over the equivalent width of Hα. Shaded: the stellar models are blunter than SDSS.",
    )
    return [Section("Examples", [], [plate])]


def _where(evaluation: EncoderEvaluation) -> Section:
    scores = [s for s in evaluation.scores if s.part == "bins"]
    statistics = list(dict.fromkeys(s.statistic for s in scores))
    rows = []
    for by, low, high in dict.fromkeys((s.by, s.low, s.high) for s in scores):
        of = [find_score(scores, by=by, low=low, high=high, statistic=s) for s in statistics]
        cells = [score_cell(s) for s in of]
        rows.append([by.replace("_", " "), f"{low:.3g} to {high:.3g}", *cells, str(of[0].count)])
    header = ["quantity", "bin", *(_BIN_TITLES[s] for s in statistics), "views"]
    caption = (
        "Quality in four equally full bins of the signal to noise of the flux in the fibre (middle "
        "band of the image), of redshift and of log10 stellar mass."
    )
    return Section("Where it errs", [], [Table("bins", header, rows, caption)])


_BIN_TITLES = {
    "flux_coverage_0.68": "flux in the 68% band",
    "EW_Halpha_robust_scatter": "robust scatter of EW(Halpha) [Å]",
    "latents_rmse": "RMSE of latents",
    "log10_norm_scatter": "scatter of log10 norm [dex]",
}
