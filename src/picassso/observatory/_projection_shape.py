"""Numbers that the compiled and the torch projection share."""

from __future__ import annotations

__all__ = ["PAD", "REACH", "TAPS", "WIDTH"]

PAD = 8
"""Pixels around each level of the pyramid: they hold the tails of what lies outside the frame."""

WIDTH = 1.4
"""Smallest sigma, in pixels of its level, that a particle above the finest level has."""

REACH = 4.0
"""Gaussians are cut this many sigma from their centre, at whole pixels, and renormalised."""

# A pixel's flux c splits into halves c/2 -+ d, d = sum_j TAPS[j-1] (c_{+j} - c_{-j}): a mode of
# wavenumber k is split exactly if sum_j TAPS[j-1] sin(j k) = tan(k/4) / 4. Least squares over the
# spectra of Gaussians of WIDTH to 2 WIDTH pixels, exact for constant gradients.
TAPS = (0.116381891, -0.041112016, 0.012044311, -0.001947698)
"""Weights of the interpolation between levels (see the comment above)."""
