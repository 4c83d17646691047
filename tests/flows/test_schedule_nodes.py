# SPDX-License-Identifier: Apache-2.0
"""Which input beats every node waits for, and frees."""

from __future__ import annotations

from flows.schedule_kinds import MatVec, Pixelwise, Window
from flows.schedule_nodes import converter, matvec, pad_channels, pool, window


def test_nodes() -> None:
    assert converter("c", "a", "b", 6, 2).emit.tolist() == [False, False, True] * 2
    assert converter("c", "a", "b", 2, 6).need.tolist() == [1, 1, 1, 2, 2, 2]
    assert pad_channels("p", "a", "b", 2, 1, 3).need.tolist() == [1, 1, 1, 2, 2, 2]
    assert pad_channels("p", "a", "b", 2, 2, 3).need.tolist() == [1, 2, 2, 3, 4, 4]
    assert pool("p", "a", "b", (3, 3, 1), (2, 2)).emit.nonzero()[0].tolist() == [4]
    assert isinstance(matvec("m", "a", "b", 2, 3, 1), Pixelwise)
    assert isinstance(matvec("m", "a", "b", 2, 3, 2), MatVec)


def test_windows_keep_what_is_read() -> None:
    """Padding: the last row of a frame stays until the next frame's first row of windows."""
    params = dict.fromkeys(("ROWS", "COLS", "KR", "KC"), 3) | {"C": 1, "SIMD": 1}
    params |= {f"PAD_{side}": 1 for side in "TBLR"}
    node: Window = window("w", "a", "b", params)
    assert (node.events, node.beats, node.beats_in) == (9, 9, 9)
    assert node.needs.tolist() == [5, 6, 6, 8, 9, 9, 8, 9, 9]
    assert node.frees.tolist() == [-3, -2, -1, 0, 1, 2, 3, 4, 5]
    first, last = node.users
    assert first.tolist() == [0, 0, 0, 0, 0, 1, 3, 3, 4]
    assert last.tolist() == [4, 5, 6, 7, 8, 9, 10, 11, 12]
