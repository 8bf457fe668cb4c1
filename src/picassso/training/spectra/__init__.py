"""The two tasks of spectra: to encode them, and to predict them from images."""
