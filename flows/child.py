# SPDX-License-Identifier: Apache-2.0
"""Run another program of ours or a tool: its log kept, its errors passed on as ours."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.errors import EXIT_CHECK, EXIT_USER, CheckFailed, FlowError

ROOT = Path(__file__).resolve().parent.parent
POLL_S = 0.02
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
    for _ in run_children([(command, log)], cwd, 1, env):
        pass
    return log.read_text(errors="replace")


def run_children(
    commands: Sequence[tuple[list[str], Path]],
    cwd: Path,
    workers: int,
    env: dict[str, str] | None = None,
) -> Iterator[int]:
    """Run several commands, some at a time.

    Args:
        commands: each with the file for what it prints.
        cwd: working folder of all.
        workers: how many at a time.
        env: variables on top of this process's.

    Yields:
        The number of each command that has ended well, as they end.

    Raises:
        FlowError, CheckFailed: as run_child; the others are gone then, as they are when the caller
            stops or is interrupted.
    """
    waiting = list(enumerate(commands))[::-1]
    running: dict[int, subprocess.Popen[bytes]] = {}
    environment = {**os.environ, **(env or {})}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                number, (command, log) = waiting.pop()
                log.parent.mkdir(parents=True, exist_ok=True)
                with log.open("wb") as out:
                    running[number] = subprocess.Popen(
                        command, cwd=cwd, env=environment, stdout=out, stderr=subprocess.STDOUT
                    )
            for number in [n for n, process in running.items() if process.poll() is not None]:
                command, log = commands[number]
                _check(command, running.pop(number).returncode, log)
                yield number
            time.sleep(POLL_S)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()


def _check(command: list[str], code: int, log: Path) -> None:
    """Pass on the error of a command that has ended."""
    if code == 0:
        return
    text = log.read_text(errors="replace")
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
