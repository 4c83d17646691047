# SPDX-License-Identifier: Apache-2.0
"""FINN's own RTL matrix unit, from the installed finn-plus, at the widths it has.

It multiplies in DSP slices and refuses operands below 2 bits, so +1 and -1 are 2-bit two's
complement here. Weights arrive by a stream and dot products leave: the memory of the weights and
the thresholds are not in it. VERSION=1 is DSP48E1, the slice of 7-series.

Changes to the copy that yosys reads, none to the function: `default_nettype` lines go, and one
constant function moves out of its generate block, where slang does not call it. The initial blocks
(checks of parameters, for simulation) are skipped, so the limits are checked here.
"""

from __future__ import annotations

import importlib.util
import re
import tempfile
from pathlib import Path
from typing import Any

from hw.bench.yosys import NotSynthesised, synthesise

FILES = ("mvu_pkg", "replay_buffer", "add_multi", "mvu", "mvu_vvu_8sx9_dsp58", "mvu_vvu_axi")
TOP = "mvu_vvu_axi"
WIDTH = 2  # of weights and activations: the least that mvu.sv takes
LANES_OF_DSP = 8  # rows that share a DSP48E1 at this width: 1 + (25 - 1 - 2) // 3
CELLS = ("LUT6_2", "DSP48E1")  # instantiated; read_slang wants to see their parameters
_NETTYPE = re.compile(r"^[ \t]*`default_nettype\b.*\n", re.M)
_FUNCTION = re.compile(
    r"^[ \t]*typedef int unsigned +leaf_load_t.*?endfunction : init_leaf_loads\n", re.M | re.S
)
_BLOCK = re.compile(r"^[ \t]*if\(L < 1\) begin : genTrivial\n", re.M)


def finn(params: dict[str, int], limit_s: float = 1800) -> dict[str, Any]:
    """Synthesise FINN's RTL matrix unit for +1 and -1.

    Args:
        params: MW, MH, SIMD, PE; SIMD divides MW and PE divides MH.
        limit_s: seconds yosys may take.

    Returns:
        Counts as hw.bench.yosys.synthesise(), and what was configured.

    Raises:
        NotSynthesised: finn-plus is not installed, its sources differ, or yosys failed.
    """
    mw, mh, simd, pe = (params[name] for name in ("MW", "MH", "SIMD", "PE"))
    if mw % simd or mh % pe:
        raise ValueError(f"SIMD={simd} must divide MW={mw} and PE={pe} must divide MH={mh}")
    accu = max(mw.bit_length() + 1, 2 * WIDTH - 1)  # -mw .. mw
    given = {
        **{"IS_MVU": 1, "VERSION": 1, "MW": mw, "MH": mh, "PE": pe, "SIMD": simd},
        **{"ACTIVATION_WIDTH": WIDTH, "WEIGHT_WIDTH": WIDTH, "ACCU_WIDTH": accu},
        "SIGNED_ACTIVATIONS": 1,
    }
    with tempfile.TemporaryDirectory() as folder:
        files = copy_sources(Path(folder))
        options = "--allow-use-before-declare --ignore-timing --ignore-initial --ignore-assertions"
        boxes = " ".join(f"--blackboxed-module {cell}" for cell in CELLS)
        generics = " ".join(f"-G {name}={value}" for name, value in given.items())
        sources = " ".join(map(str, files))
        read = f"read_slang {options} {boxes} --top {TOP} {generics} {sources}"
        counts, _ = synthesise(TOP, [read], limit_s)
    return {
        **counts,
        "rival": "finn",
        "what": "FINN mvu_vvu_axi, RTL",
        "params": params,
        "lanes": simd * pe,
        "cycles_per_vector": mw // simd * (mh // pe),
        "pipeline_registers": 4 + (simd - 1).bit_length() + (simd == 1),
        "differs": f"{WIDTH}-bit weights and activations, {LANES_OF_DSP} rows per DSP48E1; "
        "weights by a stream (their memory not counted), dot products out (no thresholds)",
        "configured": given,
    }


def copy_sources(folder: Path) -> list[Path]:
    """Copy what the unit is made of, in a form that slang reads; the stubs of cells come first.

    Raises:
        NotSynthesised: finn-plus is not installed, or its sources are not those of 1.6.1.
    """
    found = importlib.util.find_spec("finn")
    if found is None or not found.submodule_search_locations:
        raise NotSynthesised("finn-plus is not installed in this interpreter")
    library = Path(found.submodule_search_locations[0]) / "finn-rtllib" / "mvu"
    stubs = folder / "cells.sv"
    stubs.write_text(_stubs())
    paths = [stubs]
    for name in FILES:
        source, path = library / f"{name}.sv", folder / f"{name}.sv"
        if not source.is_file():
            raise NotSynthesised(f"finn-plus has no finn-rtllib/mvu/{name}.sv")
        text = _NETTYPE.sub("", source.read_text())
        if name == "add_multi":
            text = _hoist(text)
        path.write_text(text)
        paths.append(path)
    return paths


def _hoist(text: str) -> str:
    function, block = _FUNCTION.search(text), _BLOCK.search(text)
    if function is None or block is None:
        raise NotSynthesised("FINN's add_multi.sv is not the one of finn-plus 1.6.1")
    without = text.replace(function[0], "")
    return without.replace(block[0], function[0] + block[0])


def _stubs() -> str:
    """Ports and parameters of CELLS, from the library of the installed yosys."""
    found = importlib.util.find_spec("pyosys")
    if found is None or found.origin is None:
        raise NotSynthesised("pyosys is not installed in this interpreter")
    library = (Path(found.origin).parent / "share" / "xilinx" / "cells_sim.v").read_text()
    stubs = ""
    for name in CELLS:
        module = re.search(rf"^module {name}\b.*?^endmodule", library, re.M | re.S)
        if module is None:
            raise NotSynthesised(f"yosys' cells_sim.v has no {name}")
        head = module[0][: module[0].index(");") + 2].replace("output reg", "output")
        parameters = re.findall(r"^\s*parameter [^\n]*;", module[0], re.M)
        stubs += "\n".join([head, *parameters, "endmodule", ""])
    return stubs
