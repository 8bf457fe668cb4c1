"""What defines the study of encoders; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from picassso.core import InputError
from picassso.networks.spectra.registry import BACKBONES
from picassso.studies.experiments.config import fast_precision
from picassso.training.config import problems_of, read_config
from picassso.training.spectra.config import SpectrumConfig

__all__ = ["ENCODERS", "RECIPES", "EncoderStudyConfig"]

ENCODERS = (
    "xresnet18_hybrid",
    "xresnet18_batch",
    "xresnet18_deconvolution",
    "simple_cnn",
    "simple_deconvolution",
    "compact",
)
"""Every arm: the networks of Wu & Peek 2020 in their order, and ours."""

_RECIPES: dict[str, dict[str, Any]] = {
    # Wu & Peek 2020: images as they are and nothing else, and the squared error of the latents.
    "paper": {
        "stretch": "linear",
        "conditions": False,
        "covariance": False,
        "norm": False,
        "fresh_noise": False,
        "noise_range": (1.0, 1.0),
    },
    "ours": {},
}
RECIPES = tuple(_RECIPES)
"""By which every network is tried."""

_BUILT_IN = {"compact": ("stretch", "conditions")}
"""What of a recipe a network cannot take."""

_SET_BY_THE_STUDY = ("seed", "backbone", "learning_rate")
_OF_ALL = ("precision", "crop", "bands", "galaxies")
"""What networks of all recipes have in common, or there is nothing to compare."""


class Tuning(BaseModel):
    """How recipe and learning rate of each network are chosen: by the validation split alone.

    Parameters
    ----------
    rates : tuple of float
        Peak learning rates that are tried, with every recipe.
    share : float
        Of the epochs, the warm-up and the checkpoints.
    seed : int
        Of these networks; none of those that are compared.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    rates: tuple[Annotated[float, Field(gt=0)], ...] = Field((3e-4, 1e-3, 3e-3), min_length=1)
    share: float = Field(0.25, gt=0, le=1)
    seed: int = Field(1000, ge=0)


class Recipes(BaseModel):
    """Keys of training that only networks of one recipe have, over those that make it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    paper: dict[str, Any] = Field(default_factory=dict)
    ours: dict[str, Any] = Field(default_factory=dict)


class EncoderStudyConfig(BaseModel):
    """Config of the study of encoders.

    Parameters
    ----------
    arms : tuple of str
        Networks that are compared, of `ENCODERS`.
    seeds : int
        Networks an arm, of the seeds 0, 1, ...
    loss_tolerance : float
        An arm is provisional if the least mean squared error on the validation split fell by more
        than this over the last quarter of a training, or lay as far below that of its end.
    evaluation_seed : int
        Of the noise on the test images, and of the bootstrap.
    train : dict
        Keys of `picassso.training.SpectrumConfig`, of all networks. Unless they say otherwise,
        whole images are used, and half precision where the machine computes in bfloat16.
    recipes : Recipes
        Of ``paper``, the recipe of Wu & Peek 2020, and ``ours``, which has the defaults of
        training; they go over `train`. Stretch and conditions are part of the compact encoder,
        whatever the recipe.
    tuning : Tuning
        How each network gets its recipe and its learning rate.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    arms: tuple[str, ...] = Field(ENCODERS, min_length=2)
    seeds: int = Field(3, ge=1)
    loss_tolerance: float = Field(0.01, ge=0)
    evaluation_seed: int = Field(0, ge=0)
    train: dict[str, Any] = Field(default_factory=dict)
    recipes: Recipes = Recipes()
    tuning: Tuning = Tuning()

    @model_validator(mode="after")
    def _fits_together(self) -> EncoderStudyConfig:
        unknown = [arm for arm in self.arms if arm not in BACKBONES]
        if unknown or len(set(self.arms)) < len(self.arms):
            raise ValueError(f"arms must be different ones of {', '.join(ENCODERS)}")
        for where, keys in (
            ("train", self.train),
            ("recipes.paper", self.recipes.paper),
            ("recipes.ours", self.recipes.ours),
        ):
            found = [key for key in _SET_BY_THE_STUDY if key in keys]
            if found:
                raise ValueError(f"{where}: {', '.join(found)} set by the study; leave out")
            found = [key for key in _OF_ALL if key in keys and where != "train"]
            if found:
                raise ValueError(f"{where}: {', '.join(found)} must be in train, for all recipes")
        if self.tuning.seed < self.seeds:
            raise ValueError("tuning.seed must be above the seeds of the networks compared")
        return self

    @classmethod
    def resolve(cls, **chosen: Any) -> EncoderStudyConfig:
        """Config with some fields chosen; a bad one raises InputError naming all problems."""
        try:
            config = cls(**{k: v for k, v in chosen.items() if v is not None})
        except ValidationError as error:
            raise InputError(
                f"study config: {problems_of(error)}; known keys: {sorted(cls.model_fields)}"
            ) from error
        for backbone in config.arms:
            for recipe in RECIPES:
                config.training(recipe, backbone=backbone)
        return config

    @classmethod
    def read(cls, path: str | Path, **chosen: Any) -> EncoderStudyConfig:
        """Config of a TOML or JSON file, with some fields chosen over it."""
        found = read_config(path)
        try:
            return cls.resolve(**{**found, **{k: v for k, v in chosen.items() if v is not None}})
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def training(self, recipe: str, *, backbone: str, **chosen: Any) -> SpectrumConfig:
        """How a network is trained by a recipe, as far as it can take it."""
        usual = {"crop": 0, "precision": fast_precision()}
        left_out = _BUILT_IN.get(backbone, ())
        own = {k: v for k, v in _RECIPES[recipe].items() if k not in left_out}
        own |= {**getattr(self.recipes, recipe), "backbone": backbone}
        return SpectrumConfig.resolve(**{**usual, **self.train, **own, **chosen})
