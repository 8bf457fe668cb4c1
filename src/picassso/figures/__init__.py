"""How things are drawn. Arrays in, matplotlib out; matplotlib is imported when first drawn with."""

from picassso.figures.bins import ResidualBins, residuals_in_bins
from picassso.figures.collections import contact_sheet, training_curve, truth_vs_prediction
from picassso.figures.evidence import (
    distributions,
    predicted_against_true,
    residuals_with_radius,
)
from picassso.figures.gallery import gallery
from picassso.figures.losses import validation_losses
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
from picassso.figures.rgb import rgb_image
from picassso.figures.sheets import comparison_sheet, painting_sheet, residual_map
from picassso.figures.study import ArmScores, study_figure
from picassso.figures.style import (
    STYLES,
    PropertyStyle,
    colour_map,
    drawn_values,
    limits_of,
    style_of,
)

__all__ = [
    "STYLES",
    "ArmScores",
    "PropertyStyle",
    "ResidualBins",
    "add_colour_bar",
    "add_note",
    "add_scale_bar",
    "colour_map",
    "comparison_sheet",
    "contact_sheet",
    "draw_absent",
    "draw_map",
    "draw_mask",
    "draw_rgb",
    "distributions",
    "drawn_values",
    "gallery",
    "limits_of",
    "new_figure",
    "painting_sheet",
    "predicted_against_true",
    "panel_axes",
    "residual_map",
    "residuals_in_bins",
    "residuals_with_radius",
    "rgb_image",
    "save_figure",
    "style_of",
    "study_figure",
    "training_curve",
    "truth_vs_prediction",
    "validation_losses",
]
