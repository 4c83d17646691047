# SPDX-License-Identifier: Apache-2.0
"""Running the commands of setup: a log file, a line that lives, and errors one can act on.

Standard library only, and no newer Python than 3.8: it runs before Python's version is known.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from flows.errors import FlowError

MORE = 'CONTRIBUTING.md, "The environment"'
DROPPED = (
    *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PIP_TARGET"),
    *("PIP_PREFIX", "PIP_ROOT", "PIP_REQUIREMENT", "PIP_NO_DEPS", "PIP_REQUIRE_VIRTUALENV"),
)
ADVICE = (  # what a failed command printed -> the way out
    ("no space left", "free some space, then run the same command: it goes on where it was"),
    (
        "no matching distribution",
        "see with `pip config list` which registry pip asks; it must serve this version",
    ),
    ("name resolution", "check the network, then run the same command: it goes on where it was"),
    ("connection", "check the network, then run the same command: it goes on where it was"),
    ("certificate", "point PIP_CERT at the certificates of your network"),
)


def clean_environ() -> dict[str, str]:
    """This process's environment less what another environment may have left in it."""
    env = {k: v for k, v in os.environ.items() if k not in DROPPED}
    env.update(PIP_USER="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    env.update(PYTHONNOUSERSITE="1", LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
    return env


class Steps:
    """Numbered steps: one line each on the screen, everything in the log file.

    Args:
        log: the file; what an earlier run left in it is replaced.
        total: how many steps there will be.
    """

    def __init__(self, log: Path, total: int) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log, self.total, self.number, self.title = log, total, 0, ""
        self._file = log.open("w", buffering=1, encoding="utf-8", errors="replace")
        self._start = self._step_start = time.monotonic()
        self._live = sys.stdout.isatty()

    def begin(self, title: str) -> None:
        """End the step before, if any, and start the next one."""
        self.end()
        self.number, self.title, self._step_start = self.number + 1, title, time.monotonic()
        self._file.write(f"== step {self.number}/{self.total}: {title}\n")
        if not self._live:
            print(f"  [{self.number}/{self.total}] {title} ...", flush=True)

    def end(self) -> None:
        """Print the time that the step took."""
        if self.title:
            mark = f"  [{self.number}/{self.total}] {self.title}"
            self._show(f"{mark:58s} {time.monotonic() - self._step_start:5.0f} s", last=True)
        self.title = ""

    def note(self, text: str) -> None:
        """A line for the screen and the log."""
        self._file.write(text + "\n")
        self._show("  " + text, last=True)

    def run(self, command: list[str], cwd: Path | None = None, check: bool = True) -> bool:
        """Run a command with its output in the log; its last line is shown while it runs.

        Returns:
            Whether it exited with 0.

        Raises:
            FlowError: setup-step, when `check` is set and it did not.
        """
        self._file.write("$ " + " ".join(command) + "\n")
        self._file.flush()
        tail: list[str] = []
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=clean_environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert child.stdout is not None
        try:
            for line in child.stdout:
                self._file.write(line)
                if line.strip():
                    tail = [*tail[-5:], line.rstrip()]
                    self._show(f"  [{self.number}/{self.total}] {self.title}: {line.strip()}")
        except BaseException:
            child.terminate()
            child.wait()
            raise
        code = child.wait()
        self._file.flush()
        if code and check:
            self._fail(command, code, tail)
        return code == 0

    def _fail(self, command: list[str], code: int, tail: list[str]) -> None:
        self._show("", last=True)
        for line in tail:
            print(f"  | {line[:200]}", file=sys.stderr)
        text = "\n".join(tail).lower()
        hint = next(
            (way for sign, way in ADVICE if sign in text), f"read {self.log}, then: make setup"
        )
        raise FlowError(
            "setup-step",
            f"step {self.number} of {self.total} ({self.title}) ended with exit code {code}",
            f"{self.log}: $ {' '.join(command)[:160]}",
            hint,
            MORE,
        )

    def _show(self, text: str, last: bool = False) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="\n" if last else "", flush=True)
        elif last and text:
            print(text, flush=True)

    def seconds(self) -> float:
        """Time since the first step."""
        return time.monotonic() - self._start
