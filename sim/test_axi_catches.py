# SPDX-License-Identifier: Apache-2.0
"""The bench itself: a shell broken on purpose must fail, or its tests prove nothing."""

import shutil
from pathlib import Path

import pytest

from sim.lib import bench
from sim.system.run import rtl, simulate
from sim.test_axi_shell import DEFAULTS, ODD

MUTANTS = {  # name: file, what is written, what it becomes, the tests that must see it
    "burst-over-4-KiB": (
        "axi_read_master",
        "(BURST) - {1'b0, next_q[LOW_W-1:0]}",
        "(BURST)",
        "borders",
    ),
    "whole-last-word": (
        "axi_write_master",
        "30'd1 ? strobe_q : 8'hFF",
        "30'd1 ? 8'hFF : 8'hFF",
        "batch",
    ),
    "wrong-stride": (
        "axi_write_master",
        "{next_q, 3'b000}",
        "{next_q[27:0], 4'b0000}",
        "batch",
    ),
    "write-error-ignored": (
        "axi_write_master",
        "m_axi_bresp[1])",
        "1'b0)",
        "bus_errors",
    ),
    "half-a-burst-at-reset": (
        "axi_write_master",
        "owed_q     <= owed_q +",
        "owed_q     <= stop ? '0 : owed_q +",
        "soft_reset|bus_errors",
    ),
    "reset-leaves-the-core": (
        "bnn_shell",
        "core_rst = rst || clear",
        "core_rst = rst",
        "soft|bus",
    ),
    "reset-waits-for-nobody": (
        "batch_control",
        "if (!reading && !writing) phase_q",
        "phase_q",
        "soft_reset",
    ),
    "start-while-busy-taken": (
        "batch_control",
        "start && phase_q == WORK && request_q == NONE",
        "start && phase_q == WORK",
        "start_while_busy",
    ),
    "left-over-bytes-kept": (
        "bnn_shell",
        ".flush(launch_in || clear)",
        ".flush(clear)",
        "batch",
    ),
    "W-data-moves": (
        "word_fifo",
        "m_axis_tvalid && m_axis_tready) head_q",
        "m_axis_tready) head_q",
        "batch",
    ),
    "register-read-moves": (
        "axi_lite_slave",
        "if (read) s_axi_rdata <= read_data;",
        "s_axi_rdata <= read_data;",
        "queue_suite.chain",
    ),
    "size-wraps-at-4-GiB": (
        "batch_control",
        "= in_q[32] || in_end",
        "= in_end",
        "refused_requests",
    ),
    "queued-batch-in-the-last-beat": (
        "bnn_shell",
        "&& in_word_last) in_open_q",
        "&& 1'b0) in_open_q",
        "queue_suite.chain",
    ),
    "queued-output-not-held": (
        "bnn_shell",
        "core_label_tready = label_ready && label_active;",
        "core_label_tready = label_ready;",
        "queue_suite.chain",
    ),
    "labels-or-scores-of-the-next": (
        "bnn_shell",
        "if (launch_out) out_scores_q",
        "if (launch_in) out_scores_q",
        "queue_suite.chain",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_bench_catches(name: str, tmp_path: Path) -> None:
    file, before, after, tests = MUTANTS[name]
    sources = []
    for source in rtl():
        shutil.copy(source, tmp_path)
        sources.append(tmp_path / source.name)
    mutant = tmp_path / f"{file}.sv"
    text = mutant.read_text()
    assert text.count(before) == 1, f"{file}.sv changed: mend this mutant"
    mutant.write_text(text.replace(before, after))
    slow = {"SLOW": 20} if name.endswith("last-beat") else {}  # so that the next words wait
    [(params, simulator)] = bench.runs([{**DEFAULTS, **ODD, **slow}])
    with pytest.raises(bench.SimulationFailed, match="tests failed"):
        simulate(
            params,
            simulator,
            "sim.system.suite,sim.system.queue_suite",
            sources=sources,
            folder=tmp_path / "sim",
            tests=tests,
            seed=1,  # a mutant may hide from a seed
        )
