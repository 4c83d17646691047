# SPDX-License-Identifier: Apache-2.0
import dataclasses
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.errors import FlowError
from flows.export import export_model
from training.config import Config
from training.data import load_test
from training.evaluate import evaluate
from training.run import labels
from training.train import train


@pytest.fixture
def run(tiny: Config, tiny_data: Path, tmp_path: Path) -> Path:
    tiny = dataclasses.replace(tiny, model=dataclasses.replace(tiny.model, threshold=40))
    train(tiny.with_train(epochs=1), tmp_path, data=tiny_data)
    return tmp_path


def test_torch_and_qonnx_agree(run: Path, tiny_data: Path) -> None:
    test = load_test("custom", tiny_data)
    with pytest.raises(FlowError, match="exit code 2"):
        evaluate(run, "qonnx", test)
    export_model(run, tiny_data)
    a, b = evaluate(run, "torch", test), evaluate(run, "qonnx", test)
    assert a.shape == (40, 3)
    assert np.array_equal(labels(a), b)


@pytest.mark.parametrize("stage", ["integer", "rtl"])
def test_later_stages_are_asked_for_labels(
    run: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    test = load_test("custom", tiny_data)
    want = np.arange(40) % 3

    def classify(command: list[str]) -> Any:
        assert command[:3] == [sys.executable, "-m", "flows.classify"]
        options = dict(zip(command[3::2], command[4::2], strict=True))
        assert options["--stage"] == stage and options["--run"] == str(run)
        x = np.load(options["--images"])
        assert x.dtype == np.uint8 and np.array_equal(x, test.x.numpy())
        np.save(options["--out"], want)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", classify)
    assert np.array_equal(evaluate(run, stage, test), want)
    monkeypatch.setattr(subprocess, "run", lambda command: SimpleNamespace(returncode=3))
    with pytest.raises(FlowError, match="exit code 3"):
        evaluate(run, stage, test)
