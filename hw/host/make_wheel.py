# SPDX-License-Identifier: Apache-2.0
"""A deploy folder as a wheel: the driver, and the network's files as a PYNQ overlay.

    PYTHONPATH=hw/host python hw/host/make_wheel.py --deploy build/demo/deploy     # `make wheel`

Once it is installed, Accelerator("demo.bit") and PYNQ's Overlay("demo.bit") find the files by that
name from any folder, and `pynq get-notebooks` finds the notebook. pip and setuptools make it, as
they are here and without network; the same folder gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import bnnflow_host
from bnnflow_host.description import load_description
from bnnflow_host.errors import HostError
from bnnflow_host.installed import GROUP

NOTEBOOKS = "pynq.notebooks"
EPOCH = "315532800"  # 1980-01-01, the first day a zip file can hold
PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "{package}"
version = "{version}"
description = "{name}: a bnnflow accelerator with its driver"
requires-python = ">=3.8"
dependencies = ["numpy"]

[project.entry-points."{overlays}"]
"{name}" = "{package}"

[project.entry-points."{notebooks}"]
"{name}" = "{package}"

[tool.setuptools]
packages = ["bnnflow_host", "{package}"]

[tool.setuptools.package-data]
"{package}" = ["*"]
"""


def network_name(deploy: Path) -> str:
    """Name of the network in a deploy folder.

    Raises:
        HostError: deploy-missing.
    """
    names = [path.stem for path in deploy.glob("*.json")]
    if len(names) != 1 or not (deploy / "bnnflow_host").is_dir():
        raise HostError(
            "deploy-missing",
            "this is no deploy folder",
            str(deploy),
            "make deploy RUN=..., then give the run's deploy folder",
        )
    return names[0]


def write_project(deploy: Path, folder: Path) -> None:
    """Write what setuptools makes a wheel of.

    Args:
        deploy: a deploy folder.
        folder: an empty one.

    Raises:
        HostError: deploy-missing, description-format.
    """
    name = network_name(deploy)
    package = "bnnflow_" + re.sub(r"\W", "_", name).lower()
    about = load_description(deploy / f"{name}.bit")
    # another network is another version, so that pip replaces the one that is installed
    version = f"{bnnflow_host.__version__}+h{about.hash:016x}"
    groups = {"overlays": GROUP, "notebooks": NOTEBOOKS}
    text = PROJECT.format(name=name, package=package, version=version, **groups)
    (folder / "pyproject.toml").write_text(text)
    leave = shutil.ignore_patterns("__pycache__", "bnnflow_host", "SHA256SUMS")
    shutil.copytree(deploy / "bnnflow_host", folder / "bnnflow_host", ignore=leave)
    shutil.copytree(deploy, folder / package, ignore=leave)
    says = json.dumps(f"{name}: a bnnflow accelerator; its files lie beside this one.")
    (folder / package / "__init__.py").write_text(f"{says}\n")


def build_wheel(deploy: Path, out: Path) -> Path:
    """Build the wheel of a deploy folder.

    Args:
        deploy: the folder.
        out: for the wheel; others in it are removed.

    Raises:
        HostError: deploy-missing, description-format, wheel-build.
    """
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        write_project(deploy, Path(work))
        line = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
        line += ["--no-build-isolation", "--no-cache-dir", "--wheel-dir", str(out), work]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise HostError(
            "wheel-build",
            f"pip could not build it: {said[-1]}",
            str(deploy),
            "pip install setuptools, or make setup",
        )
    return next(out.glob("*.whl"))


def main() -> int:
    """Parse and build; returns the exit code."""
    parser = argparse.ArgumentParser(description="a deploy folder as a wheel")
    parser.add_argument("--deploy", type=Path, required=True, help="e.g. build/demo/deploy")
    options = parser.parse_args()
    try:
        print(build_wheel(options.deploy, options.deploy.parent / "wheel"))
    except HostError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
