# SPDX-License-Identifier: Apache-2.0
"""Proofs by yosys' `sat`: induction over one clk, so for traces of any length.

python -m hw.system.formal.prove    # each proof with its parameters; exit code 3 if one fails
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROOFS: dict[str, tuple[str, ...]] = {  # top: the modules it is about
    "axi_read_master_formal": ("axi_read_master", "word_fifo"),
    "axi_write_master_formal": ("axi_write_master", "word_fifo"),
    "batch_control_formal": ("batch_control",),
    "registers_formal": ("axi_lite_slave", "bnn_registers"),
}
BURSTS = [{"BURST": b, "OUTSTANDING": n} for b, n in ((16, 4), (2, 1), (64, 2), (256, 1))]
YOSYS = "import sys; from pyosys import libyosys as ys; d = ys.Design()\n"
YOSYS += "for line in sys.stdin: ys.run_pass(line.strip(), d)"


def parameters(top: str) -> list[dict[str, int]]:
    """The parameters that a proof is run with."""
    return BURSTS if top.startswith("axi_") else [{}]


def prove(top: str, values: dict[str, int], rtl: Path = HERE.parent) -> tuple[bool, str]:
    """Run one proof.

    Args:
        top: a key of PROOFS.
        values: parameters.
        rtl: folder of the modules.

    Returns:
        Whether it holds, and the end of what yosys said.
    """
    sources = " ".join(str(rtl / f"{name}.sv") for name in PROOFS[top])
    given = " ".join(f"-G {name}={value}" for name, value in values.items())
    script = [
        f"read_slang {given} --top {top} {sources} {HERE / top}.sv",
        f"hierarchy -top {top}",
        "proc; flatten; opt -full; memory_map; opt -full; async2sync; chformal -lower",
        f"sat -tempinduct -prove-asserts -set-assumes -maxsteps 1 -verify {top}",
    ]
    done = subprocess.run(
        [sys.executable, "-c", YOSYS],
        input="\n".join(script),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    return done.returncode == 0 and "Induction step proven: SUCCESS" in said, said[-2000:]


def main() -> int:
    """Run all proofs and say how each ended."""
    bad = 0
    for top in PROOFS:
        for values in parameters(top):
            holds, said = prove(top, values)
            bad += not holds
            print(f"{top} {values or ''}: {'proved' if holds else 'NOT PROVED'}", flush=True)
            if not holds:
                print(said)
    return 3 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
