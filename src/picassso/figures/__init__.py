"""How things are drawn. Arrays in, matplotlib out; matplotlib is imported when first drawn with."""

from picassso.figures.bins import ResidualBins, residuals_in_bins
from picassso.figures.collections import contact_sheet, training_curve
from picassso.figures.encoders import EncoderErrors, encoder_figure
from picassso.figures.evidence import (
    distributions,
    measured_against_true,
    predicted_against_true,
)
from picassso.figures.gallery import gallery
from picassso.figures.lines import Line, pixel_trends, scaling_relations
from picassso.figures.losses import validation_losses
from picassso.figures.methods import MethodScore, method_scores
from picassso.figures.panels import (
    add_colour_bar,
    add_note,
    add_scale_bar,
    draw_absent,
    draw_map,
    draw_mask,
    draw_rgb,
    new_figure,
    panel_axes,
    save_figure,
)
from picassso.figures.predicted_spectrum import (
    Boundary,
    IndexRow,
    SamplePlane,
    predicted_spectrum_figure,
)
from picassso.figures.radial import radial_profiles, residuals_with_radius
from picassso.figures.rgb import rgb_image
from picassso.figures.sheets import comparison_sheet, painting_sheet, residual_map
from picassso.figures.spectra import MAIN_LINES, LineMark, spectra_sheet, spectrum_panel
from picassso.figures.spectral_evidence import (
    ReconstructedSpectrum,
    latent_shifts,
    reconstructed_spectra,
    residual_spectra,
)
from picassso.figures.spectral_posteriors import (
    PosteriorSpectrum,
    bands_with_wavelength,
    indices_against_true,
    latent_errors,
    posterior_spectra,
    rank_histograms,
)
from picassso.figures.spectral_uses import TargetCurves, p_value_curves, target_curves
from picassso.figures.structure import structure_with_frequency
from picassso.figures.study import ArmScores, study_figure
from picassso.figures.style import (
    STYLES,
    PropertyStyle,
    colour_map,
    drawn_values,
    limits_of,
    style_of,
)
from picassso.figures.targets import purity_and_completeness

__all__ = [
    "MAIN_LINES",
    "STYLES",
    "ArmScores",
    "Boundary",
    "EncoderErrors",
    "IndexRow",
    "Line",
    "LineMark",
    "MethodScore",
    "PosteriorSpectrum",
    "PropertyStyle",
    "ReconstructedSpectrum",
    "ResidualBins",
    "SamplePlane",
    "TargetCurves",
    "add_colour_bar",
    "add_note",
    "add_scale_bar",
    "bands_with_wavelength",
    "colour_map",
    "comparison_sheet",
    "contact_sheet",
    "distributions",
    "draw_absent",
    "draw_map",
    "draw_mask",
    "draw_rgb",
    "drawn_values",
    "encoder_figure",
    "gallery",
    "indices_against_true",
    "latent_errors",
    "latent_shifts",
    "limits_of",
    "measured_against_true",
    "method_scores",
    "new_figure",
    "p_value_curves",
    "painting_sheet",
    "panel_axes",
    "pixel_trends",
    "posterior_spectra",
    "predicted_against_true",
    "predicted_spectrum_figure",
    "purity_and_completeness",
    "radial_profiles",
    "rank_histograms",
    "reconstructed_spectra",
    "residual_map",
    "residual_spectra",
    "residuals_in_bins",
    "residuals_with_radius",
    "rgb_image",
    "save_figure",
    "scaling_relations",
    "spectra_sheet",
    "spectrum_panel",
    "structure_with_frequency",
    "study_figure",
    "style_of",
    "target_curves",
    "training_curve",
    "validation_losses",
]
