# SPDX-License-Identifier: Apache-2.0
"""Run another program of ours or a tool: its log kept, its errors passed on as ours."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

from flows.errors import EXIT_CHECK, EXIT_USER, CheckFailed, FlowError

ROOT = Path(__file__).resolve().parent.parent
_FOUR_LINES = re.compile(
    r"^(?:error|failed)\[(?P<code>[\w-]+)\]: (?P<what>.*)\n  where  (?P<where>.*)\n"
    r"  try    (?P<hint>.*)(?:\n  more   (?P<more>.*))?",
    re.M,
)


def run_child(
    command: list[str], log: Path, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> str:
    """Run a command to its end, output into `log`.

    Args:
        command: program and arguments.
        log: file that gets stdout and stderr; kept when the command fails.
        cwd: working folder.
        env: variables on top of this process's.

    Returns:
        What it printed.

    Raises:
        FlowError: what the child itself said in the four lines of style.md D (exit code 2), or
            tool-failed, with the last lines and the log's place.
        CheckFailed: likewise for exit code 3.
        KeyboardInterrupt: the child was interrupted; it is gone when this returns.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **(env or {})}
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    text = log.read_text(errors="replace")
    if code == 0:
        return text
    if code in (-signal.SIGINT, 130):
        raise KeyboardInterrupt
    said = _FOUR_LINES.search(text)
    if said is not None and code in (EXIT_USER, EXIT_CHECK):
        kind = CheckFailed if code == EXIT_CHECK else FlowError
        raise kind(said["code"], said["what"], said["where"], said["hint"], said["more"] or "")
    tail = [line for line in text.splitlines() if line.strip()][-3:]
    raise FlowError(
        "tool-failed",
        f"{Path(command[0]).name} ended with code {code}: {' / '.join(tail)[:600]}",
        f"{log}; command: {' '.join(' '.join(command).split())[:200]}",
        "read the log; run `make doctor` to check the tools, then the same command again",
    )
