# SPDX-License-Identifier: Apache-2.0
"""Stages generate and stitch: folded graph -> one folder of RTL per node -> one top.

generate: 06_rtl/<node>/ holds the node's wrapper and memory files.
stitch:   07_top/ holds bnn_top.sv, every source, the memory files, sources.f and
          top.json; it needs nothing outside itself. The same graph gives the same bytes.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.buffers import beats
from flows.execute import input_layer, is_layer
from flows.fold_graph import node_cycles
from flows.packed import packed_input
from flows.templates import render

TOP = "bnn_top"
PORTS = ("s_axis", "m_axis_label", "m_axis_score")


@dataclass(frozen=True)
class Stream:
    """An AXI stream of the top: its tensor, width and beats in a frame."""

    tensor: str
    bits: int
    beats: int
    producer: str
    prefix: str

    @property
    def bytes(self) -> int:
        """TDATA width in whole bytes."""
        return (self.bits + 7) // 8


def generate(model: ModelWrapper, out: Path, part: str, clk_mhz: float) -> list[str]:
    """Stage generate: write `out`/<node>/ for every node.

    Returns:
        Node names, in stream order.
    """
    names = []
    for node in model.graph.node:
        folder = out / node.name
        folder.mkdir(parents=True)
        op = getCustomOp(node)
        op.set_nodeattr("code_gen_dir_ipgen", str(folder))
        op.generate_hdl(model, part, 1000.0 / clk_mhz)
        sources = [Path(f) for f in op.get_rtl_file_list(abspath=True)]
        for source in sources:
            if source.parent != folder:
                shutil.copyfile(source, folder / source.name)
        (folder / "sources.f").write_text("".join(f"{s.name}\n" for s in sources))
        _forget_paths(op)
        names.append(node.name)
    return names


def _forget_paths(op: Any) -> None:
    """FINN keeps absolute paths in node attributes; a graph that is kept must not hold them."""
    for key in ("code_gen_dir_ipgen", "ipgen_path", "ip_path"):
        op.set_nodeattr(key, "")


def streams_of(model: ModelWrapper) -> list[Stream]:
    """Every stream of the top: input first, then each node's outputs in order."""
    op = getCustomOp(model.graph.node[0])
    source = model.graph.input[0].name
    into = beats(op.get_folded_input_shape())
    streams = [Stream(source, op.get_instream_width(), into, "", "s_axis")]
    outputs = [o.name for o in model.graph.output]
    ports = dict(zip(outputs, PORTS[1:], strict=True))
    internal = 0
    for node in model.graph.node:
        op = getCustomOp(node)
        for i, tensor in enumerate(node.output):
            out = beats(op.get_folded_output_shape(i))
            prefix = ports.get(tensor, f"s{internal}")
            internal += tensor not in ports
            name = f"{node.name}.out{i}"
            streams.append(Stream(tensor, int(op.get_outstream_width(i)), out, name, prefix))
    return streams


def stitch(model: ModelWrapper, rtl: Path, out: Path) -> dict[str, Any]:
    """Stage stitch: write `out` (a new folder) from the folders of stage generate.

    Returns:
        The contents of top.json.
    """
    out.mkdir(parents=True)
    sources: dict[str, None] = {}
    for node in model.graph.node:
        folder = rtl / node.name
        for name in (folder / "sources.f").read_text().split():
            sources[name] = None
            shutil.copyfile(folder / name, out / name)
        for memory in sorted(folder.glob("*.mem")):
            shutil.copyfile(memory, out / memory.name)
    streams = streams_of(model)
    (out / f"{TOP}.sv").write_text(_render_top(model, streams))
    (out / "sources.f").write_text("".join(f"{name}\n" for name in [*sources, f"{TOP}.sv"]))
    table = _top_table(model, streams, max(node_cycles(n) for n in model.graph.node))
    (out / "top.json").write_text(json.dumps(table, indent=2) + "\n")
    return table


def _render_top(model: ModelWrapper, streams: list[Stream]) -> str:
    by_tensor = {stream.tensor: stream for stream in streams}
    nodes = []
    for node in model.graph.node:
        op = getCustomOp(node)
        n_in = len(op.in_ports)
        connections = [(f"in{i}_V", by_tensor[t]) for i, t in enumerate(node.input[:n_in])]
        connections += [(f"out{i}_V", by_tensor[t]) for i, t in enumerate(node.output)]
        nodes.append((node.name, op.has_prim, connections))
    return render(
        "top.sv.j2",
        top=TOP,
        nodes=nodes,
        source=streams[0],
        sinks=[s for s in streams if s.prefix in PORTS[1:]],
        internal=[s for s in streams if s.prefix not in PORTS],
    )


def _top_table(model: ModelWrapper, streams: list[Stream], interval: int) -> dict[str, Any]:
    def port(stream: Stream) -> dict[str, int]:
        return {"bytes": stream.bytes, "beats_per_frame": stream.beats}

    taps = [s for s in streams if s.prefix not in PORTS]
    scores = next(s for s in streams if s.prefix == "m_axis_score")
    datatype = model.get_tensor_datatype(scores.tensor)
    packed = packed_input(model)
    return {
        "top": TOP,
        "streams": {s.prefix: port(s) for s in streams if s.prefix in PORTS},
        "taps": [{"name": s.producer, **port(s)} for s in taps],
        "tap_layers": [_layer(model, s) for s in taps],
        "cycles_per_frame": interval,
        "input_bits": streams[0].bits,
        "input_shape": list(model.get_tensor_shape(streams[0].tensor)[1:]),
        "binarize": packed.table() if packed else None,
        "input_layer": input_layer(model) is not None,
        "score": {
            "classes": int(model.get_tensor_shape(scores.tensor)[-1]),
            "bits": int(datatype.bitwidth()),
            "signed": bool(datatype.signed()),
        },
    }


def _layer(model: ModelWrapper, stream: Stream) -> dict[str, Any] | None:
    """What a tap carries, where it is a layer that every stage has: the checks compare those."""
    producer = model.find_producer(stream.tensor)
    if stream.tensor != producer.output[0] or not is_layer(model, producer):
        return None
    datatype = model.get_tensor_datatype(stream.tensor)
    return {
        "elements": prod(model.get_tensor_shape(stream.tensor)),
        "bits": int(datatype.bitwidth()),
        "signed": bool(datatype.signed()),
    }
