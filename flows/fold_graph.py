# SPDX-License-Identifier: Apache-2.0
"""Stage fold: put PE and SIMD on the graph and width converters where they differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
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
from flows.fold_units import layers_of, takes_side_by_side
from flows.folding import Fold, Layer, bram_price, check_fold, fold_for_rate, smallest
from flows.schedule import Sizes
from flows.transforms.insert_converters import InsertConverters


def read_folding(path: Path, layers: list[Layer]) -> list[Fold]:
    """Folds from a JSON file {node: {"PE": n, "SIMD": n, "M": n}}; without M it is 1.

    Raises:
        FlowError: folding-file, folding-node (a unit without an entry, or an entry without a
            unit), fold-divides.
    """
    try:
        table = json.loads(path.read_text())
        entries = {
            name: Fold(int(entry["PE"]), int(entry["SIMD"]), int(entry.get("M", 1)))
            for name, entry in table.items()
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
    layers = {layer.name: layer for layer in layers_of(model)}
    for node in model.graph.node:
        op = getCustomOp(node)
        if node.name in folds:
            layer, fold = layers[node.name], folds[node.name]
            op.set_folding(fold.pe, fold.simd)
            op.set_nodeattr("M", fold.m)
            _let_window_repeat(model, node, fold.pix(layer) if fold.is_wide(layer) else 0)
            op.choose_memory(prices[node.name])
        else:
            lanes, pixels = _side_by_side(model, node, _lanes(model, node, layers, folds))
            op.set_folding(lanes, 0)
            op.set_nodeattr("M", pixels)
    model = model.transform(InsertConverters())
    for step in (GiveUniqueNodeNames(), GiveReadableTensorNames(), InferDataTypes()):
        model = model.transform(step)
    return model


def _let_window_repeat(model: ModelWrapper, unit: NodeProto, pix: int) -> None:
    """A window in front of a unit sends each vector as often as it is read: nobody stores it.

    Args:
        model: holds the window.
        unit: folded.
        pix: pixels per clk that a wide window reads; 0: it is not wide.
    """
    front = model.find_producer(unit.input[0])
    if front is None or front.op_type != "BnnWindow":
        return
    if pix:
        front.op_type = "BnnWindowWide"
        getCustomOp(front).set_nodeattr("PIX", pix)
    window, op = getCustomOp(front), getCustomOp(unit)
    window.set_folding(int(op.get_nodeattr("SIMD")), 0)
    window.set_nodeattr("M", op.pixels)
    window.set_nodeattr("passes", op.passes)
    op.set_nodeattr("replay", 0)


def _lanes(
    model: ModelWrapper, node: NodeProto, layers: dict[str, Layer], folds: dict[str, Fold]
) -> int:
    """Values per clk that come to what is no unit, or that the first unit wants of it."""
    producer = model.find_producer(node.input[0])
    if producer is not None:
        return int(getCustomOp(producer).get_folded_output_shape()[-1])
    reader = node
    while reader.name not in folds:
        reader = model.find_consumers(reader.output[0])[0]
    return folds[reader.name].lanes_in(layers[reader.name])


def _side_by_side(model: ModelWrapper, node: NodeProto, lanes: int) -> tuple[int, int]:
    """Channels per clk, and pixels where a beat has all channels of several."""
    *_, columns, channels = model.get_tensor_shape(node.input[0])
    pixels = lanes // channels
    if pixels > 1 and columns % pixels == 0 and takes_side_by_side(node, pixels):
        return channels, pixels
    if node.op_type == "BnnChannelPad":
        op = getCustomOp(node)
        channels = gcd(channels, op.get_nodeattr("before"), op.get_nodeattr("after"))
    return gcd(lanes, channels), 1


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
    folded, sizes = _fold_by(model, layers, folds, prices, board)
    if target_fps is not None and sizes.period > int(clk_mhz * 1e6 / target_fps):
        raise _held_by(sizes, clk_mhz, target_fps)
    if most and sizes.period > solution.interval:
        stopped_by = f"{_what(sizes)}, and follows its neighbours"
        solution = smallest(layers, sizes.period, board) or solution
        again = _fold_by(model, layers, solution.folds, solution.prices, board)
        if again[1].period <= sizes.period:  # what follows its neighbours may have got slower
            folded, sizes = again
    table = folding_table(folded, board, clk_mhz, target_fps, sizes)
    return folded, {**table, "stopped_by": stopped_by, "pareto": rows}


def _fold_by(
    model: ModelWrapper,
    layers: Sequence[Layer],
    folds: Sequence[Fold],
    prices: Sequence[float],
    board: Board,
) -> tuple[ModelWrapper, Sizes]:
    """A folded copy of a specialised graph, with its buffers."""
    named = {layer.name: f for layer, f in zip(layers, folds, strict=True)}
    priced = {layer.name: p for layer, p in zip(layers, prices, strict=True)}
    folded = apply_folds(deepcopy(model), named, priced)
    folded, sizes = insert_buffers(folded, bram_price(board))
    for step in (GiveUniqueNodeNames(), GiveReadableTensorNames(), InferDataTypes()):
        folded = folded.transform(step)
    return folded, sizes


def _what(sizes: Sizes) -> str:
    return f"{sizes.slowest} takes {sizes.period:,} clk per frame"


def _held_by(sizes: Sizes, clk_mhz: float, target_fps: float) -> FlowError:
    """A node between the units is slower than the target."""
    return FlowError(
        "rate-unreachable",
        f"{target_fps:,.0f} frames/s at {clk_mhz:g} MHz is out of reach: {_what(sizes)} as its "
        "neighbours are folded, and is no unit with a folding of its own",
        f"--target-fps {target_fps:g}",
        f"--target-fps {int(clk_mhz * 1e6 / sizes.period)}, or --folding with other neighbours",
        'flows/README.md, "Folding"',
    )


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
        for key in ("MW", "MH", "PE", "SIMD", "M"):
            if key in known and (key != "M" or op.pixels > 1):
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
