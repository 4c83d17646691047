# SPDX-License-Identifier: Apache-2.0
"""The whole-network bench on a toy top: bits, cycles, and every way a top can misbehave."""

from __future__ import annotations

import functools
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flows.errors import CheckFailed, FlowError
from flows.files import write_json
from sim.network_bench import beats_to_labels, beats_to_scores, build, main, run

sys.path.insert(0, str(Path(__file__).parent))
import toy

pytestmark = pytest.mark.skipif(
    shutil.which("g++") is None or shutil.which("make") is None, reason="needs g++ and make"
)
N = 40


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a top with blanks in its name")
    return build(toy.write_top(folder / "top"), folder / "bin", taps=True)


@pytest.fixture
def frames_file(tmp_path: Path) -> Path:
    (tmp_path / "frames.bin").write_bytes(toy.frames(N).tobytes())
    return tmp_path / "frames.bin"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    @functools.cache
    def made(fault: str, taps: bool = True) -> Path:
        folder = tmp_path_factory.mktemp(fault)
        return build(toy.write_top(folder / "top", f"FAULT_{fault}"), folder / "bin", taps)

    return made


def check_output(out: Path) -> None:
    want = toy.sums(toy.frames(N))
    low_high = beats_to_scores((out / "score.bin").read_bytes(), 1, 8, False, 2)
    np.testing.assert_array_equal(low_high @ [1, 256], want)
    np.testing.assert_array_equal(beats_to_labels((out / "label.bin").read_bytes(), 8), want % 256)


def test_bits_and_cycles_are_exact(bench: Path, frames_file: Path, tmp_path: Path) -> None:
    result = run(bench, frames_file, tmp_path / "out", taps=True)
    check_output(tmp_path / "out")
    assert result["frames_in"] == result["frames_out"] == N
    # beat 6 enters in cycle 6, then one cycle in each stage, then two score beats
    assert result["latency_cycles"] == 6 + 1 + 1 + 2
    assert result["cycles"] == toy.FRAME_BEATS * (N - 1) + 10 + 1
    assert (result["interval"], result["warmup_frames"]) == (toy.FRAME_BEATS, 0)
    done = np.fromfile(tmp_path / "out/done.bin", np.uint64)
    np.testing.assert_array_equal(done, 9 + toy.FRAME_BEATS * np.arange(N))
    assert json.loads((tmp_path / "out/run.json").read_text()) == result


def test_taps_hold_the_internal_streams(bench: Path, frames_file: Path, tmp_path: Path) -> None:
    run(bench, frames_file, tmp_path / "out", taps=True)
    added = toy.frames(N)
    added[:, :, 0] += toy.OFFSET
    assert (tmp_path / "out/tap0.bin").read_bytes() == added.tobytes()
    sums = np.fromfile(tmp_path / "out/tap1.bin", "<u2")
    np.testing.assert_array_equal(sums, toy.sums(toy.frames(N)))


@pytest.mark.parametrize(("gap", "stall"), [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5), (0.9, 0.9)])
def test_output_does_not_depend_on_gaps_and_stalls(
    bench: Path, frames_file: Path, tmp_path: Path, gap: float, stall: float
) -> None:
    a = run(bench, frames_file, tmp_path / "a", gap=gap, stall=stall, seed=7)
    b = run(bench, frames_file, tmp_path / "b", gap=gap, stall=stall, seed=7)
    check_output(tmp_path / "a")
    assert a["cycles"] == b["cycles"] > toy.FRAME_BEATS * N
    assert a["interval"] is None


def test_seed_is_drawn_printed_and_kept(
    bench: Path, frames_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(bench, frames_file, tmp_path / "out", gap=0.5)
    assert capsys.readouterr().err == f"seed {result['seed']}\n"


@pytest.mark.parametrize("beat", [0, 3, 7, 100])
def test_reset_in_mid_frame_leaves_nothing_behind(
    bench: Path, frames_file: Path, tmp_path: Path, beat: int
) -> None:
    result = run(bench, frames_file, tmp_path / "out", stall=0.3, seed=5, reset_at=beat)
    check_output(tmp_path / "out")
    assert result["frames_in"] == N


def test_one_frame_has_no_interval(bench: Path, tmp_path: Path) -> None:
    (tmp_path / "one.bin").write_bytes(toy.frames(1).tobytes())
    assert run(bench, tmp_path / "one.bin", tmp_path / "out")["interval"] is None


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (
            "HANG",
            "sim-stuck",
            [
                "input stream waits for tready after 30 beats (frame 4, beat 2)",
                "label stream never got frame 4",
                "between Add_0.out0 (valid, not ready) and Sum_1.out0",
            ],
        ),
        (
            "DROP",
            "sim-stuck",
            ["label stream never got frame 39", "look at Add_0:", "279 of 280 beats"],
        ),
        ("EXTRA", "sim-early", ["label stream completed frame 3"]),
        ("UNSTABLE", "sim-unstable", ["label stream withdrew or changed its offer"]),
        ("FINISH", "sim-finish", ["$finish"]),
    ],
)
def test_faults_are_named(
    faulty: Callable[..., Path],
    frames_file: Path,
    tmp_path: Path,
    fault: str,
    code: str,
    says: list[str],
) -> None:
    with pytest.raises(CheckFailed) as err:
        run(faulty(fault), frames_file, tmp_path / "out", stall=0.3, seed=3)
    assert err.value.code == code
    for words in says:
        assert words in str(err.value)
    assert "seed 3" in str(err.value)
    assert len(str(err.value).splitlines()) == 3  # callers parse what, where, try
    assert not list((tmp_path / "out").iterdir())


def test_a_beat_too_many_at_the_end(faulty: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "frames.bin").write_bytes(toy.frames(3).tobytes())
    with pytest.raises(CheckFailed, match="gave more beats than 3 frames of 1"):
        run(faulty("EXTRA"), tmp_path / "frames.bin", tmp_path / "out")


def test_stuck_without_taps_asks_for_them(
    faulty: Callable[..., Path], frames_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(CheckFailed, match="with --taps"):
        run(faulty("HANG", taps=False), frames_file, tmp_path / "out", watchdog=100)


def test_unchanged_top_is_not_built_again(tmp_path: Path, frames_file: Path) -> None:
    top, out = toy.write_top(tmp_path / "top"), tmp_path / "bin"
    first = (build(top, out) / "bench").stat().st_mtime_ns
    (top / "offset.mem").write_text("05\n")  # read when it runs, not when it is built
    assert (build(top, out) / "bench").stat().st_mtime_ns == first
    with (top / "rtl/toy_top.sv").open("a") as f:
        f.write("// changed\n")
    with pytest.raises(FlowError, match="bench-stale"):
        run(out, frames_file, tmp_path / "out")
    assert (build(top, out) / "bench").stat().st_mtime_ns != first


def test_width_that_is_not_the_rtls_is_refused(tmp_path: Path) -> None:
    top = toy.write_top(tmp_path / "top")
    wrong = json.loads(json.dumps(toy.TOP_JSON))
    wrong["streams"]["m_axis_label"]["bytes"] = 2
    write_json(top / "top.json", wrong)
    with pytest.raises(FlowError, match=r"TDATA width in top\.json is not that of the RTL"):
        build(top, tmp_path / "bin")
    assert not (tmp_path / "bin").exists()


def test_a_lint_warning_stops_the_build(tmp_path: Path) -> None:
    top = toy.write_top(tmp_path / "top")
    rtl = top / "rtl/toy_top.sv"
    rtl.write_text(rtl.read_text().replace("16'(a_data_q[7:0])", "a_data_q"))
    with pytest.raises(FlowError, match="%Warning-WIDTH"):
        build(top, tmp_path / "bin")
    assert "WIDTH" in (tmp_path / "bin.verilator.log").read_text()


def test_wrong_use_exits_2_and_says_what(
    bench: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "short.bin").write_bytes(b"123")
    for arguments, code in [
        (["build", "--top", str(tmp_path), "--out", str(tmp_path / "b")], "top-missing"),
        (["run", "--bin", str(tmp_path), "--frames", "x", "--out", "y"], "bench-missing"),
        (
            ["run", "--bin", str(bench), "--frames", str(tmp_path / "short.bin"), "--out", "y"],
            "frames-size",
        ),
    ]:
        with pytest.raises(FlowError) as err:
            main(arguments)
        assert (err.value.code, err.value.exit_code) == (code, 2)


def test_missing_memory_file_is_an_error(bench: Path, tmp_path: Path, frames_file: Path) -> None:
    memory = bench.parent / "top/offset.mem"
    hidden = memory.rename(memory.with_suffix(".hidden"))
    try:
        with pytest.raises(FlowError, match="mem-file"):
            run(bench, frames_file, tmp_path / "out")
    finally:
        hidden.rename(memory)
