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
    bin_numbers,
    select_pixels,
)
from picassso.core import PROPERTIES
from picassso.studies.evaluation.quantities import signal_to_noise_band
from picassso.studies.evaluation.views import View

__all__ = ["DENSITY_EDGES", "SIGNAL_EDGES", "PixelCounts"]

DENSITY_EDGES = tuple(0.5 * k for k in range(1, 11))
"""Inner edges of the bins of log10 of the surface density [dex above the floor]."""

SIGNAL_EDGES = tuple(-1.0 + 0.25 * k for k in range(17))
"""Inner edges of the bins of log10 of the signal-to-noise of a pixel, from 0.1 to 1000."""

_HEIGHTS, _SIGNALS = (10.0 ** np.array(edges) for edges in (DENSITY_EDGES, SIGNAL_EDGES))


class PixelCounts:
    """Residuals, distributions, detections and trends of the pixels of all properties.

    Pixels that are painted above the floor are looked up against what was painted and against
    their signal-to-noise (`Protocol.HONEST`); those that truly lie above it against their truth and
    their signal-to-noise (`Protocol.PAPER`).

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
        self._by_density, self._by_signal = (
            {p: [PixelTrend(n, edges, protocol=p, seed=seed) for n in properties] for p in Protocol}
            for edges in (DENSITY_EDGES, SIGNAL_EDGES)
        )

    def add(self, view: View) -> None:
        """Count the pixels of one view."""
        image, galaxy_id = view.image, view.truth.galaxy_id
        band = image.bands.index(signal_to_noise_band(image.bands))
        with np.errstate(divide="ignore", invalid="ignore"):
            signal = np.maximum(image.flux[band], 0.0) / image.noise[band]
        by_signal = bin_numbers(signal, _SIGNALS)
        for k, name in enumerate(self.properties):
            true, honest = view.truth.cube[k], view.judged[Protocol.HONEST].predicted[k]
            # From pixels as painted, the accumulators tell both protocols.
            pixels = select_pixels(true, honest, property=name)
            self._residuals[k].add_selected(pixels, galaxy_id=galaxy_id)
            self._distributions[k].add_selected(pixels, galaxy_id=galaxy_id)
            self._detections[k].add_selected(pixels, galaxy_id=galaxy_id)
            densities = PROPERTIES[name].floor * _HEIGHTS
            signals = by_signal[pixels.where]
            for protocol, density in (
                (Protocol.HONEST, pixels.median),
                (Protocol.PAPER, pixels.true),
            ):
                by_density = bin_numbers(density, densities)
                self._by_density[protocol][k].add_selected(by_density, pixels, galaxy_id=galaxy_id)
                self._by_signal[protocol][k].add_selected(signals, pixels, galaxy_id=galaxy_id)

    def residuals(self, protocol: Protocol) -> tuple[ResidualStatistics, ...]:
        """One a property."""
        return tuple(r.result(protocol) for r in self._residuals)

    def distances(self, protocol: Protocol) -> tuple[DistributionDistances, ...]:
        """One a property."""
        return tuple(d.result(protocol) for d in self._distributions)

    def detections(self) -> tuple[DetectionScores, ...]:
        """One a property."""
        return tuple(d.result() for d in self._detections)

    def by_surface_density(self) -> dict[Protocol, tuple[Trend, ...]]:
        """One a property, under each protocol."""
        return {p: tuple(t.result() for t in of) for p, of in self._by_density.items()}

    def by_signal_to_noise(self) -> dict[Protocol, tuple[Trend, ...]]:
        """One a property, under each protocol."""
        return {p: tuple(t.result() for t in of) for p, of in self._by_signal.items()}
