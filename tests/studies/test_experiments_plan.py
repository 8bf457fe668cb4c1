"""Which networks a study trains, and what it refuses before it begins."""

from __future__ import annotations

import itertools
import json
import tomllib
from pathlib import Path

import pytest

from picassso.archive import DatasetStore
from picassso.core import InputError
from studied_galaxies import studied_store

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from picassso.studies import StudyConfig
from picassso.studies.experiments import KINDS
from picassso.studies.experiments.plan import left_out, plan, runs_of
from picassso.training.data import ViewSet

TRAIN = {"widths": [8, 8], "blocks": [1, 1], "batch": 4, "epochs": 3, "precision": "no"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DatasetStore:
    return studied_store(tmp_path_factory.mktemp("data") / "discs.zarr", side=32)


def config(**chosen) -> StudyConfig:
    return StudyConfig.resolve(**{"train": TRAIN, "morphology": {"train": {"fold": 1}}, **chosen})


def test_arms_of_every_study_differ_in_one_thing(store: DatasetStore) -> None:
    arms = {kind: plan(kind, config(), store) for kind in KINDS}
    labels = {kind: [a.label for a in of] for kind, of in arms.items()}
    assert labels == {
        "bands": ["ugriz", "ugri", "gr", "r"],
        "resolution": ["32 px", "16 px"],
        "samples": ["4", "6", "12", "26"],
        "ensemble": ["member"],
        "morphology": ["image", "shuffled", "grey", "shuffled grey"],
    }
    varied = {
        "bands": {"bands"},
        "samples": {"galaxies", "epochs"},
        "morphology": {"grey", "shuffled"},
    }
    for kind, of in arms.items():
        for arm in of:
            assert [t.seed for t in arm.training] == list(range(5 if kind == "ensemble" else 3))
            alike = [
                arm.training[0].model_dump(exclude={"seed"}) == t.model_dump(exclude={"seed"})
                for t in arm.training
            ]
            assert all(alike)
        first = of[0].training[0].model_dump()
        differ = {k for a in of for k, v in a.training[0].model_dump().items() if first[k] != v}
        assert differ == varied.get(kind, set())
        assert {t.crop for a in of for t in a.training} == {0}


def test_samples_are_a_ladder_up_to_all_with_equally_many_steps(store: DatasetStore) -> None:
    arms = plan("samples", config(), store)
    images = [a.images for a in arms]
    assert images[-1] == len(store.indices("train")) == 26
    assert len(images) == 4 and all(b > 1.4 * a for a, b in itertools.pairwise(images))
    assert {a.steps for a in arms} == {3 * (26 // 4)}
    for arm in arms:
        training = arm.training[0]
        views = ViewSet([store], "train", bands=training.bands, galaxies=training.galaxies)
        assert len(views) == arm.images
        spe = max(1, len(views) // training.batch)
        assert round(training.epochs * spe) == arm.steps, "as the training loop counts"
    more = config(samples={"fewest": 10, "rungs": 2})
    assert [a.images for a in plan("samples", more, store)] == [10, 26]


def test_sizes_that_the_store_does_not_hold_are_left_out(store: DatasetStore) -> None:
    assert [a.pixels for a in plan("resolution", config(), store)] == [32, 16]
    with pytest.raises(InputError, match=r"cannot be averaged to \[12\]"):
        plan("resolution", config(resolution={"pixels": [32, 12]}), store)
    with pytest.raises(InputError, match="2 pixels are no multiple of 4, the stride"):
        plan("resolution", config(resolution={"pixels": [32, 2]}), store)


def test_what_a_store_cannot_serve_is_said(store: DatasetStore) -> None:
    said = left_out("resolution", config(), store)
    assert list(said) == ["256 px", "128 px", "64 px"]
    assert set(said.values()) == {"the images of the store have 32 pixels a side"}
    (why,) = left_out("samples", config(), store).items()
    assert why[0] == "1,500" and "half of the 26 training images" in why[1]
    first = plan("samples", config(), store)[0].images
    assert f"begin at {first} images instead" in why[1]
    many = config(samples={"fewest": 10, "rungs": 9})
    arms = len(plan("samples", many, store))
    assert list(left_out("samples", many, store)) == [f"{9 - arms} of 9 samples"]
    assert left_out("samples", config(samples={"fewest": 10, "rungs": 2}), store) == {}
    assert left_out("bands", config(), store) == {}


def test_studies_share_what_they_have_in_common(store: DatasetStore, tmp_path: Path) -> None:
    def folders(kind, label, **chosen) -> list[str]:
        chosen = config(**chosen)
        arm = next(a for a in plan(kind, chosen, store) if a.label == label)
        runs = runs_of(arm, store, output=tmp_path, evaluation_seed=chosen.evaluation_seed)
        return [r.folder.name for r in runs]

    reference = folders("bands", "ugriz")
    assert len(set(reference)) == 3 and all(n.startswith("ugriz_32px_seed") for n in reference)
    assert folders("samples", "26") == folders("ensemble", "member")[:3] == reference
    assert not {*folders("morphology", "image")} & {*reference}, "another network"
    assert folders("bands", "ugriz", seeds=5)[:3] == reference
    other = folders("bands", "ugriz", train=TRAIN | {"epochs": 4})
    assert not {*other} & {*reference}
    assert not {*folders("bands", "ugriz", evaluation_seed=1)} & {*reference}


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"seed": 3}, "seed: Extra inputs"),
        ({"seeds": 0}, "seeds"),
        ({"train": {"epoch": 3}}, "epoch: Extra inputs.*known keys"),
        ({"train": {"seed": 3}}, "seed set by the studies themselves"),
        ({"bands": {"train": {"grey": True}}}, "grey set by the studies themselves"),
        ({"bands": {"set": ["r"]}}, "bands.set: Extra inputs"),
        ({"samples": {"rungs": 1}}, "samples.rungs"),
        ({"ensemble": {"members": 1}}, "ensemble.members"),
        ({"morphology": {"train": {"fold": 0}}}, "fold"),
    ],
)
def test_bad_configs_name_the_key(chosen: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        StudyConfig.resolve(**chosen)
    (tmp_path / "c.json").write_text(json.dumps(chosen))
    with pytest.raises(InputError, match=r"c\.json"):
        StudyConfig.read(tmp_path / "c.json")


def test_stores_that_cannot_serve_a_study_are_refused(store: DatasetStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"set 'yr' needs bands \['y'\]"):
        plan("bands", config(bands={"sets": ["ugriz", "yr"]}), store)
    with pytest.raises(InputError, match="has 1 arm there, nothing to compare"):
        plan("resolution", config(resolution={"pixels": [64, 32]}), store)
    with pytest.raises(InputError, match="have no colour to take away"):
        plan("morphology", config(train=TRAIN | {"bands": ["r"]}), store)
    few = studied_store(tmp_path / "few.zarr", galaxies=4, views=1)
    with pytest.raises(InputError, match="validation and test split is empty"):
        plan("bands", config(), few)


def test_the_example_config_is_one(store: DatasetStore) -> None:
    example = Path(__file__).parents[2] / "examples" / "studies.toml"
    read = StudyConfig.read(example)
    assert read.seeds >= 3 and set(tomllib.loads(example.read_text())) <= set(read.model_dump())
    assert read.training("morphology").fold == 1
