# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from flows.fold_graph import apply_folds
from flows.folding import Fold
from flows.generate import generate, stitch
from flows.kernel_sources import kernel_sources
from flows.rtl import fed_values, pack_frames
from sim.lib.networks import Make, write_network
from sim.lib.stages import run_stages


def generated(tmp_path: Path, name: str) -> Path:
    make = Make((12, 6, 4), batch_norm=True, final="bn")
    s = run_stages(write_network(tmp_path / "n.onnx", make, 1))
    generate(s.folded, tmp_path / name / "06_rtl", "xc7z020clg400-1", 100.0)
    stitch(s.folded, tmp_path / name / "06_rtl", tmp_path / name / "07_top")
    return tmp_path / name / "07_top"


def test_top_needs_nothing_outside_its_folder(tmp_path: Path) -> None:
    top = generated(tmp_path, "a")
    for source in (top / "sources.f").read_text().split():
        text = (top / source).read_text()
        assert str(tmp_path) not in text
        for memory in re.findall(r'"([^"]+\.mem)"', text):
            assert (top / memory).is_file()


def test_same_graph_same_bytes(tmp_path: Path) -> None:
    a, b = generated(tmp_path, "a"), generated(tmp_path, "b")
    names = sorted(p.name for p in a.iterdir())
    assert names == sorted(p.name for p in b.iterdir())
    assert all((a / n).read_bytes() == (b / n).read_bytes() for n in names)


def test_streams_of_the_top(tmp_path: Path) -> None:
    table = json.loads((generated(tmp_path, "a") / "top.json").read_text())
    assert set(table["streams"]) == {"s_axis", "m_axis_label", "m_axis_score"}
    assert table["streams"]["m_axis_label"]["beats_per_frame"] == 1
    assert len(table["taps"]) == len(table["tap_layers"])
    assert table["score"]["classes"] == 4


def test_bits_are_packed_into_whole_bytes(tmp_path: Path) -> None:
    path = write_network(tmp_path / "n.onnx", Make((20, 4), pixels=False), 1)
    s = run_stages(path, kind="bipolar")
    model = apply_folds(s.specialised, {"BnnMvu_0": Fold(1, 10)}, {"BnnMvu_0": 380.0})
    generate(model, tmp_path / "06_rtl", "xc7z020clg400-1", 100.0)
    table = stitch(model, tmp_path / "06_rtl", tmp_path / "07_top")
    image = np.array([[1] + [0] * 8 + [1] + [0] * 9 + [1]], np.uint8)
    assert table["streams"]["s_axis"] == {"bytes": 3, "beats_per_frame": 1}  # not 2 beats of 10
    assert pack_frames(fed_values(image, table), table) == bytes([0b1, 0b10, 0b1000])
    table["streams"]["s_axis"] = {"bytes": 2, "beats_per_frame": 2}
    table["input_bits"] = 10
    assert pack_frames(image, table) == bytes([0b1, 0b10, 0, 0b10])


def test_kernel_sources_come_parts_first() -> None:
    names = [path.stem for path in kernel_sources("bnn_mvu")]
    assert names[-1] == "bnn_mvu"
    assert {"bnn_heap", "bnn_replay", "bnn_rom"} <= set(names)
