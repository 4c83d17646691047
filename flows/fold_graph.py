# SPDX-License-Identifier: Apache-2.0
"""Stage fold: put PE and SIMD on the graph and width converters where they differ."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import gcd
from pathlib import Path
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.general import GiveReadableTensorNames, GiveUniqueNodeNames
from qonnx.transformation.infer_datatypes import InferDataTypes

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.buffers import insert_buffers
from flows.config import Board
from flows.errors import FlowError
from flows.fold_max import fold_max, pareto
from flows.fold_units import layers_of
from flows.folding import Fold, Layer, bram_price, check_fold, fold_for_rate
from flows.schedule import Sizes
from flows.transforms.insert_converters import InsertConverters


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
        The graph with an AxisDwc between unequal widths.
    """
    for node in model.graph.node:
        op = getCustomOp(node)
        if node.name in folds:
            op.set_folding(folds[node.name].pe, folds[node.name].simd)
            _let_window_repeat(model, node)
            op.choose_memory(prices[node.name])
        else:
            op.set_folding(_lanes(model, node, folds), 0)
    model = model.transform(InsertConverters())
    for step in (GiveUniqueNodeNames(), GiveReadableTensorNames(), InferDataTypes()):
        model = model.transform(step)
    return model


def _let_window_repeat(model: ModelWrapper, unit: NodeProto) -> None:
    """A window in front of a unit sends each vector as often as it is read: nobody stores it."""
    front = model.find_producer(unit.input[0])
    if front is None or front.op_type != "BnnWindow":
        return
    window, op = getCustomOp(front), getCustomOp(unit)
    window.set_folding(int(op.get_nodeattr("SIMD")), 0)
    window.set_nodeattr("passes", op.passes)
    op.set_nodeattr("replay", 0)


def _lanes(model: ModelWrapper, node: NodeProto, folds: dict[str, Fold]) -> int:
    """Channels per clk of what is no unit: those of the stream it reads, or of the first unit."""
    producer = model.find_producer(node.input[0])
    channels = model.get_tensor_shape(node.input[0])[-1]
    if producer is not None:
        lanes = int(getCustomOp(producer).get_folded_output_shape()[-1])
    else:
        reader = node
        while reader.name not in folds:
            reader = model.find_consumers(reader.output[0])[0]
        lanes = folds[reader.name].simd
    if node.op_type == "BnnChannelPad":
        op = getCustomOp(node)
        channels = gcd(channels, op.get_nodeattr("before"), op.get_nodeattr("after"))
    return gcd(lanes, channels)


def fold(
    model: ModelWrapper,
    board: Board,
    clk_mhz: float,
    target_fps: float | None,
    folding: Path | None,
    most: bool = False,
) -> tuple[ModelWrapper, dict[str, Any]]:
    """Stage fold.

    Args:
        model: a specialised graph.
        board: budget and part.
        clk_mhz: clock of the accelerator.
        target_fps: frames per second to reach with the least area; or
        folding: a folding file; or
        most: the fastest that fits the board. Exactly one of the three is given.

    Returns:
        The folded graph and the contents of folding.json.

    Raises:
        FlowError: see fold_for_rate, read_folding; fold-goal.
    """
    layers = layers_of(model, bram_price(board))
    if (target_fps is not None) + (folding is not None) + most != 1:
        raise FlowError(
            "fold-goal",
            "one of a target rate, a folding file and --max has to be given, and not two",
            "--target-fps, --folding, --max",
            "--target-fps 100000",
            'flows/README.md, "Folding"',
        )
    stopped_by, rows = "", []
    if folding is not None:
        folds = read_folding(folding, layers)
        prices = (bram_price(board),) * len(layers)
    else:
        if target_fps is not None:
            solution = fold_for_rate(layers, board, clk_mhz, target_fps)
        else:
            solution, stopped_by = fold_max(layers, board, clk_mhz)
            rows = [asdict(point) for point in pareto(layers, board, clk_mhz)]
        folds, prices = list(solution.folds), solution.prices
    named = {layer.name: f for layer, f in zip(layers, folds, strict=True)}
    priced = {layer.name: p for layer, p in zip(layers, prices, strict=True)}
    model, sizes = insert_buffers(apply_folds(model, named, priced), bram_price(board))
    for step in (GiveUniqueNodeNames(), GiveReadableTensorNames(), InferDataTypes()):
        model = model.transform(step)
    table = folding_table(model, board, clk_mhz, target_fps, sizes)
    return model, {**table, "stopped_by": stopped_by, "pareto": rows}


def node_cycles(node: Any) -> int:
    """Exact clk per frame of a node without stalls."""
    return int(getCustomOp(node).get_exp_cycles())


def folding_table(
    model: ModelWrapper, board: Board, clk_mhz: float, target_fps: float | None, sizes: Sizes
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
        entry["output"] = list(model.get_tensor_shape(node.output[0])[1:])
        if "depth" in known:
            entry |= {"depth": int(op.get_nodeattr("depth")), "ram": op.get_nodeattr("ram_style")}
            entry["bits"] = entry["depth"] * int(op.get_instream_width())
        nodes.append({**entry, "cycles": node_cycles(node)})
    interval = max(entry["cycles"] for entry in nodes)
    if interval != sizes.period:
        raise ValueError(f"the schedule has {sizes.period} clk per frame, the nodes {interval}")
    return {
        "board": board.name,
        "part": board.part,
        "clk_mhz": clk_mhz,
        "target_fps": target_fps,
        "interval": interval,
        "fps": clk_mhz * 1e6 / interval,
        "nodes": nodes,
    }
