# SPDX-License-Identifier: Apache-2.0
"""Which source files a kernel is made of: itself and, recursively, the modules it names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

KERNELS = Path(__file__).resolve().parent.parent / "hw" / "kernels"


@cache
def kernel_sources(kernel: str) -> tuple[Path, ...]:
    """Source files of a kernel, those it instantiates first, the kernel itself last.

    Args:
        kernel: module name, e.g. "bnn_mvu"; one module per file, named like it.

    Raises:
        ValueError: there is no such kernel.
    """
    path = KERNELS / f"{kernel}.sv"
    if not path.is_file():
        raise ValueError(f"no kernel {kernel} in {KERNELS}")
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.S)
    words = set(re.findall(r"\b(?:bnn|axis)_[a-z0-9_]+\b", text)) - {kernel}
    files: dict[Path, None] = {}
    for part in sorted(words):
        if (KERNELS / f"{part}.sv").is_file():
            files.update(dict.fromkeys(kernel_sources(part)))
    files[path] = None
    return tuple(files)
