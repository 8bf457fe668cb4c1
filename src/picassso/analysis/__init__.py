"""Room analysis: numbers from maps. Arrays in, numbers out; no network in here.

Those from spectra are in `picassso.analysis.spectra`, classical methods in `baselines`.
"""

from __future__ import annotations

from picassso.analysis.apertures import (
    APERTURE_RADII,
    Ellipse,
    aperture_signal_to_noise,
    aperture_total,
    ellipse_in_frame,
    enclosing_radii,
    half_mass_ellipse,
    half_mass_radius,
    scored_ellipse,
    scored_region,
    true_ellipse,
)
from picassso.analysis.bins import BinnedResiduals, binned_residuals
from picassso.analysis.degenerate import (
    FEWEST_PIXELS,
    count_flags,
    degenerate_flags,
    has_two_cores,
)
from picassso.analysis.detection import DetectionScores, PixelDetections, detection_scores
from picassso.analysis.distances import (
    DistributionDistances,
    PixelDistributions,
    distribution_distances,
)
from picassso.analysis.estimates import MINIMUM_GALAXIES, Statistic
from picassso.analysis.isophotes import isophote_ellipse
from picassso.analysis.metrics import (
    Counts,
    ResidualStatistics,
    residual_statistics,
    residual_table,
)
from picassso.analysis.paired import PairedDifference, paired_difference
from picassso.analysis.pixels import PixelResiduals
from picassso.analysis.protocol import Protocol, apply_protocol
from picassso.analysis.radial import (
    ANNULUS_EDGES,
    GRADIENT_RANGE,
    Annuli,
    RadialProfile,
    annulus_residuals,
    elliptical_annuli,
    radial_profile,
)
from picassso.analysis.residuals import MAD_TO_SIGMA, Prediction, log_residual
from picassso.analysis.scaling import (
    RELATIONS,
    Relation,
    RelationComparison,
    ScalingRelation,
    compare_relation,
)
from picassso.analysis.selection import SelectedPixels, select_pixels
from picassso.analysis.sizes import Sizes, measure_sizes
from picassso.analysis.structure import (
    LOG_RANGE,
    CrossSpectra,
    cross_spectra,
    log_above_floor,
    structural_similarity,
)
from picassso.analysis.trends import PixelTrend, Trend, bin_numbers
from picassso.analysis.values import Spread, spread, value_residuals

__all__ = [
    "ANNULUS_EDGES",
    "APERTURE_RADII",
    "FEWEST_PIXELS",
    "GRADIENT_RANGE",
    "LOG_RANGE",
    "MAD_TO_SIGMA",
    "MINIMUM_GALAXIES",
    "RELATIONS",
    "Annuli",
    "BinnedResiduals",
    "Counts",
    "CrossSpectra",
    "DetectionScores",
    "DistributionDistances",
    "Ellipse",
    "PairedDifference",
    "PixelDetections",
    "PixelDistributions",
    "PixelResiduals",
    "PixelTrend",
    "Prediction",
    "Protocol",
    "RadialProfile",
    "Relation",
    "RelationComparison",
    "ResidualStatistics",
    "ScalingRelation",
    "SelectedPixels",
    "Sizes",
    "Spread",
    "Statistic",
    "Trend",
    "annulus_residuals",
    "aperture_signal_to_noise",
    "aperture_total",
    "apply_protocol",
    "bin_numbers",
    "binned_residuals",
    "compare_relation",
    "count_flags",
    "cross_spectra",
    "degenerate_flags",
    "detection_scores",
    "distribution_distances",
    "elliptical_annuli",
    "enclosing_radii",
    "ellipse_in_frame",
    "half_mass_ellipse",
    "half_mass_radius",
    "has_two_cores",
    "isophote_ellipse",
    "log_above_floor",
    "log_residual",
    "paired_difference",
    "measure_sizes",
    "radial_profile",
    "residual_statistics",
    "residual_table",
    "scored_ellipse",
    "true_ellipse",
    "scored_region",
    "select_pixels",
    "spread",
    "structural_similarity",
    "value_residuals",
]
