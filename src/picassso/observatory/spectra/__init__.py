"""Spectra through a fibre: what enters it, what a spectrograph makes of it."""
