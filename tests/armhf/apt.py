# SPDX-License-Identifier: Apache-2.0
"""Debian packages of another architecture, with all that they need, as .deb files; no root needed.

apt-get fetches them as this machine is set up to, signatures checked, but with state, cache and
package database of its own, so the system stays as it is. What it says is in apt.log.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from flows.env.shell import clean_environ
from flows.errors import FlowError

APT_SECONDS = 900
MORE = 'hw/host/README.md, "On 32-bit ARM"'
INSTALLED = re.compile(r"^Inst ([^\s:]+)(?::\w+)? \((\S+) .*\[(\w+)\]\)", re.MULTILINE)
# Hooks of the machine's own apt clean the machine's caches and tell its desktop: not ours to do.
# lists/, archives/: relative to our Dir::State and Dir::Cache, wherever the machine has them.
APT_CONF = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
APT::Architecture "armhf";
APT::Architectures {{ "armhf"; "{host}"; }};
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "true";
Dir::State "{apt}/state";
Dir::State::lists "lists/";
Dir::State::status "{apt}/status";
Dir::Cache "{apt}/cache";
Dir::Cache::archives "archives/";
"""


def require_apt() -> None:
    """Raise FlowError armhf-apt where there is no apt-get or dpkg-deb."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise FlowError(
                "armhf-apt",
                f"{tool} is not installed: the 32-bit ARM Python comes as Debian packages",
                f"PATH={os.environ.get('PATH', '')}",
                "run this on Debian, or in a container of it",
                MORE,
            )


def fetch(packages: tuple[str, ...], tool: str, folder: Path) -> list[Path]:
    """Fetch packages with their dependencies, down to libc.

    Args:
        packages: names, of armhf.
        tool: name of one of this machine's architecture.
        folder: absolute; apt.log and apt/ go there. What an interrupted call left is used.

    Returns:
        The .deb files, below folder/apt.

    Raises:
        FlowError: armhf-fetch.
    """
    apt, log = folder / "apt", folder / "apt.log"
    for sub in ("state/lists/partial", "cache/archives/partial"):
        (apt / sub).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()  # nothing is installed yet: apt-get resolves down to libc
    ask = ["dpkg", "--print-architecture"]
    host = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    # apt-get reads the first file before the machine's configuration, the main file behind it
    outer, main = os.environ.get("APT_CONFIG"), Path("/etc/apt/apt.conf")
    first = [f'#include "{outer}";\n'] if outer else []
    last = [f'#include "{main}";\n'] if main.is_file() else []
    (apt / "first.conf").write_text("".join([*first, f'Dir::Etc::main "{apt}/last.conf";\n']))
    (apt / "last.conf").write_text("".join([*last, APT_CONF.format(apt=apt, host=host)]))
    wanted = [*packages, f"{tool}:{host}"]
    print(f"armhf: apt-get fetches {', '.join(wanted)} and what they need", flush=True)
    log.write_text("")
    if _apt(apt, log, "update"):
        # one index of several may be out of step on a mirror; what is missing then shows below
        print(f"armhf: apt-get update was not clean (see {log}); going on with what it has")
    install = ["install", "--no-install-recommends", *wanted]
    if _apt(apt, log, *install, "-y", "--download-only") or _apt(apt, log, *install, "--simulate"):
        errors = [line for line in log.read_text().splitlines() if line.startswith(("E:", "W:"))]
        raise FlowError(
            "armhf-fetch",
            f"apt-get cannot fetch {', '.join(wanted)}: {(errors or ['it does not say why'])[-1]}",
            str(log),
            "mend what it names: the network, or APT sources that offer armhf; then run it again",
            MORE,
        )
    # not all of the folder: of a package it may have an older version, too
    return [apt / "cache/archives" / name for name in file_names(log.read_text())]


def file_names(simulation: str) -> list[str]:
    """Names of the .deb files that `apt-get install --simulate` speaks of, in its order."""
    return [
        f"{name}_{version.replace(':', '%3a')}_{kind}.deb"
        for name, version, kind in INSTALLED.findall(simulation)
    ]


def _apt(apt: Path, log: Path, *words: str) -> int:
    environment = {**clean_environ(), "LC_ALL": "C", "APT_CONFIG": str(apt / "first.conf")}
    with log.open("a") as out:
        out.write(f"$ apt-get {' '.join(words)}\n")
        out.flush()
        try:
            return subprocess.run(
                ["apt-get", *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=APT_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            out.write(f"E: no end after {APT_SECONDS} s\n")
            return 1
