"""What an evaluation found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis import (
    BinnedResiduals,
    DetectionScores,
    DistributionDistances,
    PairedDifference,
    Prediction,
    Protocol,
    RelationComparison,
    ResidualStatistics,
    Spread,
    Trend,
)
from picassso.core import GalaxyImage, Maps

__all__ = ["Evaluation", "Example", "MethodScores", "MethodViews", "ProtocolScores", "Views"]


@dataclass(frozen=True, slots=True)
class Views:
    """Numbers of every view, in the order of the evaluation: N views, P properties, A annuli.

    Parameters
    ----------
    galaxy_id : (N,) array of str
        Whom each view shows.
    row : (N,) int array
        Of the store.
    whole_frame : (N,) bool array
        Where the aperture did not fit into the frame, which was summed instead.
    signal_to_noise : (N,) array
        Of the flux summed over the aperture.
    true : mapping of Protocol to mapping of str to (N,) array
        True totals of each property.
    predicted : mapping of Protocol to mapping of str to Prediction
        Predicted ones, (N,) each.
    true_annuli : mapping of Protocol to mapping of str to (N, A) array
        True totals of each annulus of `picassso.analysis.ANNULUS_EDGES`, and the ratios of
        derived properties there; NaN where it leaves the frame.
    annuli : mapping of Protocol to mapping of str to Prediction
        Predicted ones, (N, A) each. Of derived properties all four are the ratio of the sums of
        predicted maps: of means (`Protocol.HONEST`) or of medians (`Protocol.PAPER`).
    annulus_areas : (N, A) array
        kpc^2.
    true_sizes, sizes : mapping of Protocol to mapping of str to (N,) array
        Half-mass radius of each true map, and of the predicted one [kpc], of means or of medians
        by protocol.
    true_gradients, gradients : mapping of Protocol to mapping of str to (N,) array
        dex per half-mass radius, of additive and derived properties of the same maps.
    """

    galaxy_id: NDArray[np.str_]
    row: NDArray[np.int64]
    whole_frame: NDArray[np.bool_]
    signal_to_noise: NDArray[np.float64]
    true: Mapping[Protocol, Mapping[str, NDArray[np.float64]]]
    predicted: Mapping[Protocol, Mapping[str, Prediction]]
    true_annuli: Mapping[Protocol, Mapping[str, NDArray[np.float64]]]
    annuli: Mapping[Protocol, Mapping[str, Prediction]]
    annulus_areas: NDArray[np.float64]
    true_sizes: Mapping[Protocol, Mapping[str, NDArray[np.float64]]]
    sizes: Mapping[Protocol, Mapping[str, NDArray[np.float64]]]
    true_gradients: Mapping[Protocol, Mapping[str, NDArray[np.float64]]]
    gradients: Mapping[Protocol, Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class ProtocolScores:
    """Every figure of merit under one protocol.

    Parameters
    ----------
    totals, pixels : tuple of ResidualStatistics
        One a property.
    bins : tuple of BinnedResiduals
        Of totals, in bins of each quantity of `picassso.studies.evaluation.quantities`.
    annuli : mapping of str to tuple of ResidualStatistics
        One an annulus, of additive properties (kind ``"annulus"``) and of the ratios of derived
        ones (kind ``"value"``).
    gradients, sizes, concentrations : tuple of ResidualStatistics
        Of kind ``"value"``: of 10 to the power of gradients, of half-mass radii, of
        concentrations. As ratios they are measured on the map of predicted means, or, under
        `Protocol.PAPER`, of medians: their median bias is that of the number so measured.
    similarity : mapping of str to Spread
        Structural similarity of log maps.
    power_ratio, correlation : mapping of str to tuple of Spread
        Predicted over true power, and correlation of the phases, in each bin of
        `Evaluation.frequency_edges`.
    distances : tuple of DistributionDistances
        Of totals, then of pixels.
    relations : tuple of RelationComparison
        As far as the properties allow.
    """

    totals: tuple[ResidualStatistics, ...]
    pixels: tuple[ResidualStatistics, ...]
    bins: tuple[BinnedResiduals, ...]
    annuli: Mapping[str, tuple[ResidualStatistics, ...]]
    gradients: tuple[ResidualStatistics, ...]
    sizes: tuple[ResidualStatistics, ...]
    concentrations: tuple[ResidualStatistics, ...]
    similarity: Mapping[str, Spread]
    power_ratio: Mapping[str, tuple[Spread, ...]]
    correlation: Mapping[str, tuple[Spread, ...]]
    distances: tuple[DistributionDistances, ...]
    relations: tuple[RelationComparison, ...]


@dataclass(frozen=True, slots=True)
class MethodViews:
    """Totals of every view by one method: N views.

    Parameters
    ----------
    galaxy_id : (N,) array of str
        Whom each view shows.
    row : (N,) int array
        Of the store.
    true : mapping of str to (N,) array
        True totals of each property that the method makes; not masked by the truth.
    predicted : mapping of str to Prediction
        Predicted ones, (N,) each.
    """

    galaxy_id: NDArray[np.str_]
    row: NDArray[np.int64]
    true: Mapping[str, NDArray[np.float64]]
    predicted: Mapping[str, Prediction]


@dataclass(frozen=True, slots=True)
class MethodScores:
    """A network or a classical method, on the views that all of them saw.

    Parameters
    ----------
    method : str
        Its name.
    seconds : float
        Median time of painting a view.
    totals, pixels : mapping of Protocol to tuple of ResidualStatistics
        One a property that the method makes.
    views : MethodViews
        What the scores of totals that are not masked by the truth were made of.
    differences : tuple of PairedDifference
        Of the same totals, its scores less those of the network, one a property; of the network
        itself none.
    learnt_from : (int, int)
        Views of the store's training and validation split that a classical method was fitted to;
        0: none. A network's manifest says what it learnt from.
    """

    method: str
    seconds: float
    totals: Mapping[Protocol, tuple[ResidualStatistics, ...]]
    pixels: Mapping[Protocol, tuple[ResidualStatistics, ...]]
    views: MethodViews
    differences: tuple[PairedDifference, ...] = ()
    learnt_from: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Example:
    """One view as it was evaluated."""

    image: GalaxyImage
    painted: Maps
    truth: Maps


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    about : mapping
        Weights, store, split, seed, counts, versions; plain numbers and strings.
    model : mapping
        What the weights say of themselves: their manifest.
    properties : tuple of str
        Painted, and known to the store.
    scores : mapping of Protocol to ProtocolScores
        Every figure of merit, twice.
    by_surface_density, by_signal_to_noise : mapping of Protocol to tuple of Trend
        Residuals of pixels, one a property: against log10 of the surface density [dex above the
        floor], the predicted median (`Protocol.HONEST`) or the true one (`Protocol.PAPER`), and
        against log10 of the signal-to-noise of the pixel; of pixels that reach the floor as
        painted, or in truth.
    detections : tuple of DetectionScores
        Of totals, then of pixels. Honest alone: masked by the truth there is nothing to detect.
    flags : mapping of str to int
        How many views are degenerate, and how.
    frequency_edges : (F + 1,) array
        Of the bins of the spectra [cycles per half-mass radius].
    views : Views
        Numbers of every view.
    methods : tuple of MethodScores
        The network and the baselines, if these were asked for.
    examples : tuple of Example
        Some views, over the range of stellar mass.
    """

    about: Mapping[str, Any]
    model: Mapping[str, Any]
    properties: tuple[str, ...]
    scores: Mapping[Protocol, ProtocolScores]
    by_surface_density: Mapping[Protocol, tuple[Trend, ...]]
    by_signal_to_noise: Mapping[Protocol, tuple[Trend, ...]]
    detections: tuple[DetectionScores, ...]
    flags: Mapping[str, int]
    frequency_edges: NDArray[np.float64]
    views: Views
    methods: tuple[MethodScores, ...]
    examples: tuple[Example, ...]

    @property
    def rows(self) -> tuple[ResidualStatistics, ...]:
        """Statistics of totals, then of pixels, not masked by the truth."""
        honest = self.scores[Protocol.HONEST]
        return honest.totals + honest.pixels

    @property
    def bins(self) -> tuple[BinnedResiduals, ...]:
        """Residuals of totals in bins, not masked by the truth."""
        return self.scores[Protocol.HONEST].bins
