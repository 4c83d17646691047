# SPDX-License-Identifier: Apache-2.0
"""One source for the registers: the generated files are its, and mistakes in it are refused."""

from pathlib import Path

import pytest

from hw.system import registers


def test_generated_files_are_not_stale() -> None:
    old = registers.stale(registers.load_map())
    assert not old, f"python -m hw.system.registers writes {[p.name for p in old]} again"


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("offset = 0x24", "offset = 0x20", "same offset"),
        ("offset = 0x24", "offset = 0x26", "offset 0x26"),
        ('name = "DESTINATION"', 'name = "SOURCE"', "same name"),
        ('access = "w1c"', 'access = "w0c"', "none of"),
        ('name = "ERROR"\nbit = 1', 'name = "ERROR"\nbit = 0', "bits"),
    ],
)
def test_mistakes_are_refused(before: str, after: str, word: str, tmp_path: Path) -> None:
    text = registers.SOURCE.read_text()
    assert before in text
    wrong = tmp_path / "registers.toml"
    wrong.write_text(text.replace(before, after))
    with pytest.raises(ValueError, match=word):
        registers.load_map(wrong)


def test_a_change_makes_all_three_stale(tmp_path: Path) -> None:
    changed = tmp_path / "registers.toml"
    text = registers.SOURCE.read_text().replace("0x54", "0x58")
    changed.write_text(text)
    assert len(registers.stale(registers.load_map(changed))) == 3


def test_driver_constants_agree_with_the_map() -> None:
    scope: dict[str, object] = {}
    table = registers.load_map()
    exec(registers.driver_text(table), scope)
    for register in table.registers:
        assert scope[register.name] == register.offset
        for field in register.fields:
            assert scope[f"{register.name}_{field.name}"] == 1 << field.bit
