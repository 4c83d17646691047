# SPDX-License-Identifier: Apache-2.0
"""Trained model to QONNX, proved equal on the whole test set.

    python -m flows.export --run build/demo

Input of the graph: float32, shape (1, features), in [0, 1], meaning pixel / 255. Output: one score
per class; the class is the first largest one.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from torch import Tensor, nn

from flows.errors import CheckFailed, FlowError, run_main
from flows.execute import run_chunks
from flows.files import replacing, sha256_of, write_json
from training import models
from training.data import asked, load_test, pixels
from training.integer import IntWeights
from training.methods import is_sign
from training.quantizers import BinaryQuant, FixedQuant
from training.run import MODEL, labels, load_classifier

ONNX, REPORT = "00_export.onnx", "00_export.json"
Array = NDArray[np.float32]


def deployed(model: nn.Module) -> nn.Module:
    """A copy of a model that computes the same and can be exported.

    Brevitas exports BipolarQuant(weight, scale): the sign of the latent weight, whatever its
    quantizer does first. A quantizer that centres (IR-Net) would leave with wrong signs, silently.
    So the copy's weights are what the quantizer returned, sign * scale, and its quantizer is fixed
    to that scale; 8-bit weights the same way. Hardtanh in front of a sign only shapes gradients: it
    is left out.

    Args:
        model: a network of training.models; not changed.

    Returns:
        The copy, in evaluation mode.

    Raises:
        FlowError: export-real (there is no 1-bit layer, or a real-valued one beside them).
    """
    out = copy.deepcopy(model).eval()
    for module in out.modules():
        freeze = getattr(module, "freeze", None)
        if freeze is not None:  # AdaBin: constants that follow from the latent weights
            freeze()
    layers = models.matrix_layers(out)
    if not any(isinstance(layer.weight_quant.tensor_quant, BinaryQuant) for _, layer in layers):
        raise FlowError(
            "export-real",
            "the network has no 1-bit weights: it is a real-valued one, or the first of two steps",
            "[quant] of its configuration",
            'a run with method = "irnet" (or ste, adabin, reactnet) and weights = "binary"',
        )
    _no_real_layers(out)
    for _, layer in layers:
        with torch.no_grad():
            value, scale, _, bits = layer.weight_quant.tensor_quant(layer.weight)
        layer.weight.data = value.detach().clone()
        fixed = FixedQuant(scale) if bits == 1 else IntWeights(True, scale)
        layer.weight_quant.tensor_quant = fixed
    for module in out.modules():
        for (name, child), (_, behind) in pairwise(module.named_children()):
            if isinstance(child, nn.Hardtanh) and is_sign(behind):
                setattr(module, name, nn.Identity())
    return out


def _no_real_layers(model: nn.Module) -> None:
    quantized = {name for name, _ in models.matrix_layers(model)}
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and name not in quantized:
            raise FlowError(
                "export-real",
                f"layer {name} has real-valued weights",
                "[model] ends of its configuration",
                'a run with ends = "int8": 8-bit weights, and a residual stream of integers',
                'training/README.md, "Integer networks"',
            )


def write_qonnx(model: nn.Module, features: int, path: Path) -> None:
    """Write a deployed model as QONNX, for one image of `features` pixels in [0, 1].

    The same model gives the same bytes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from brevitas.export import export_qonnx  # warns on import

        x = torch.zeros(1, features)
        export_qonnx(model, x, str(path), opset_version=13, dynamo=False)


def execute(path: Path, x: NDArray[np.uint8]) -> Iterator[tuple[Array, list[Array]]]:
    """Run images through a QONNX file with qonnx's own executor.

    Args:
        path: a file written by write_qonnx.
        x: shape (N, features), 8-bit pixels.

    Yields:
        Some images at a time: scores, shape (images, classes), and the output of every matrix
        product in graph order, each of shape (images, neurons); maps are flattened, column fastest.
    """
    graph = ModelWrapper(str(path))
    products = [n.output[0] for n in graph.graph.node if n.op_type in ("MatMul", "Conv")]
    output = graph.graph.output[0].name
    inputs = pixels(torch.from_numpy(x)).numpy()
    for values in run_chunks(graph, inputs, [*products, output]):
        yield values[output], [values[name] for name in products]


@contextmanager
def _products(model: nn.Module) -> Iterator[dict[str, list[Tensor]]]:
    """Collect what every matrix layer of a model puts out."""
    kept: dict[str, list[Tensor]] = {}
    hooks = []
    for name, layer in models.matrix_layers(model):
        kept[name] = []
        hooks.append(
            layer.register_forward_hook(lambda m, i, out, store=kept[name]: store.append(out))
        )
    try:
        yield kept
    finally:
        for hook in hooks:
            hook.remove()


def compare(model: nn.Module, path: Path, x: NDArray[np.uint8]) -> dict[str, Any]:
    """Run the same images through torch and through the QONNX file.

    Matrix products are sums of +-2^e, which float32 holds exactly: they must be equal, layer by
    layer. Scores behind the last batch norm may differ by rounding, since the two runtimes order
    its operations differently; the largest difference is reported, and labels must be equal.

    Args:
        model: the trained model (evaluation mode), not the deployed copy.
        path: the QONNX file.
        x: shape (N, features), 8-bit pixels.

    Returns:
        images, equal_labels, equal_products, max_abs_delta (of the scores).

    Raises:
        CheckFailed: export-differs, with the first layer, image and neuron.
    """
    at, parts = 0, []
    for scores, products in execute(path, x):  # some at a time: all products of CNV take gigabytes
        parts.append(_compare_some(model, path, x[at : at + len(scores)], at, scores, products))
        at += len(scores)
    return {
        "images": len(x),
        "equal_labels": len(x),
        "equal_products": sum(products for products, _ in parts),
        "max_abs_delta": max(delta for _, delta in parts),
    }


def _compare_some(
    model: nn.Module,
    path: Path,
    x: NDArray[np.uint8],
    first: int,
    scores_onnx: Array,
    products_onnx: list[Array],
) -> tuple[int, float]:
    """How many products are equal, and the largest difference of scores; `first` is x's number."""
    with _products(model) as kept:
        scores = models.scores(model, torch.from_numpy(x)).numpy()
    if len(kept) != len(products_onnx):
        raise _differs(path, f"{len(kept)} layers became {len(products_onnx)} matrix products")
    for (name, parts), found in zip(kept.items(), products_onnx, strict=True):
        want = torch.cat(parts).flatten(1).numpy()
        if not np.array_equal(want, found):
            image, neuron = np.argwhere(want != found)[0]
            values = f"{want[image, neuron]} in torch, {found[image, neuron]} in QONNX"
            raise _differs(path, f"layer {name}, image {first + image}, neuron {neuron}: {values}")
    want_labels, found_labels = labels(scores), labels(scores_onnx)
    if not np.array_equal(want_labels, found_labels):
        image = int(np.flatnonzero(want_labels != found_labels)[0])
        values = f"class {want_labels[image]} in torch, {found_labels[image]} in QONNX"
        raise _differs(path, f"label of image {first + image}: {values}")
    return sum(p.size for p in products_onnx), float(np.abs(scores - scores_onnx).max())


def _differs(path: Path, what: str) -> CheckFailed:
    return CheckFailed(
        "export-differs",
        what,
        str(path),
        "this is a bug in a quantizer or its export: please report it with model.pt",
        'training/README.md, "Export"',
    )


def export_model(run: Path, data: Path | None = None) -> Path:
    """Export the model of a run and prove it on all test images.

    Args:
        run: folder with model.pt; 00_export.onnx and 00_export.json are written there.
        data: folder of the data files; see training.data.folder_of.

    Returns:
        The QONNX file. Its report is only there when the proof succeeded.

    Raises:
        FlowError: model-missing, model-damaged, model-unlabelled, export-real, data errors.
        CheckFailed: export-differs.
    """
    model, config = load_classifier(run)
    test = load_test(*asked(config, data))
    path, report = run / ONNX, run / REPORT
    report.unlink(missing_ok=True)
    with replacing(path) as tmp:
        write_qonnx(deployed(model), config.model.in_features, tmp)
        result = compare(model, tmp, test.x.numpy())
    sums = {"sha256": sha256_of(path), "model_sha256": sha256_of(run / MODEL)}
    write_json(report, result | sums)
    return path


def _main() -> None:
    parser = argparse.ArgumentParser(description="Export a run's model to QONNX and prove it.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="folder of the data files")
    args = parser.parse_args()
    path = export_model(args.run, args.data)
    result = json.loads((args.run / REPORT).read_text())
    print(
        f"export: {path}: {result['equal_labels']} of {result['images']} labels equal to torch, "
        f"{result['equal_products']} matrix products equal, "
        f"scores within {result['max_abs_delta']:.1e}"
    )


if __name__ == "__main__":
    sys.exit(run_main(_main))
