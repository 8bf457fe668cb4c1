"""What defines the studies: one config for all five of maps, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from picassso.core import InputError
from picassso.training.config import TrainConfig, problems_of, read_config

__all__ = ["KINDS", "Kind", "StudyConfig", "fast_precision"]

Kind = Literal["bands", "resolution", "samples", "ensemble", "morphology"]

KINDS: tuple[Kind, ...] = ("bands", "resolution", "samples", "ensemble", "morphology")
"""Every study of maps."""

_SET_BY_STUDIES = ("seed", "galaxies", "grey", "shuffled")


def _refuse_what_arms_set(train: dict[str, Any]) -> None:
    found = [key for key in _SET_BY_STUDIES if key in train]
    if found:
        raise ValueError(f"train: {', '.join(found)} set by the studies themselves; leave out")


class _Section(BaseModel):
    """Of one study: keys of its own, and keys of training that it has otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    train: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _leaves_the_arms_alone(self) -> _Section:
        _refuse_what_arms_set(self.train)
        return self


def _names(bands: Any) -> Any:
    """Bands of a string, one letter each; a list stays what it is."""
    return tuple(bands) if isinstance(bands, str) else bands


class BandsStudy(_Section):
    """Sets of bands, each a string of one-letter names or a list of names."""

    sets: tuple[Annotated[tuple[str, ...], BeforeValidator(_names)], ...] = (
        ("u", "g", "r", "i", "z"),
        ("u", "g", "r", "i"),
        ("g", "r"),
        ("r",),
    )


class ResolutionStudy(_Section):
    """Sides of the images [pixels]; those larger than the store's own are left out."""

    pixels: tuple[Annotated[int, Field(ge=1)], ...] = (256, 128, 64, 32, 16)


class SamplesStudy(_Section):
    """A geometric ladder of so many rungs, from the fewest training images to all of them."""

    fewest: int = Field(1500, ge=1)
    rungs: int = Field(4, ge=2)


class EnsembleStudy(_Section):
    """Networks that differ in their seed alone."""

    members: int = Field(5, ge=2)


class MorphologyStudy(_Section):
    """Colours or shapes taken away, with a network that can paint every pixel by itself.

    Where pixels are folded into channels, maps are smoothed over the fold: shuffled pixels could
    not be painted, whatever their colours tell. So nothing is folded here, and a narrow level of
    full resolution takes the place of the folding, for all arms alike.
    """

    train: dict[str, Any] = Field(
        default_factory=lambda: {
            "fold": 1,
            "widths": (16, 32, 64, 96, 160),
            "blocks": (1, 1, 1, 1, 2),
        }
    )


class StudyConfig(BaseModel):
    """Config of all studies.

    Parameters
    ----------
    seeds : int
        Networks an arm, of the seeds 0, 1, ...; the ensemble has its own number.
    loss_tolerance : float
        An arm is provisional if the least validation loss of one of its networks fell by more than
        this over the last quarter of training, or if training ended by more than this above it.
    evaluation_seed : int
        Of the noise on the test images, and of the bootstrap.
    train : dict
        Keys of `picassso.training.TrainConfig`. Unless they say otherwise, whole images are used,
        and half precision where the machine computes in bfloat16.
    bands, resolution, samples, ensemble, morphology
        Of each study; ``train`` in there goes over ``train`` here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seeds: int = Field(3, ge=1)
    loss_tolerance: float = Field(0.02, ge=0)
    evaluation_seed: int = Field(0, ge=0)
    train: dict[str, Any] = Field(default_factory=dict)
    bands: BandsStudy = BandsStudy()
    resolution: ResolutionStudy = ResolutionStudy()
    samples: SamplesStudy = SamplesStudy()
    ensemble: EnsembleStudy = EnsembleStudy()
    morphology: MorphologyStudy = MorphologyStudy()

    @model_validator(mode="after")
    def _leaves_the_arms_alone(self) -> StudyConfig:
        _refuse_what_arms_set(self.train)
        return self

    @classmethod
    def resolve(cls, **chosen: Any) -> StudyConfig:
        """Config with some fields chosen; a bad one raises InputError naming all problems."""
        try:
            config = cls(**{k: v for k, v in chosen.items() if v is not None})
        except ValidationError as error:
            raise InputError(
                f"study config: {problems_of(error)}; known keys: {sorted(cls.model_fields)}"
            ) from error
        for kind in KINDS:
            config.training(kind)
        return config

    @classmethod
    def read(cls, path: str | Path, **chosen: Any) -> StudyConfig:
        """Config of a TOML or JSON file, with some fields chosen over it."""
        found = read_config(path)
        try:
            return cls.resolve(**{**found, **{k: v for k, v in chosen.items() if v is not None}})
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def training(self, kind: Kind) -> TrainConfig:
        """How every arm of a study is trained, but for what the arms vary."""
        usual = {"crop": 0, "precision": fast_precision()}
        return TrainConfig.resolve(**{**usual, **self.train, **getattr(self, kind).train})


def fast_precision() -> Literal["no", "bf16"]:
    """bf16 where the machine computes in it."""
    import torch

    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "no"
    able = torch.cpu.get_capabilities()
    return "bf16" if any(able.get(k) for k in ("avx512_bf16", "amx_bf16", "bf16")) else "no"
