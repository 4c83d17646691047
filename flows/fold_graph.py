# SPDX-License-Identifier: Apache-2.0
"""Stage fold: put PE and SIMD on the graph and width converters where they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.general import GiveReadableTensorNames, GiveUniqueNodeNames
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.config import Board
from flows.errors import FlowError
from flows.folding import Fold, Layer, bram_price, check_fold, fold_for_rate
from flows.transforms.split_uneven_converters import SplitUnevenConverters


def layers_of(model: ModelWrapper) -> list[Layer]:
    """The matrix-vector units of a specialised graph, in stream order."""
    layers = []
    for node in model.graph.node:
        if node.op_type == "BnnMvu":
            op = getCustomOp(node)
            shape = op.get_nodeattr("MW"), op.get_nodeattr("MH")
            layers.append(Layer(node.name, *shape, raw=op.raw))
    return layers


def read_folding(path: Path, layers: list[Layer]) -> list[Fold]:
    """Folds from a JSON file {node: {"PE": n, "SIMD": n}}.

    Raises:
        FlowError: folding-file, folding-node (a unit without an entry, or an entry without a
            unit), fold-divides.
    """
    try:
        table = json.loads(path.read_text())
        entries = {
            name: Fold(int(entry["PE"]), int(entry["SIMD"])) for name, entry in table.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise FlowError(
            "folding-file",
            f"not a folding file: {type(err).__name__}: {err}",
            str(path),
            'write {"BnnMvu_0": {"PE": 16, "SIMD": 49}, ...} with an entry per unit',
            'flows/README.md, "Folding"',
        ) from err
    wanted = [layer.name for layer in layers]
    if set(entries) != set(wanted):
        missing = sorted(set(wanted) - set(entries)) or "none"
        unknown = sorted(set(entries) - set(wanted)) or "none"
        raise FlowError(
            "folding-node",
            f"units without an entry: {missing}; entries without a unit: {unknown}",
            str(path),
            f"give an entry for each of {', '.join(wanted)}",
            'flows/README.md, "Folding"',
        )
    for layer in layers:
        check_fold(layer, entries[layer.name], str(path))
    return [entries[name] for name in wanted]


def apply_folds(
    model: ModelWrapper, folds: dict[str, Fold], prices: dict[str, float]
) -> ModelWrapper:
    """Set the units' folding, let the ops around them follow, insert width converters.

    Args:
        model: a specialised graph.
        folds: one per matrix-vector unit, by node name.
        prices: LUTs that a BRAM36 is worth to each unit; says where its weights go.

    Returns:
        The graph with FINN's StreamingDataWidthConverter_rtl between unequal widths.
    """
    units = list(folds.values())
    seen = 0
    for node in model.graph.node:
        op = getCustomOp(node)
        if node.name in folds:
            op.set_folding(folds[node.name].pe, folds[node.name].simd)
            op.choose_memory(prices[node.name])
            seen += 1
        else:
            follows = units[0].simd if seen == 0 else units[seen - 1].pe
            op.set_folding(follows, 0)
    model = model.transform(InsertDWC()).transform(SplitUnevenConverters())
    for node in model.graph.node:
        if node.op_type == "StreamingDataWidthConverter":
            getCustomOp(node).set_nodeattr("preferred_impl_style", "rtl")
    for step in (
        SpecializeLayers("xc7z020clg400-1"),
        InferShapes(),
        GiveUniqueNodeNames(),
        GiveReadableTensorNames(),
        InferDataTypes(),
    ):
        model = model.transform(step)
    return model


def fold(
    model: ModelWrapper,
    board: Board,
    clk_mhz: float,
    target_fps: float | None,
    folding: Path | None,
) -> tuple[ModelWrapper, dict[str, Any]]:
    """Stage fold.

    Args:
        model: a specialised graph.
        board: budget and part.
        clk_mhz: clock of the accelerator.
        target_fps: frames per second to reach with the least area; or
        folding: a folding file. Exactly one of the two is given.

    Returns:
        The folded graph and the contents of folding.json.

    Raises:
        FlowError: see fold_for_rate, read_folding; fold-goal.
    """
    layers = layers_of(model)
    if (target_fps is None) == (folding is None):
        raise FlowError(
            "fold-goal",
            "either a target rate or a folding file has to be given, not both",
            "--target-fps, --folding",
            "--target-fps 100000",
            'flows/README.md, "Folding"',
        )
    if folding is not None:
        folds = read_folding(folding, layers)
        prices = (bram_price(board),) * len(layers)
    else:
        assert target_fps is not None
        solution = fold_for_rate(layers, board, clk_mhz, target_fps)
        folds, prices = list(solution.folds), solution.prices
    named = {layer.name: f for layer, f in zip(layers, folds, strict=True)}
    priced = {layer.name: p for layer, p in zip(layers, prices, strict=True)}
    model = apply_folds(model, named, priced)
    return model, folding_table(model, board, clk_mhz, target_fps)


def beats_per_frame(node: Any) -> tuple[int, int]:
    """Beats of a node's first input and first output stream in one frame."""
    op = getCustomOp(node)
    beats = []
    for shape in (op.get_folded_input_shape(), op.get_folded_output_shape()):
        n = 1
        for size in shape[:-1]:
            n *= int(size)
        beats.append(n)
    return beats[0], beats[1]


def node_cycles(node: Any) -> int:
    """Exact clk per frame of a node without stalls."""
    if node.op_type.startswith("StreamingDataWidthConverter"):
        return max(
            beats_per_frame(node)
        )  # FINN's converter moves a beat per clk on its narrow side
    return int(getCustomOp(node).get_exp_cycles())


def folding_table(
    model: ModelWrapper, board: Board, clk_mhz: float, target_fps: float | None
) -> dict[str, Any]:
    """Contents of folding.json: every node's folding and cycles, the predicted interval."""
    nodes = []
    for node in model.graph.node:
        op = getCustomOp(node)
        entry: dict[str, Any] = {"name": node.name, "op": node.op_type}
        known = op.get_nodeattr_types()
        for key in ("MW", "MH", "PE", "SIMD"):
            if key in known:
                entry[key] = int(op.get_nodeattr(key))
        nodes.append({**entry, "cycles": node_cycles(node)})
    interval = max(entry["cycles"] for entry in nodes)
    return {
        "board": board.name,
        "part": board.part,
        "clk_mhz": clk_mhz,
        "target_fps": target_fps,
        "interval": interval,
        "fps": clk_mhz * 1e6 / interval,
        "nodes": nodes,
    }
