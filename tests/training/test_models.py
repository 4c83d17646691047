# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from torch import nn

from training import models
from training.config import ModelConfig, QuantConfig
from training.data import pixels
from training.network import TensorNorm
from training.run import confusion, labels


def test_input_bit_is_pixel_at_least_threshold() -> None:
    x = torch.arange(256, dtype=torch.uint8).view(-1, 1)
    for threshold in range(1, 256):
        model = models.Mlp(ModelConfig((2,), 1, threshold, 2), QuantConfig())
        bits = model.body[0](2.0 * pixels(x) - model.offset)
        assert torch.equal(bits > 0, x >= threshold)
    assert models.Mlp(ModelConfig(threshold=128), QuantConfig()).offset == 1.0


@pytest.mark.parametrize("method", ["irnet", "ste", "adabin"])
def test_everything_between_layers_is_binary(method: str) -> None:
    config = ModelConfig((6, 5), 9, 128, 4, dropout=0.3, input_dropout=0.2)
    model = models.build(config, QuantConfig(method)).eval()
    seen = []
    for _, layer in models.matrix_layers(model):
        layer.register_forward_hook(lambda m, i, o: seen.append((i[0], o)))
    assert model(torch.rand(20, 9)).shape == (20, 4)
    assert len(seen) == (6 if method == "adabin" else 3)  # every layer with its popcount
    for inputs, outputs in seen:
        assert set(inputs.unique().tolist()) <= {-1.0, 1.0}
        assert torch.equal(outputs * 16, (outputs * 16).round())  # multiples of 2^e


def test_layers_do_not_share_quantizers() -> None:
    model = models.build(ModelConfig((6, 5), 9, 128, 4), QuantConfig())
    quantizers = [id(layer.weight_quant.tensor_quant) for _, layer in models.matrix_layers(model)]
    assert len(set(quantizers)) == 3


@pytest.mark.parametrize("final_norm", ["bn", "tensor", "none"])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_norms_are_a_choice(final_norm: str, batch_norm: bool) -> None:
    model = models.build(
        ModelConfig((6,), 9, 128, 4, batch_norm=batch_norm, final_norm=final_norm), QuantConfig()
    )
    kinds = [type(m) for m in model.modules()]
    assert kinds.count(nn.BatchNorm1d) == batch_norm + (final_norm == "bn")
    assert kinds.count(TensorNorm) == (final_norm == "tensor")
    model(torch.rand(8, 9)).sum().backward()
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)


def test_tensor_norm_is_batch_norm_over_everything() -> None:
    ours, theirs = TensorNorm(1e-5), nn.BatchNorm1d(1)
    for _ in range(3):
        x = torch.randn(6, 5) * 3 + 2
        torch.testing.assert_close(ours(x), theirs(x.view(-1, 1)).view(6, 5))
    ours.eval(), theirs.eval()
    torch.testing.assert_close(ours(x), theirs(x.view(-1, 1)).view(6, 5))


def test_scores_keep_the_mode_and_do_not_depend_on_chunks() -> None:
    model = models.build(ModelConfig((6,), 9, 128, 4, dropout=0.5), QuantConfig())
    x = torch.randint(0, 256, (10, 9), dtype=torch.uint8)
    whole = models.scores(model, x)
    assert model.training
    assert torch.equal(labels_of(whole), labels_of(models.scores(model, x, chunk=3)))


def labels_of(scores: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(labels(scores))


def test_ties_go_to_the_first_class_and_confusion_counts() -> None:
    found = labels(torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.0, 1.0, 5.0]]))
    assert found.tolist() == [1, 0, 2]
    table = confusion(torch.tensor([1, 1, 2]), np.asarray(found), 3)
    assert table == [[0, 0, 0], [1, 1, 0], [0, 0, 1]]
