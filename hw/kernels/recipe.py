# SPDX-License-Identifier: Apache-2.0
"""From our RTL to 7-series cells: the yosys commands, and what the cells count as.

One recipe for flows and for measure.

It is `synth_xilinx` with two changes:

- the CARRY4, LUT5 and LUT6 that kernels instantiate have other names, without contents, until all
  is mapped: abc9 knows a CARRY4 inside out and would take the third output of a 7:3 counter from
  a position that is not in use, which costs another LUT; and it wants one cost for all LUT6.
- `abc9_lut` is 2 for every LUT. yosys' own costs (LUT5 3, LUT6 5) hope that two small LUTs share a
  site, and split 6-input functions into more and smaller cells. It matters for what is not made
  of `bnn_lut6_2`: control, and everything with PRIM = 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SYNTH = "synth_xilinx -family xc7 -flatten -abc9 -noiopad -noclkbuf"
EQUAL = "setattr -mod -set abc9_lut 2 =LUT1 =LUT2 =LUT3 =LUT4 =LUT5 =LUT6"
PRIMS = Path(__file__).resolve().parents[1] / "prims"
CLOSED = ("CARRY4", "LUT5", "LUT6")  # prims/closed.v

#: LUTs a memory primitive takes (AMD UG474, "Distributed RAM" and "Shift Registers")
LUTS_OF_MEMORY = {
    "RAM32X1S": 1, "RAM32X1D": 2, "RAM32M": 4, "RAM64X1S": 1, "RAM64X1D": 2, "RAM64M": 4,
    "RAM128X1S": 2, "RAM128X1D": 4, "RAM256X1S": 4, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1,
}  # fmt: skip
FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE")


def read(top: str, sources: Iterable[str], generics: Iterable[str] = ()) -> str:
    """The yosys command that reads our RTL.

    Args:
        top: module name.
        sources: files, as yosys finds them from where it runs.
        generics: parameters of the top, "NAME=value".
    """
    given = "".join(f" -G {generic}" for generic in generics)
    options = f"--keep-hierarchy --allow-use-before-declare --top {top}{given}"
    return f"read_slang {options} {' '.join(sources)}"


def commands(
    top: str, sources: Iterable[str], keep: Iterable[str] = (), generics: Iterable[str] = ()
) -> list[str]:
    """Yosys commands from sources to mapped cells.

    Args:
        top: module name.
        sources: see read().
        keep: modules that stay modules, so that their cells can be counted.
        generics: see read().

    Returns:
        One command per entry.
    """
    return [
        f"read_verilog -lib {PRIMS / 'closed.v'}",
        read(top, [str(PRIMS / "xc7_cells.sv"), *sources], generics),
        *(f"chtype -set bnn_closed_{kind} t:{kind}" for kind in CLOSED),
        *(f"setattr -mod -set keep_hierarchy 1 {name} {name}$*" for name in keep),
        f"{SYNTH} -top {top} -run :map_luts",
        EQUAL,
        f"{SYNTH} -top {top} -run map_luts:",
        *(f"chtype -set {kind} t:bnn_closed_{kind}" for kind in CLOSED),
        "delete =bnn_closed_*",
        "opt_lut_ins -tech xilinx",  # of the cells that were closed
    ]


def count_cells(cells: dict[str, int]) -> dict[str, float]:
    """Resources of a module from its yosys cell counts.

    Args:
        cells: number of cells by type.

    Returns:
        lut (memories included), lutram (LUTs of memories), ff, bram36 (RAMB18 is a half), dsp,
        carry (CARRY4).
    """
    lutram = sum(n * cells.get(kind, 0) for kind, n in LUTS_OF_MEMORY.items())
    logic = [*(f"LUT{i}" for i in range(1, 7)), "LUT6_2", "INV"]
    lut = sum(cells.get(kind, 0) for kind in logic)
    return {
        "lut": lut + lutram,
        "lutram": lutram,
        "ff": sum(cells.get(kind, 0) for kind in FLIP_FLOPS),
        "bram36": cells.get("RAMB36E1", 0) + cells.get("RAMB18E1", 0) / 2,
        "dsp": cells.get("DSP48E1", 0),
        "carry": cells.get("CARRY4", 0),
    }
