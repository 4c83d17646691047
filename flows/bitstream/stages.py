# SPDX-License-Identifier: Apache-2.0
"""Stages that can be resumed: a stage is a folder that is whole or not there, and knows its inputs.

`tools.json` beside them lists every call of a tool: version, command, seconds, log, how it ended.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.child import run_child
from flows.files import read_json, replacing, sha256_of, write_json

#: in a stage's folder: the hash of all that the stage was made from
KEY = "inputs.sha256"


@dataclass(frozen=True)
class Tool:
    """A program: its name, how to start it, and what it says of its version."""

    name: str
    path: str
    version: str


class Stages:
    """The stages of one bitstream.

    Args:
        folder: holds a folder per stage, logs/ and tools.json; it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def run(self, name: str, inputs: Mapping[str, Any], work: Callable[[Path], None]) -> Path:
        """Run a stage unless its folder was made from the same inputs.

        Args:
            name: of the stage and its folder.
            inputs: all that its result depends on; of files and folders (Path) the contents count.
            work: writes the stage's files into the folder it is given, a sibling of the final one.

        Returns:
            The stage's folder.

        Raises:
            What `work` raises; the folder is then as it was before.
        """
        folder, key = self.folder / name, digest(inputs)
        print(f"{name:<20}", end="", flush=True)
        if (folder / KEY).is_file() and (folder / KEY).read_text() == key:
            print("    up to date")
            return folder
        started = time.monotonic()
        try:
            with replacing(folder) as tmp:
                tmp.mkdir()
                work(tmp)
                (tmp / KEY).write_text(key)
        except BaseException:
            print(" failed")
            raise
        print(f" {time.monotonic() - started:6.1f} s")
        return folder

    def call(
        self,
        stage: str,
        tool: Tool,
        arguments: list[str],
        cwd: Path,
        command: list[str] | None = None,
    ) -> str:
        """Run a tool in a stage, output into logs/<stage>.log, and note the call in tools.json.

        Args:
            stage: its name.
            tool: the program.
            arguments: relative to `cwd`.
            cwd: working folder.
            command: what is started, where it is not the tool with these arguments.

        Returns:
            What it printed.

        Raises:
            FlowError: tool-failed, and as run_child says.
        """
        log = self.folder / "logs" / f"{stage}.log"
        started, ended = time.monotonic(), "failed"
        try:
            text = run_child(command or [tool.path, *arguments], log, cwd=cwd)
            ended = "done"
            return text
        except KeyboardInterrupt:
            ended = "interrupted"
            raise
        finally:
            table = self.folder / "tools.json"
            calls = read_json(table) if table.is_file() else []
            row = {"stage": stage, "tool": tool.name, "version": tool.version}
            place = stage if cwd.name.startswith(".") else cwd.name
            row |= {"folder": place, "command": shlex.join([tool.name, *arguments])}
            seconds = round(time.monotonic() - started, 2)
            calls.append({**row, "seconds": seconds, "log": f"logs/{log.name}", "ended": ended})
            write_json(table, calls)


def digest(inputs: Mapping[str, Any]) -> str:
    """One hash over names and values; of a Path, over the names and contents of its files.

    Hidden files and folders do not count: tools leave theirs (.Xil) where they run.
    """
    found = {name: _content(value) for name, value in sorted(inputs.items())}
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _content(value: Any) -> Any:
    if not isinstance(value, Path):
        return value
    if value.is_file():
        return sha256_of(value)
    files = {path.relative_to(value): path for path in value.rglob("*") if path.is_file()}
    seen = [name for name in sorted(files) if not any(p.startswith(".") for p in name.parts)]
    return {str(name): sha256_of(files[name]) for name in seen}
