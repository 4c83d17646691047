# SPDX-License-Identifier: Apache-2.0
"""Spoils the constants of a generated wrapper, for tests that must find it."""

from __future__ import annotations

import re
from pathlib import Path


def flip(wrapper: Path, parameter: str, mask: int) -> None:
    """Invert bits of a literal that a wrapper hands to its kernel.

    Args:
        wrapper: generated <node>.sv.
        parameter: of the kernel, e.g. "WEIGHTS".
        mask: bits to invert.

    Raises:
        AssertionError: the wrapper has no such literal, or more than one.
    """
    pattern = rf"\.{parameter}\((\d+)'h([0-9a-f]+)\)"

    def flipped(found: re.Match[str]) -> str:
        return f".{parameter}({found.group(1)}'h{int(found.group(2), 16) ^ mask:x})"

    text, n = re.subn(pattern, flipped, wrapper.read_text())
    assert n == 1, f"{parameter} is not in {wrapper.name}: adapt the fault to the kernel"
    wrapper.write_text(text)
