"""Blurring by a Gaussian point-spread function."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError

__all__ = ["FWHM_PER_SIGMA", "convolve_gaussian", "rebin"]

FWHM_PER_SIGMA = float(np.sqrt(8.0 * np.log(2.0)))
_REACH = 5.0


def convolve_gaussian(
    image: NDArray[np.float32], fwhm: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Convolve each band with a Gaussian of its own width.

    The Gaussian is sampled at pixel centres, cut at 5 sigma and normalised; the image is padded
    with zeros as far as it reaches, so that nothing wraps around. What is blurred out of the
    frame is lost there. Widths below about two pixels of FWHM come out too narrow: render finer.

    Parameters
    ----------
    image : (B, H, W) float32 array
        Any unit of surface brightness.
    fwhm : (B,) array
        Full width at half maximum [pixels].

    Returns
    -------
    (B, H, W) float32 array
        In the unit of `image`.

    Raises
    ------
    InputError
        If a width is negative or not finite, or the number of bands differs.
    """
    from scipy import fft

    fwhm = np.asarray(fwhm, dtype=np.float64)
    if fwhm.shape != image.shape[:1] or not (np.isfinite(fwhm).all() and (fwhm >= 0).all()):
        raise InputError(f"PSF FWHM is {fwhm}, expected {len(image)} numbers of pixels, 0 or more")
    sigma = fwhm / FWHM_PER_SIGMA
    height, width = image.shape[1:]
    margin = int(np.ceil(_REACH * sigma.max(initial=0.0)))
    shape = tuple(fft.next_fast_len(n + margin, real=True) for n in (height, width))
    spectrum = fft.rfft2(image, s=shape)
    for b, s in enumerate(sigma):
        spectrum[b] *= _transfer(shape[0], s)[:, None]
        spectrum[b] *= _transfer(shape[1], s)[: shape[1] // 2 + 1]
    return np.ascontiguousarray(fft.irfft2(spectrum, s=shape)[:, :height, :width])


def _transfer(n: int, sigma: float) -> NDArray[np.float32]:
    """(n,) Fourier transform of a sampled Gaussian about pixel 0."""
    distance = np.fft.fftfreq(n, 1.0 / n)
    kernel = np.exp(-0.5 * (distance / max(sigma, 1e-3)) ** 2)
    kernel[np.abs(distance) > np.ceil(_REACH * sigma)] = 0.0
    return np.fft.fft(kernel / kernel.sum()).real.astype(np.float32)


def rebin(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Mean over blocks of `factor` x `factor` pixels of a (..., H, W) surface brightness.

    Raises
    ------
    InputError
        If the factor does not divide height and width.
    """
    height, width = image.shape[-2:]
    if factor < 1 or height % factor or width % factor:
        raise InputError(f"cannot rebin {height} x {width} pixels in blocks of {factor}")
    if factor == 1:
        return image
    # sums of strided slices: several times faster than a mean over two short axes
    total = np.zeros((*image.shape[:-2], height // factor, width // factor), image.dtype)
    for j in range(factor):
        for i in range(factor):
            total += image[..., j::factor, i::factor]
    total /= factor**2
    return total
