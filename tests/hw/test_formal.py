# SPDX-License-Identifier: Apache-2.0
"""The primitive paths equal the plain one, for every input; and a wrong cell is found."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_heap_ref import heap_levels, pipe
from sim.lib import bench, suite
from sim.test_bnn_mvu import RUNS
from tests.hw.formal.equal import elaborated_cells, equals_plain, meets_spec


def bits(n: int, seed: int) -> str:
    value = int.from_bytes(np.random.default_rng(seed).bytes(n), "little") % (1 << n)
    return f"{n}'h{value:x}"


LEAVES: list[tuple[str, dict[str, Any]]] = [("count3_spec", {}), ("match2_spec", {})]
LEAVES += [("count7_spec", {"EXIT": exit_}) for exit_ in (0, 1)]
LEAVES += [("carry_spec", {"SLICES": n}) for n in (1, 2, 3)]
LEAVES += [("add3_spec", {"W": w}) for w in (1, 3, 4, 7)]
LEAVES += [("add_init_spec", {"W": w}) for w in (1, 4, 7)]
LEAVES += [("popcount_spec", {"N": n}) for n in range(1, 9)]  # every x and w
LEAVES += [("reached_spec", {"W": w}) for w in (1, 2, 7, 9, 11)]
ROMS: list[tuple[str, dict[str, Any]]] = [
    ("rom_spec", {"W": 3, "DEPTH": n, "DATA": bits(3 * n, n)})
    for n in (2, 7, 32, 50, 100, 256, 300, 576, 1300)
]
POPCOUNTS = [(n, pipe) for n in (1, 2, 3, 4, 6, 8, 11, 12, 16) for pipe in (0, 2)]
# every SIMD that sim/test_bnn_mvu.py has, and more, with the registers flows would choose
WIDTHS = {p["SIMD"] for p, _ in RUNS if p["SIMD"] < p["MW"] or p["PE"] < p["MH"]}
POPCOUNTS += [(n, pipe(8 * n, 16, n, 1, False, True)) for n in sorted(WIDTHS | {64, 98, 112, 128})]
MVUS = [  # one per kind of weight memory
    {"MW": 12, "MH": 3, "SIMD": 12, "PE": 3, "PIPE": 1},  # unrolled
    {"MW": 12, "MH": 4, "SIMD": 6, "PE": 2, "PIPE": 1},  # 4 words
    {"MW": 12, "MH": 4, "SIMD": 6, "PE": 1, "PIPE": 1},  # 8 words
    {"MW": 8, "MH": 10, "SIMD": 4, "PE": 1, "PIPE": 1},  # 20 words
]
IMVUS = [  # one term a row per clk, a shared one of three, several, constant weights, digits
    {"MW": 4, "MH": 4, "SIMD": 1, "PE": 2, "OUT_W": 5, "IN_W": 2},
    {"MW": 6, "MH": 16, "SIMD": 3, "PE": 8, "OUT_W": 6, "IN_W": 2},
    {"MW": 10, "MH": 8, "SIMD": 5, "PE": 4, "OUT_W": 7, "IN_W": 2},
    {"MW": 6, "MH": 8, "SIMD": 6, "PE": 8, "OUT_W": 6, "IN_W": 2, "IN_SIGNED": 1},
    {"MW": 4, "MH": 4, "SIMD": 2, "PE": 2, "OUT_W": 6, "IN_W": 2, "W_W": 2},
]
AFFINE = {"N": 4, "PE": 2, "IN_W": 2, "Q_W": 3, "SHARE_W": 3, "OFFS_W": 5, "DSP": 0, "OUT_W": 1}
AFFINE |= {"LO": 0, "HI": 1}
AFFINES = [  # digits of B, and of A, from memories
    {**AFFINE, "UNIT": 1},
    {**AFFINE, "PE": 1, "COEF_W": 2, "OUT_W": 3, "HI": 5},
]
UNITS = [("bnn_mvu", p) for p in MVUS] + [("bnn_imvu", p) for p in IMVUS]
UNITS += [("bnn_affine", p) for p in AFFINES]
PARTS: list[
    tuple[str, dict[str, Any]]
] = [  # powers of two: behind the last word each path may do what it likes
    ("bnn_threshold", {"PE": 3, "W": 5, "DEPTH": n, "DATA": bits(18 * n, n)}) for n in (1, 2, 8, 16)
]
PARTS += [
    ("bnn_match_rom", {"SIMD": 7, "PE": 3, "DEPTH": n, "WEIGHTS": bits(21 * n, n)})
    for n in (2, 4, 8, 16)
]


PARTS += [("bnn_replay", {"W": n, "FOLD_C": 1, "FOLD_R": 1}) for n in (1, 5, 8)]
PARTS += [
    ("bnn_imvu_add2", {"W": 5, "START": "5'd21"}),
    ("bnn_imvu_add2", {"W": 6, "GATE": 1, "INV_B": 1, "INC": 1}),
    ("bnn_imvu_add3", {"W": 5, "START": "5'd21"}),
    *(("bnn_imvu_add3", {"W": 5, "INV": i, "INC": 1}) for i in (3, 5, 6)),
    ("bnn_affine_add3", {"W": 6}),
    *(("bnn_affine_sign", {"W": w}) for w in (1, 6, 7)),
    ("bnn_affine_sum", {"N": 4, "W": 6, "LOWS": "32'h00020000", "SIGN": 1}),
    ("bnn_clamp", {"IN_W": 12, "OUT_W": 4, "LO": 0, "HI": 15}),
    ("bnn_clamp", {"IN_W": 9, "OUT_W": 5, "LO": -13, "HI": 6}),
    ("bnn_clamp", {"IN_W": 6, "OUT_W": 7, "LO": -64, "HI": 3}),
    *(("bnn_pool_max", {"W": w, "SIGNED": s}) for w, s in ((2, 0), (5, 0), (4, 1), (7, 1))),
    ("bnn_pool_merge", {"OUT_M": 2, "G": 3, "C": 1, "IN_W": 3, "OUT_W": 3, "IN_SIGNED": 1}),
    ("bnn_pool_merge", {"OUT_M": 1, "G": 4, "C": 2, "IN_W": 2, "OUT_W": 4, "MODE": 1}),
]


@pytest.mark.parametrize("prim", [1, 2])
@pytest.mark.parametrize(("top", "values"), PARTS, ids=bench.test_id)
def test_part_equals_plain(top: str, values: dict[str, Any], prim: int) -> None:
    holds, said = equals_plain(top, values, prim)
    assert holds, said


@pytest.mark.parametrize("prim", [0, 1, 2])
def test_leaves_are_arithmetic(prim: int) -> None:
    cases = LEAVES if prim == 0 else LEAVES + ROMS
    holds, said = meets_spec([(top, {**values, "PRIM": prim}) for top, values in cases])
    assert holds, said


@pytest.mark.parametrize("prim", [1, 2])
@pytest.mark.parametrize(("n", "pipe"), POPCOUNTS)
def test_popcount_equals_plain(n: int, pipe: int, prim: int) -> None:
    holds, said = equals_plain("popcount", {"N": n, "PIPE": pipe}, prim)
    assert holds, said


@pytest.mark.parametrize("shape", [(9, 5, 2), (112, 0, 2), (60, 31, 3), (1, 3, 1)])
def test_heaps_are_built_as_python_counts_them(shape: tuple[int, int, int]) -> None:
    ones, twos, rows = shape
    out_w = (ones + 2 * twos).bit_length()
    sevens, threes, _ = (sum(column) for column in zip(*heap_levels(*shape), strict=True))
    values = {"N1": ones, "N2": twos, "OUT_W": out_w, "ROWS": rows, "PRIM": 1}
    cells = elaborated_cells("bnn_heap", values)
    assert cells.get("CARRY4", 0) == sevens
    assert cells["LUT6_2"] == 2 * sevens + threes


@pytest.mark.parametrize("prim", [1, 2])
@pytest.mark.parametrize(("top", "p"), UNITS, ids=bench.test_id)
def test_unit_equals_plain(top: str, p: dict[str, Any], prim: int) -> None:
    literals = suite.load_case(f"sim.test_{top}:case", p, seed=1).literals
    holds, said = equals_plain(top, {**p, **literals}, prim)
    assert holds, said


MUTANTS = {  # file, what is written, what it becomes
    "wrong-init": ("bnn_match2", "b0 ^ b1 ^ s0;", "b0 ^ b1;"),
    "wrong-carry": ("bnn_count7", "co[1];", "co[0];"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_cell_is_found(name: str, tmp_path: Path) -> None:
    file, before, after = MUTANTS[name]
    for source in bench.KERNELS.glob("*.sv"):
        shutil.copy(source, tmp_path)
    mutant = tmp_path / f"{file}.sv"
    text = mutant.read_text()
    assert text.count(before) == 1, f"{file}.sv changed: mend this mutant"
    mutant.write_text(text.replace(before, after))
    holds, said = equals_plain("popcount", {"N": 16, "PIPE": 2}, 1, tmp_path)
    assert not holds and "unproven" in said, said
