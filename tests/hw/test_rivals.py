# SPDX-License-Identifier: Apache-2.0
"""The rivals of hw/bench at small sizes: they are measured, and what is measured is right."""

from __future__ import annotations

import numpy as np
import pytest

from hw.bench import da4ml_mvu, finn_mvu, rivals
from hw.bench.configs import random_layer
from hw.bench.netlist import Netlist
from hw.bench.yosys import NotSynthesised, run_tool
from hw.kernels.bnn_mvu_ref import match_count, threshold_bits

COUNTS = {"lut", "lutram", "ff", "bram36", "dsp", "carry", "sites", "levels", "version"}
SAID = {"rival", "what", "params", "lanes", "cycles_per_vector", "pipeline_registers", "differs"}
VECTORS = 64


def number(bits: np.ndarray) -> np.ndarray:
    return bits.astype(np.int64) @ (1 << np.arange(bits.shape[1]))


def test_plain_count_counts() -> None:
    given = {"MW": 24, "SIMD": 8}
    counts, module = rivals.synthesise_plain(given, 60)
    assert set(counts) >= COUNTS
    x, w = np.random.default_rng(1).integers(0, 2, (2, VECTORS, 24))
    netlist = Netlist(module, VECTORS)
    on = np.ones((VECTORS, 1), np.uint8)
    for beat in range(3):
        at = slice(8 * beat, 8 * beat + 8)
        netlist.step(en=on, first=on * (beat == 0), x=x[:, at], w=w[:, at])
    assert np.array_equal(number(netlist.step()["total"]), (x == w).sum(1))


@pytest.mark.parametrize(("simd", "pe"), [(8, 2), (16, 4)])
def test_plain_mvu_equals_the_reference(simd: int, pe: int) -> None:
    """Two vectors per stimulus, the sink slow now and then."""
    mw, mh = 16, 8
    given = {"MW": mw, "MH": mh, "SIMD": simd, "PE": pe}
    _, module = rivals.synthesise_plain(given, 60)
    w, thr = random_layer(mh, mw)
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, (VECTORS, 2, mw))
    want = threshold_bits(match_count(x.reshape(-1, mw), w), thr, np.zeros(mh, int))
    beats, got = x.reshape(VECTORS, -1, simd), [[] for _ in range(VECTORS)]
    netlist, sent = Netlist(module, VECTORS), np.zeros(VECTORS, int)
    one = np.ones((VECTORS, 1), np.uint8)
    for _ in range(3):
        netlist.step(rst=one)
    for _ in range(120):
        waits = sent < beats.shape[1]
        now = beats[np.arange(VECTORS), np.minimum(sent, beats.shape[1] - 1)]
        ready = rng.random(VECTORS) < 0.7
        pins = {"s_axis_tdata": now, "s_axis_tvalid": waits[:, None]}
        out = netlist.step(**pins, m_axis_tready=ready[:, None])
        sent += (out["s_axis_tready"][:, 0] == 1) & waits
        for i in np.flatnonzero((out["m_axis_tvalid"][:, 0] == 1) & ready):
            got[i] += out["m_axis_tdata"][i].tolist()
    assert np.array_equal(np.array(got), want.reshape(VECTORS, -1))


def test_plain_says_what_it_is() -> None:
    row = rivals.plain({"MW": 16, "MH": 8, "SIMD": 8, "PE": 2})
    assert set(row) == COUNTS | SAID
    assert (row["lanes"], row["cycles_per_vector"]) == (16, 8)
    with pytest.raises(ValueError, match="must divide"):
        rivals.plain({"MW": 16, "SIMD": 5})


def test_finn_is_mapped_to_dsp48e1() -> None:
    row = rivals.finn({"MW": 8, "MH": 4, "SIMD": 4, "PE": 2})
    assert set(row) == COUNTS | SAID | {"configured"}
    assert (row["dsp"], row["lanes"], row["cycles_per_vector"]) == (4, 8, 4)


def test_an_error_carries_the_end_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finn_mvu, "CELLS", ("LUT6_2",))
    with pytest.raises(NotSynthesised, match=r"(?s)exit code 1.*DSP48E1"):
        rivals.finn({"MW": 8, "MH": 4, "SIMD": 4, "PE": 2})
    with pytest.raises(NotSynthesised, match=r"not done after 0\.1 s"):
        run_tool(["sleep", "5"], "sleep", 0.1)


@pytest.mark.skipif(
    not (da4ml_mvu.HOME / "installed.txt").is_file(),
    reason="da4ml is not installed: python -m hw.bench.rivals da4ml does that",
)
@pytest.mark.parametrize("cutoff", [-1, 2])
def test_da4ml_gives_the_product(cutoff: float) -> None:
    """Its netlist is checked inside; here also that the check would notice."""
    w = 2 * random_layer(6, 10)[0] - 1
    row = rivals.da4ml(w, cutoff, 60)
    assert set(row) == COUNTS | SAID | {"configured", "checked_vectors"}
    assert row["lanes"] == 60
    assert (row["ff"] > 0) == (row["pipeline_registers"] > 0) == (cutoff > 0)


def test_the_check_of_da4ml_notices() -> None:
    wires = {"I0": [2], "O": [4]}
    cell = {"type": "LUT1", "parameters": {"INIT": "10"}, "connections": wires}
    cell["port_directions"] = {"I0": "input", "O": "output"}
    ports = {"model_inp": {"direction": "input", "bits": [2, 3]}}
    ports["model_out"] = {"direction": "output", "bits": [4]}
    module = {"ports": ports, "cells": {"a": cell}}
    da4ml_mvu.check(module, np.array([[1, 0]], np.int8), [[0, 1, 0]], 0)
    with pytest.raises(NotSynthesised, match="row 0"):
        da4ml_mvu.check(module, np.array([[0, 1]], np.int8), [[0, 1, 0]], 0)
