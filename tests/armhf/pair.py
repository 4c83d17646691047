# SPDX-License-Identifier: Apache-2.0
"""The same work by this machine's Python and by the emulated one, and the first difference."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.env.shell import clean_environ
from flows.errors import CheckFailed
from tests.armhf.apt import MORE
from tests.armhf.root import FOLDER, Armhf

PROBE = Path(__file__).resolve().with_name("probe.py")
SECONDS = 3600  # of one emulated run
Arrays = dict[str, NDArray[Any]]


class Pair:
    """The two Pythons, and a folder for what they give.

    Args:
        armhf: the emulated one.
        work: the folder; made when absent.
        package: folder that holds the bnnflow_host to run.
    """

    def __init__(self, armhf: Armhf, work: Path, package: Path) -> None:
        self._commands = {"native": [sys.executable], "armhf": armhf.command()}
        self._package, self.work = package.resolve(), work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self._cache = armhf.folder / "pycache"

    def _start(self, side: str, *arguments: str) -> str:
        """Run one of them in the package's folder, which stays as it is; returns its stdout.

        Raises:
            CheckFailed: armhf-run, when it does not exit with 0.
        """
        environment = {**clean_environ(), "PYTHONPATH": str(self._package)}
        # bytecode: NumPy's is worth keeping where Python is slow, none may go into the package
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(self._cache / side)
        command = [*self._commands[side], *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self._package,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CheckFailed(
                "armhf-run",
                f"the {side} run had no end after {SECONDS} s",
                f"{self._package}: {' '.join(arguments)}",
                "a smaller network; emulation takes some 50 times as long as this machine",
                MORE,
            ) from error
        log = self.work / f"{side}.log"
        log.write_text(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()
            first = next((line for line in said if line.startswith(("error", "failed"))), said[-1])
            raise CheckFailed(
                "armhf-run",
                f"the {side} run ended with exit code {done.returncode}: {first}",
                f"{self._package}, {log}",
                "read the log; if only armhf fails, the driver counts on 64 bits somewhere",
                MORE,
            )
        return done.stdout

    def selftest(self, bit: Path) -> str:
        """The packaged vectors by both, as a user would; returns what both print."""
        line = ("-m", "bnnflow_host", "--bit", str(bit.resolve()), "--backend", "numpy", "selftest")
        native, armhf = (self._start(side, *line) for side in ("native", "armhf"))
        if native != armhf:
            raise CheckFailed(
                "armhf-differs",
                f"selftest: native prints {native.strip()!r}, armhf {armhf.strip()!r}",
                str(self._package),
                "run it by hand; see the logs beside",
                MORE,
            )
        return armhf.strip()

    def probe(self, job: dict[str, Any]) -> tuple[Arrays, dict[str, dict[str, Any]]]:
        """probe.py by both; compares all that it gives.

        Args:
            job: see probe.py.

        Returns:
            The arrays, and of "native" and "armhf" the versions and times.

        Raises:
            CheckFailed: armhf-run, armhf-bits (not the Python that it should be), armhf-differs.
        """
        (self.work / "job.json").write_text(json.dumps(job))
        found, about = {}, {}
        for side in self._commands:
            out = self.work / f"{side}.npz"
            out.unlink(missing_ok=True)
            begin = time.monotonic()
            self._start(side, str(PROBE), str(self.work / "job.json"), str(out))
            found[side], about[side] = load(out)
            about[side]["seconds"] = time.monotonic() - begin
            if Path(about[side]["driver"]) != self._package / "bnnflow_host":
                raise AssertionError(f"{side} took the driver of {about[side]['driver']}")
        bits, machine = about["armhf"]["pointer_bits"], about["armhf"]["machine"]
        if bits != 32 or not machine.startswith("arm"):
            raise CheckFailed(
                "armhf-bits",
                f"the emulated Python is a {machine} of {bits} bits, not a 32-bit ARM",
                str(FOLDER),
                "rm -r build/armhf, then run it again",
                MORE,
            )
        difference = first_difference(found["native"], found["armhf"])
        if difference:
            raise CheckFailed(
                "armhf-differs",
                difference,
                f"{self.work}: native.npz, armhf.npz",
                f"rerun with SEED={job['seed']}; look for a type whose size the machine chooses"
                " (np.int_, np.intp)",
                MORE,
            )
        return found["native"], about


def load(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """What probe.py wrote: arrays by name, and versions with times."""
    with np.load(path) as entries:
        table = json.loads(str(entries["table"]))
        return {name: entries[str(i)] for i, name in enumerate(table["names"])}, table["about"]


def first_difference(native: Arrays, armhf: Arrays) -> str:
    """Where two outcomes differ: names, types, shapes, then bytes; "" where they do not."""
    if list(native) != list(armhf):
        odd = next((n for n in [*native, *armhf] if (n in native) != (n in armhf)), "the order")
        return f"not the same arrays: {odd}"
    for name, want in native.items():
        got = armhf[name]
        if (want.dtype.str, want.shape) != (got.dtype.str, got.shape):
            kinds = f"native {want.dtype} {want.shape}, armhf {got.dtype} {got.shape}"
            return f"{name}: {kinds}" + (f": {want} / {got}" if not want.ndim else "")
        if want.tobytes() != got.tobytes():
            pairs = zip(want.reshape(-1), got.reshape(-1), strict=True)
            wrong = [n for n, (a, b) in enumerate(pairs) if a.tobytes() != b.tobytes()]
            place = np.unravel_index(wrong[0], want.shape)
            where = "".join(f"[{n}]" for n in place)
            values = f"native {want[place]}, armhf {got[place]}"
            return f"{name}{where}: {values} ({len(wrong)} of {want.size} values differ)"
    return ""
