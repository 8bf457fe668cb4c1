"""The study of encoders: networks that predict spectra from images, trained and compared."""
