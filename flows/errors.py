# SPDX-License-Identifier: Apache-2.0
"""The one way bnnflow says that something is wrong: what, where, way out.

A leaf module (standard library only): every other part of the project may import it.

Exit codes of every command: 0 done, 2 the user can mend it (FlowError), 3 a check failed
(CheckFailed: accuracy, bits, cycles), 1 a bug of ours (the traceback is kept), 130 Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

EXIT_OK, EXIT_BUG, EXIT_USER, EXIT_CHECK, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


class FlowError(Exception):
    """A mistake the user can mend, printed as the four lines of style.md D.

    Args:
        code: short kebab-case key, stable over versions, e.g. "fold-divides".
        what: one sentence: what is wrong, with the values.
        where: file, section, node or command the user can open or change.
        hint: the way out, as something to type or to edit.
        more: a README section with the background; optional.
    """

    exit_code = EXIT_USER
    label = "error"

    def __init__(self, code: str, what: str, where: str, hint: str, more: str = "") -> None:
        super().__init__(code, what, where, hint, more)
        self.code, self.what, self.where, self.hint, self.more = code, what, where, hint, more

    def __str__(self) -> str:
        lines = [
            f"{self.label}[{self.code}]: {self.what}",
            f"  where  {self.where}",
            f"  try    {self.hint}",
        ]
        if self.more:
            lines.append(f"  more   {self.more}")
        return "\n".join(lines)


class CheckFailed(FlowError):
    """A proof or a measurement did not come out as promised: exit code 3."""

    exit_code = EXIT_CHECK
    label = "failed"


def run_main(main: Callable[[], int | None]) -> int:
    """Run a command's body and turn what it raises into the exit code documented above.

    Args:
        main: the body; its return value (None is 0) is the exit code when nothing is raised.

    Returns:
        The exit code. Bugs are not caught: Python prints the traceback and exits 1.
    """
    try:
        return main() or EXIT_OK
    except FlowError as err:
        print(err, file=sys.stderr)
        return err.exit_code
    except KeyboardInterrupt:
        print(
            "\ninterrupted: nothing half-written was kept; run the same command to go on",
            file=sys.stderr,
        )
        return EXIT_INTERRUPTED
    except OSError as err:
        if err.errno == 28:  # ENOSPC
            full = FlowError(
                "disk-full",
                "no space left on the device",
                str(err.filename or "the file being written"),
                "free some space (make clean removes build/), then run the same command again",
            )
            print(full, file=sys.stderr)
            return full.exit_code
        raise
