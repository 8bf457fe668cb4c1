"""What defines a training run. Unknown keys are refused; the resolved config lies in the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from picassso.core import InputError
from picassso.networks import NetworkConfig

__all__ = ["RECIPES", "LoopConfig", "NoiseRange", "TrainConfig", "problems_of", "read_config"]


def _in_order(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    if not 0 < low <= high:
        raise ValueError(f"is {low:g} to {high:g}, expected 0 < low <= high")
    return limits


NoiseRange = Annotated[tuple[float, float], AfterValidator(_in_order)]
"""Lowest and highest factor on the noise of an image."""

RECIPES: dict[str, dict[str, Any]] = {
    "picassso": {},
    # Buck & Wolf 2021, as their training code does it.
    "paper": {
        "architecture": "paper_unet",
        "stretch": "log",
        "head": "point",
        "optimizer": "adam",
        "schedule": "steps",
        "learning_rate": 1e-5,
        "weight_decay": 5e-4,
        "warmup": 0,
        "gradient_clip": 0.0,
        "batch": 16,
        "epochs": 13,
        "crop": 0,
        "augment": False,
        "fresh_noise": False,
        "noise_range": (1.0, 1.0),
    },
}


class LoopConfig(BaseModel):
    """What the training loop itself needs to know, whatever is learnt.

    Parameters
    ----------
    epochs : float
        Passes through the training split.
    batch : int
        Items a step, over all devices.
    learning_rate, weight_decay : float
        Of the optimizer; the learning rate is the peak.
    optimizer : str
        ``"adamw"`` or ``"adam"``.
    schedule : str
        ``"cosine"``, or ``"steps"``: a tenth at each of the epochs 9 and 12, of 13.
    warmup : int
        Steps of linear warm-up.
    gradient_clip : float
        Largest norm of the gradient; 0 for no limit.
    precision : str
        ``"no"``, ``"bf16"`` or ``"fp16"``.
    checkpoints : int
        Number of validations, each with a checkpoint.
    seed : int
        Of everything random.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    task: ClassVar[str]
    """Name of what is learnt."""

    epochs: float = Field(30.0, gt=0)
    batch: int = Field(16, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(1e-3, ge=0)
    optimizer: Literal["adamw", "adam"] = "adamw"
    schedule: Literal["cosine", "steps"] = "cosine"
    warmup: int = Field(200, ge=0)
    gradient_clip: float = Field(1.0, ge=0)
    precision: Literal["no", "bf16", "fp16"] = "no"
    checkpoints: int = Field(30, ge=1)
    seed: int = Field(0, ge=0)

    @classmethod
    def resolve(cls, **chosen: Any) -> Self:
        """Config with some fields chosen, None for those that are not.

        Raises
        ------
        InputError
            If there is anything wrong with them, naming all that is.
        """
        try:
            return cls(**{k: v for k, v in chosen.items() if v is not None})
        except ValidationError as error:
            raise InputError(
                f"train config: {problems_of(error)}; known keys: {sorted(cls.model_fields)}"
            ) from error

    @classmethod
    def read(cls, path: str | Path, **chosen: Any) -> Self:
        """Config of a TOML or JSON file, with some fields chosen over it."""
        found = read_config(path)
        try:
            return cls.resolve(**{**found, **{k: v for k, v in chosen.items() if v is not None}})
        except InputError as error:
            raise InputError(f"{path}: {error}") from error


class TrainConfig(LoopConfig):
    """Config of learning to paint maps.

    Beside those of `LoopConfig`:

    Parameters
    ----------
    recipe : str
        ``"picassso"`` or ``"paper"``: sets the defaults of all other fields.
    architecture, stretch, head, widths, blocks, fold
        See `picassso.networks.NetworkConfig`.
    bands : tuple of str
        Bands to train on, a subset of the stores' own; empty for all of them.
    grey : bool
        Take the colours away: show the reference band in the place of every band.
    shuffled : bool
        Take the shapes away: shuffle the pixels of each image, and of its maps with them, anew
        each time it is seen.
    galaxies : int
        Train on so many galaxies, drawn by the seed, more of them holding the fewer; 0 for all.
    crop : int
        Side of the random crop [pixels]; 0 for whole images.
    mean_weight : float
        Weight of the deviance of the mean beside the likelihood.
    augment : bool
        Random rotations by 90 degrees and reflections (the group D4).
    fresh_noise : bool
        Draw the noise anew each time an image is seen; else once an image.
    noise_range : pair of float
        Factor on the noise level, drawn log-uniformly.
    validation_images : int
        At most so many images of the validation split, evenly spaced.
    """

    task: ClassVar[str] = "maps"

    recipe: Literal["picassso", "paper"] = "picassso"
    architecture: Literal["compact_unet", "paper_unet"] = "compact_unet"
    stretch: Literal["asinh", "log"] = "asinh"
    head: Literal["student", "point"] = "student"
    widths: tuple[int, ...] = (32, 64, 96, 160)
    blocks: tuple[int, ...] = (1, 1, 1, 2)
    fold: int = Field(2, ge=1)
    bands: tuple[str, ...] = ()
    grey: bool = False
    shuffled: bool = False
    galaxies: int = Field(0, ge=0)
    crop: int = Field(128, ge=0)
    mean_weight: float = Field(0.1, ge=0)
    augment: bool = True
    fresh_noise: bool = True
    noise_range: NoiseRange = (0.5, 1.5)
    validation_images: int = Field(512, ge=1)

    @model_validator(mode="after")
    def _fits_together(self) -> TrainConfig:
        if len(self.widths) != len(self.blocks) or not self.widths:
            raise ValueError("widths and blocks must have one number for each level")
        if min(*self.widths, *self.blocks) < 1:
            raise ValueError("widths and blocks must be at least 1")
        return self

    @classmethod
    def resolve(cls, **chosen: Any) -> Self:
        """Config of a recipe with some fields chosen; a bad one raises InputError naming all."""
        named = chosen.get("recipe", "picassso")
        recipe = RECIPES.get(named, {}) if isinstance(named, str) else {}
        return super().resolve(**{**recipe, **{k: v for k, v in chosen.items() if v is not None}})

    def network(self, bands: tuple[str, ...], properties: tuple[str, ...]) -> NetworkConfig:
        """Config of the network for the bands and properties of the data."""
        return NetworkConfig(
            architecture=self.architecture,
            stretch=self.stretch,
            head=self.head,
            bands=bands,
            properties=properties,
            widths=self.widths,
            blocks=self.blocks,
            fold=self.fold,
        )


def read_config(path: str | Path) -> dict[str, Any]:
    """Keys and values of a TOML or JSON file; one that cannot be read raises InputError."""
    path = Path(path)
    try:
        text = path.read_text()
        if path.suffix == ".toml":
            import tomllib

            found = tomllib.loads(text)
        else:
            found = json.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable TOML or JSON config ({error})") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected a table of keys and values")
    return found


def problems_of(error: ValidationError) -> str:
    """All that is wrong with a config, in one line."""
    # What concerns several keys has no place of its own; its message names them.
    return "; ".join(
        f"{'.'.join(map(str, e['loc']))}: {e['msg']}".removeprefix(": ") for e in error.errors()
    )
