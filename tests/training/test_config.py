# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from flows.errors import FlowError
from training.config import Config, from_table, load, to_table, to_toml

CONFIGS = sorted(Path("training/configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_shipped_configuration_survives_the_round_trip(path: Path, tmp_path: Path) -> None:
    config = load(path)
    (tmp_path / "again.toml").write_text(to_toml(config))
    assert load(tmp_path / "again.toml") == config
    assert from_table(to_table(config), "saved") == config


def test_there_are_configurations() -> None:
    assert {"tfc_w1a1", "sfc_w1a1", "lfc_w1a1"} <= {p.stem for p in CONFIGS}


@pytest.mark.parametrize(
    ("table", "code", "says"),
    [
        ({"train": {"epoch": 3}}, "config-key", "'epochs'"),
        ({"modle": {}}, "config-key", "'model'"),
        ({"train": {"epochs": "3"}}, "config-value", "train.epochs"),
        ({"train": {"epochs": True}}, "config-value", "train.epochs"),
        ({"train": {"epochs": 0}}, "config-value", "1 or more"),
        ({"train": {"lr": 0}}, "config-value", "train.lr"),
        ({"train": {"optimiser": "adamw"}}, "config-value", "adam, sgd"),
        ({"model": {"hidden": [64, 0]}}, "config-value", "model.hidden"),
        ({"model": {"dropout": 1.0}}, "config-value", "model.dropout"),
        ({"data": 3}, "config-value", "[data]"),
    ],
)
def test_mistakes_are_named(table: dict, code: str, says: str) -> None:
    with pytest.raises(FlowError) as err:
        from_table(table, "mine.toml")
    assert err.value.code == code
    assert says in str(err.value) and "mine.toml" in str(err.value)


def test_missing_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="config-missing"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[train\n")
    with pytest.raises(FlowError, match="config-toml"):
        load(tmp_path / "bad.toml")


def test_command_line_values_are_checked() -> None:
    with pytest.raises(FlowError, match="config-value"):
        Config().with_train(epochs=0)
