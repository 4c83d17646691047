# SPDX-License-Identifier: Apache-2.0
"""torch.compile in training steps: the same gradients, epoch by epoch, hooks, and its error."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch._dynamo.utils import counters

from flows.errors import FlowError
from tests.training.resuming import same_after_a_stop
from training import compiling, models, quantizers
from training.classifier import Classifier
from training.cmim import Cmim
from training.config import CmimConfig, Config, QuantConfig, from_table
from training.experiment import Experiment
from training.s2bnn import SelfSupervised


@pytest.fixture(autouse=True)
def traced_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything of torch.compile but the generated code, which takes a minute per network."""
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    torch._dynamo.reset()
    counters.clear()


def config(method: str, **cmim: object) -> Config:
    model = {"network": "cnv", "shape": [3, 32, 32], "width": 2}
    return from_table({"model": model, "quant": {"method": method}, "cmim": cmim}, "test")


def gradients(model: torch.nn.Module, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    loss.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("method", ["irnet", "adabin", "reactnet"])
def test_one_graph_with_the_same_gradients(method: str) -> None:
    c = config(method)
    model = models.build(c.model, c.quant)
    features, x = compiling.compiled(model), torch.rand(4, 3 * 32 * 32)
    names = list(model.state_dict())
    torch.testing.assert_close(features(x), model.features(x))
    ours = gradients(model, features(x).square().sum())
    theirs = gradients(model, model.features(x).square().sum())
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)
    assert not counters["graph_break"] and counters["stats"]["unique_graphs"] == 2  # the probe's
    assert list(model.state_dict()) == names


def test_steepness_follows_the_epoch_without_compiling_again() -> None:
    c = config("irnet")
    model = models.build(c.model, c.quant)
    features, x = compiling.compiled(model), torch.rand(4, 3 * 32 * 32)
    found = []
    for epoch in (0, 3, 9):
        quantizers.set_progress(model, epoch, 10)
        ours = gradients(model, features(x).square().sum())
        theirs = gradients(model, model.features(x).square().sum())
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)
        found.append(torch.cat([g.flatten() for g in ours.values()]))
    assert not torch.allclose(found[0], found[1]) and not torch.allclose(found[1], found[2])
    assert counters["stats"]["unique_graphs"] == 2


def test_cmims_hooks_see_what_was_compiled() -> None:
    c = config("irnet", weight=0.5, dim=4, negatives="bank", draws=3)
    torch.manual_seed(3)
    model = models.build(c.model, c.quant)
    compiling.compiled(models.build(c.model, c.quant))(torch.rand(4, 3 * 32 * 32))  # has no hooks
    cmim = Cmim(c, model, torch.arange(8))
    x, index, both = torch.rand(4, 3 * 32 * 32), torch.arange(4), []
    for features in (model.features, compiling.compiled(model)):
        cmim.start_epoch(0)
        before = {k: v.clone() for k, v in cmim.state_dict().items()}
        for _ in range(2):
            cmim.load_state_dict(before)
            y = features(x)
            loss = y.square().mean() + cmim(x, y, index)
        both.append((loss.detach(), gradients(model, loss)))
        cmim.load_state_dict(before)
    torch.testing.assert_close(both[0], both[1], rtol=1e-3, atol=1e-4)
    assert not counters["graph_break"]


@pytest.mark.parametrize("kind", ["labels", "cmim", "contrastive"])
def test_compiled_runs_resume(
    tiny: Config, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    given = tiny.with_train(compile=True)
    module: type[Experiment] = Classifier
    if kind == "cmim":
        given = dataclasses.replace(given, cmim=CmimConfig(0.2, dim=4))
    if kind == "contrastive":
        ssl = dataclasses.replace(given.ssl, loss="contrastive", queue=40, dim=6)
        given, module = dataclasses.replace(given, ssl=ssl), SelfSupervised
    same_after_a_stop(given, tiny_data, tmp_path, monkeypatch, module)
    assert counters["stats"]["unique_graphs"]


def test_generated_code_has_the_gradients_of_ede(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "BACKEND", "inductor")
    model = models.build(Config().model, QuantConfig("irnet"))
    features, x = compiling.compiled(model), torch.rand(8, 784)
    for epoch in (0, 5):
        quantizers.set_progress(model, epoch, 10)
        ours = gradients(model, features(x).square().sum())
        theirs = gradients(model, model.features(x).square().sum())
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_freeze_is_refused() -> None:
    with pytest.raises(FlowError, match=r"train\.compile"):
        from_table({"train": {"compile": True, "freeze": True, "init": "build/x"}}, "mine.toml")


NO_COMPILER = """
import sys
from pathlib import Path
from flows.errors import run_main
from tests.training.tiny import write_idx
from training.config import from_table
from training.train import train
folder = Path(sys.argv[1])
table = {"data": {"name": "custom"}, "model": {"hidden": [4], "in_features": 25, "classes": 3},
         "train": {"compile": True, "epochs": 1, "batch": 8}}
data = write_idx(folder)
sys.exit(run_main(lambda: train(from_table(table, "t"), folder / "run", data=data)))
"""


def test_without_a_compiler_there_is_one_error(tmp_path: Path) -> None:
    env = {"CXX": "/nowhere/g++", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "none"), "PATH": "/bin"}
    here = {**os.environ, **env}
    words = [sys.executable, "-c", NO_COMPILER, str(tmp_path)]
    done = subprocess.run(words, env=here, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "error[train-compile]" in done.stderr and "compile = false" in done.stderr
    assert "Traceback" not in done.stderr
