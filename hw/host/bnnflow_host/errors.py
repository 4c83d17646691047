# SPDX-License-Identifier: Apache-2.0
"""What went wrong, where, and the way out: the four lines of all bnnflow commands."""

from __future__ import annotations


class HostError(Exception):
    """Something the user can mend.

    Args:
        code: short stable key, e.g. "images-shape".
        what: one sentence with the values.
        where: file, register or argument.
        hint: the way out.
    """

    exit_code = 2
    label = "error"

    def __init__(self, code: str, what: str, where: str, hint: str) -> None:
        super().__init__(code, what, where, hint)
        self.code, self.what, self.where, self.hint = code, what, where, hint

    def __str__(self) -> str:
        return (
            f"{self.label}[{self.code}]: {self.what}\n  where  {self.where}\n  try    {self.hint}"
        )


class HostTimeout(HostError):
    """The accelerator did not finish in time."""


class HostCheckFailed(HostError):
    """Outputs are not what they must be: exit code 3."""

    exit_code = 3
    label = "failed"
