# SPDX-License-Identifier: Apache-2.0
"""Export to QONNX: the same network, in the same bytes every time."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from flows import execute, export
from flows.errors import CheckFailed, FlowError
from sim.lib import convnets
from tests.training.tiny import CLASSES, SIDE, write_idx
from training import models
from training.config import Config, ModelConfig, QuantConfig
from training.run import save_model

PIXELS = np.random.default_rng(3).integers(0, 256, (70, SIDE * SIDE), np.uint8)


def network(
    method: str = "irnet", final_norm: str = "bn", batch_norm: bool = True, bias: float = 0.0
) -> nn.Module:
    """A network with batch norms of every sign, and filters that are not centred."""
    torch.manual_seed(5)
    config = ModelConfig((9, 7), SIDE * SIDE, 128, CLASSES, batch_norm, final_norm)
    model = models.build(config, QuantConfig(method))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.weight.data = torch.randn(module.num_features)
            module.bias.data = torch.randn(module.num_features)
            module.running_mean = torch.randn(module.num_features) * 2
            module.running_var = torch.rand(module.num_features) * 9 + 0.1
    for _, layer in models.matrix_layers(model):
        layer.weight.data += bias
    return model.eval()


def write(model: nn.Module, path: Path) -> Path:
    export.write_qonnx(model, SIDE * SIDE, path)
    return path


@pytest.mark.parametrize("method", ["irnet", "ste"])
@pytest.mark.parametrize("final_norm", ["bn", "tensor", "none"])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_qonnx_equals_torch(tmp_path: Path, method: str, final_norm: str, batch_norm: bool) -> None:
    model = network(method, final_norm, batch_norm, bias=0.1)
    path = write(export.deployed(model), tmp_path / "m.onnx")
    result = export.compare(model, path, PIXELS)
    assert result["equal_labels"] == 70 and result["equal_products"] == 70 * (9 + 7 + CLASSES)
    assert result["max_abs_delta"] < 1e-4


def test_centring_quantizer_needs_the_deployed_form(tmp_path: Path) -> None:
    """The trap: a plain export of biased filters has other signs, and only a comparison tells."""
    model = network("irnet", bias=1.0)
    naive = write(model, tmp_path / "naive.onnx")
    with pytest.raises(CheckFailed, match="export-differs") as err:
        export.compare(model, naive, PIXELS)
    assert "body.1" in err.value.what and "image 0" in err.value.what  # the first matrix layer
    export.compare(model, write(export.deployed(model), tmp_path / "good.onnx"), PIXELS)


def test_images_go_through_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts follow from the bytes of all tensors; images keep their numbers."""
    model = network()
    path = write(export.deployed(model), tmp_path / "m.onnx")
    whole = export.compare(model, path, PIXELS)
    monkeypatch.setattr(execute, "CHUNK_BYTES", 32 * 4 * 200)
    parts = [len(scores) for scores, _ in export.execute(path, PIXELS)]
    assert len(parts) > 2 and sum(parts) == 70 and len(set(parts[:-1])) == 1
    assert export.compare(model, path, PIXELS) == whole
    wrong = np.where(np.arange(70)[:, None] < parts[0], 0, PIXELS)
    scores = export.models.scores
    monkeypatch.setattr(export.models, "scores", lambda m, x: scores(m, x * (x.sum() == 0)))
    with pytest.raises(CheckFailed) as err:
        export.compare(model, path, wrong.astype(np.uint8))
    assert f"image {parts[0]}," in err.value.what


def test_deployed_copy_leaves_the_model_alone() -> None:
    model = network(bias=0.3)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    copy = export.deployed(model)
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[k], after[k]) for k in before)
    x = torch.rand(20, SIDE * SIDE)
    assert torch.equal(model(x), copy(x))
    assert not any(isinstance(m, nn.Hardtanh) for m in copy.modules())


def test_zero_at_a_quantizer_is_plus_one(tmp_path: Path) -> None:
    """Batch norms that put out exact zeros: in torch and in QONNX they count as +1."""
    model = network("irnet", bias=0.2)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    norms[0].weight.data.zero_()
    norms[0].bias.data.zero_()
    path = write(export.deployed(model), tmp_path / "m.onnx")
    export.compare(model, path, PIXELS)
    _, products = next(export.execute(path, PIXELS))
    weights = export.deployed(model).get_submodule(models.matrix_layers(model)[1][0]).weight
    want = weights.detach().sum(1).numpy()  # all inputs +1
    assert np.array_equal(products[1], np.broadcast_to(want, products[1].shape))


def test_constant_filter_exports(tmp_path: Path) -> None:
    model = network("irnet")
    models.matrix_layers(model)[0][1].weight.data[:3] = torch.tensor([[0.0], [0.25], [-1.5]])
    path = write(export.deployed(model), tmp_path / "m.onnx")
    export.compare(model, path, PIXELS)


def test_activations_leave_with_scale_one(tmp_path: Path) -> None:
    graph = ModelWrapper(str(write(export.deployed(network()), tmp_path / "m.onnx")))
    quants = graph.get_nodes_by_op_type("BipolarQuant")
    assert len(quants) == 6  # three activations, three weights
    activations = [n for n in quants if graph.get_initializer(n.input[0]) is None]
    assert [float(graph.get_initializer(n.input[1])) for n in activations] == [1.0, 1.0, 1.0]
    assert not graph.get_nodes_by_op_type("Clip")


def test_untrained_cnv_of_bnn_pynq_is_lively(tmp_path: Path) -> None:
    """What the compiler's tests feed on: no two images alike, and QONNX says what torch says."""
    path = convnets.write_bnn_pynq_cnv(tmp_path / "m.onnx", seed=2, width=8)
    x = convnets.images((3, 32, 32), 12, seed=4).reshape(-1, 3, 32, 32)
    graph = ModelWrapper(str(path))
    output = graph.graph.output[0].name
    signs = graph.get_nodes_by_op_type("BipolarQuant")
    last = [n.output[0] for n in signs if graph.get_initializer(n.input[0]) is None][-1]
    found = execute.run_tensors(graph, x.astype(np.float32) / 255, [last, output])
    with torch.no_grad():
        want = convnets.bnn_pynq_cnv(2, 8)(torch.from_numpy(x).float() / 255)
    np.testing.assert_allclose(found[output], want, atol=1e-4)
    assert len(np.unique(found[last], axis=0)) == 12 and abs(found[last].mean()) < 0.5


@pytest.fixture
def run(tmp_path: Path) -> Path:
    config = Config(
        data=dataclasses.replace(Config().data, name="custom"),
        model=ModelConfig((9, 7), SIDE * SIDE, 128, CLASSES),
    )
    save_model(tmp_path, network(bias=0.1), config)
    write_idx(tmp_path / "data")
    return tmp_path


def test_export_of_a_run_is_deterministic(run: Path) -> None:
    path = export.export_model(run, run / "data")
    first = path.read_bytes(), (run / export.REPORT).read_bytes()
    export.export_model(run, run / "data")
    assert first == (path.read_bytes(), (run / export.REPORT).read_bytes())
    report = json.loads(first[1])
    assert (report["images"], report["equal_labels"]) == (40, 40)
    assert sorted(p.name for p in run.iterdir()) == [
        "00_export.json",
        path.name,
        "data",
        "model.pt",
    ]


def test_failed_export_leaves_nothing(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export.export_model(run, run / "data")
    monkeypatch.setattr(export, "deployed", lambda model: model)
    with pytest.raises(CheckFailed):
        export.export_model(run, run / "data")
    assert not (run / export.REPORT).exists()
    assert not list(run.glob(".*"))


def test_export_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="model-missing"):
        export.export_model(tmp_path)
