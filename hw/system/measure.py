# SPDX-License-Identifier: Apache-2.0
"""LUT and FF of the shell for some cores, by yosys; nothing is placed or routed.

python -m hw.system.measure
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from hw.system.formal.prove import HERE, YOSYS

RTL = HERE.parent
# around a network, which is not measured
OUTER = ("bnn_system", "zynq7_top", "zynq7_ps", "zynqmp_top", "zynqmp_ps")
SHELLS = {  # input beat bytes, score beat bytes
    "98-byte beats in (TFC), 6-byte scores out": (98, 6),
    "8-byte beats in, 6-byte scores out": (8, 6),
    "16-byte beats in, 30-byte scores out": (16, 30),
}
LUTS = {"RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "SRL16E": 1, "SRLC32E": 1}


def area(in_bytes: int, score_bytes: int) -> tuple[int, int]:
    """LUTs (LUT RAM counted) and flip-flops of bnn_shell."""
    sources = " ".join(str(f) for f in RTL.glob("*.sv") if f.stem not in OUTER)
    script = [
        f"read_slang --top bnn_shell -G IN_BEAT_BYTES={in_bytes}"
        f" -G SCORE_BEAT_BYTES={score_bytes} {sources}",
        "synth_xilinx -family xc7 -flatten -abc9 -noiopad -noclkbuf -top bnn_shell",
    ]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "stat.json"
        script.append(f"tee -q -o {table} stat -json")
        subprocess.run(
            [sys.executable, "-c", YOSYS],
            input="\n".join(script),
            capture_output=True,
            text=True,
            check=True,
        )
        cells = json.loads(table.read_text())["design"]["num_cells_by_type"]
    luts = sum(n * LUTS.get(cell, cell.startswith("LUT")) for cell, n in cells.items())
    return luts, sum(n for cell, n in cells.items() if cell in ("FDRE", "FDSE", "FDCE", "FDPE"))


def main() -> None:
    """Print the table of README.md."""
    print("| shell | LUT | FF |\n|---|---|---|")
    for name, (in_bytes, score_bytes) in SHELLS.items():
        luts, ffs = area(in_bytes, score_bytes)
        print(f"| {name} | {luts} | {ffs} |")


if __name__ == "__main__":
    main()
