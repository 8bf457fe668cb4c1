"""What `picassso info` says of predicted spectra and of the weights that predict them."""

from __future__ import annotations

from typing import Any

from picassso.painting.spectra.predicted import PredictedSpectrum
from picassso.painting.weights import NetworkFile

__all__ = ["facts_of_network", "facts_of_predicted"]

_INDICES = ("EW_Halpha", "D4000")


def facts_of_network(network: NetworkFile) -> dict[str, Any]:
    """Names and values of an encoder of images, or a part of an autoencoder of spectra."""
    about = network.about
    held = {
        "name": about.get("name", network.path.stem),
        "kind": " ".join(str(about[k]) for k in ("kind", "part") if k in about),
        "architecture": about.get("architecture", "unknown"),
        "survey": about.get("survey", "unknown"),
        "bands": " ".join(about.get("bands", ())),
        "latents": about.get("latents", "unknown"),
        "pixels": about.get("pixels"),
        "trained on": ", ".join(
            f"{k} {low:g} to {high:g}" for k, (low, high) in about.get("training_range", {}).items()
        ),
        "calibrated": ", ".join(about.get("calibration", {}).get("indices", ())),
        "galaxies of reference": len(about.get("reference_distances", ())) or None,
        "decoder": about.get("decoder_fingerprint"),
        "network": about.get("network_fingerprint"),
        "data fingerprint": about.get("data_fingerprint", "unknown"),
        "fingerprint": network.fingerprint,
        "made": f"{about.get('created', 'unknown')} with picassso {about.get('version', '?')}",
        "licence": about.get("licence", "unknown"),
    }
    return {name: value for name, value in held.items() if value not in (None, "")}


def facts_of_predicted(predicted: PredictedSpectrum) -> dict[str, Any]:
    """Names and values of a predicted spectrum."""
    wave = predicted.wavelength
    facts = {
        "galaxy": predicted.galaxy_id,
        "redshift": f"{predicted.redshift:g}",
        "wavelength": f"{wave[0]:.1f} to {wave[-1]:.1f} Angstrom in vacuum, "
        f"{predicted.frame} frame",
        "samples": len(predicted.latent_samples) or "not saved",
        "flags": ", ".join(predicted.flags) or "none",
    }
    for name in _INDICES:
        _, low, middle, high, _ = predicted.index(name)
        unit = predicted.index_units[predicted.index_names.index(name)]
        facts[name] = f"{middle:.3g} ({low:.3g} to {high:.3g}) {unit}".rstrip()
    return facts | {k: v.replace("\n", "; ") or "none" for k, v in predicted.provenance.items()}
