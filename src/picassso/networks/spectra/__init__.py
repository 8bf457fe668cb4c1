"""Networks for spectra: the autoencoder of spectra and the encoder of images."""
