"""What is counted pixel by pixel, view after view, in constant memory."""

from __future__ import annotations

import numpy as np

from picassso.analysis import (
    DetectionScores,
    DistributionDistances,
    PixelDetections,
    PixelDistributions,
    PixelResiduals,
    PixelTrend,
    Protocol,
    ResidualStatistics,
    Trend,
    select_pixels,
)
from picassso.core import PROPERTIES
from picassso.studies.evaluation.quantities import signal_to_noise_band
from picassso.studies.evaluation.views import View

__all__ = ["DENSITY_EDGES", "SIGNAL_EDGES", "PixelCounts"]

DENSITY_EDGES = tuple(0.5 * k for k in range(1, 11))
"""Inner edges of the bins of log10 of the true surface density [dex above the floor]."""

SIGNAL_EDGES = tuple(-1.0 + 0.25 * k for k in range(17))
"""Inner edges of the bins of log10 of the signal-to-noise of a pixel, from 0.1 to 1000."""


class PixelCounts:
    """Residuals, distributions, detections and trends of the pixels of all properties.

    Parameters
    ----------
    properties : tuple of str
        In the order of the maps.
    seed : int
        Of the bootstraps.
    """

    def __init__(self, properties: tuple[str, ...], *, seed: int) -> None:
        self.properties = properties
        self._residuals = [PixelResiduals(n, seed=seed) for n in properties]
        self._distributions = [PixelDistributions(n, seed=seed) for n in properties]
        self._detections = [PixelDetections(n, seed=seed) for n in properties]
        self._by_density = [PixelTrend(n, DENSITY_EDGES, seed=seed) for n in properties]
        self._by_signal = [PixelTrend(n, SIGNAL_EDGES, seed=seed) for n in properties]

    def add(self, view: View) -> None:
        """Count the pixels of one view."""
        image, galaxy_id = view.image, view.truth.galaxy_id
        band = image.bands.index(signal_to_noise_band(image.bands))
        with np.errstate(divide="ignore", invalid="ignore"):
            signal = np.log10(np.maximum(image.flux[band], 0.0) / image.noise[band])
        for k, name in enumerate(self.properties):
            true, honest = view.truth.cube[k], view.judged[Protocol.HONEST].predicted[k]
            # From pixels as painted, the accumulators tell both protocols.
            pixels = select_pixels(true, honest, property=name)
            self._residuals[k].add_selected(pixels, galaxy_id=galaxy_id)
            self._distributions[k].add_selected(pixels, galaxy_id=galaxy_id)
            self._detections[k].add_selected(pixels, galaxy_id=galaxy_id)
            with np.errstate(divide="ignore"):
                height = np.log10(true / np.float32(PROPERTIES[name].floor))
            self._by_density[k].add_selected(height, pixels, galaxy_id=galaxy_id)
            self._by_signal[k].add_selected(signal, pixels, galaxy_id=galaxy_id)

    def residuals(self, protocol: Protocol) -> tuple[ResidualStatistics, ...]:
        """One a property."""
        return tuple(r.result(protocol) for r in self._residuals)

    def distances(self, protocol: Protocol) -> tuple[DistributionDistances, ...]:
        """One a property."""
        return tuple(d.result(protocol) for d in self._distributions)

    def detections(self) -> tuple[DetectionScores, ...]:
        """One a property."""
        return tuple(d.result() for d in self._detections)

    def by_surface_density(self) -> tuple[Trend, ...]:
        """One a property."""
        return tuple(t.result() for t in self._by_density)

    def by_signal_to_noise(self) -> tuple[Trend, ...]:
        """One a property."""
        return tuple(t.result() for t in self._by_signal)
