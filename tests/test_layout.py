# SPDX-License-Identifier: Apache-2.0
"""The rules of CONTRIBUTING.md, "Conventions", that a machine can check: names, sizes, imports.

Neither git nor network: the tree is walked, less what .gitignore names.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
IGNORED = {".git", ".venv", "build", "data", "shared", "__pycache__"}
OURS = {"hw", "training", "flows", "sim", "tests"}
LEAVES = {"flows.errors", "flows.files", "flows.env.tools"}
ALLOWED = {  # who may import what of ours, besides itself; a module or all below it
    "hw": set(),
    "training": LEAVES,
    "flows": {"training", "hw.kernels"},
    "sim": {"flows", "hw", "training"},
}
LEAF_KERNEL_MODULES = ("_ref", "_area", "recipe", "sites", "levels")  # ends of their names
SOURCES = {".py", ".sv", ".svh", ".v", ".cpp", ".hpp", ".h"}
HOSTS = ("pypi" + ".org", "python" + "hosted", "deb.deb" + "ian", "security.deb" + "ian")
HOSTS += ("archive.ub" + "untu", "download.py" + "torch", "npm" + "js", "proxy.go" + "lang")
MACHINE = re.compile(r"(?<![\w.$}<])/(?:work|root|tmp|home/\w+)(?=[/\s\"'`]|$)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"(?:^ {4,}(?:\$ *)?|`|&& )make((?: +[a-z][\w<>-]*)+)", re.MULTILINE)


def walk(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.name in IGNORED or path.name.endswith("_cache") or path.name == ".hypothesis":
            continue
        found += walk(path) if path.is_dir() else [path]
    return found


FILES = walk(ROOT)
READMES = [f for f in FILES if f.suffix == ".md"]
KERNELS = sorted((ROOT / "hw/kernels").glob("*.sv"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    return path.read_text(errors="replace")


def catalogue() -> dict[str, str]:
    """Rows of the tables of hw/README.md by the name in their first cell."""
    page = ROOT / "hw/README.md"
    text = text_of(page) if page.exists() else ""
    return {m[1]: m[0] for m in re.finditer(r"^\| *`?(\w+)`? *\|.*$", text, re.MULTILINE)}


def parts() -> set[str]:
    """What the paragraph "Parts of the above: ..." below the table names."""
    page = ROOT / "hw/README.md"
    text = text_of(page) if page.exists() else ""
    found = re.search(r"^Parts of the above: (.*?)(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`(\w+)`", found[1])) if found else set()


@pytest.mark.parametrize("source", KERNELS, ids=lambda p: p.stem)
def test_one_name_per_kernel(source: Path) -> None:
    """A kernel has a specification, a test and a row; a part has a kernel that uses it."""
    name = source.stem
    assert re.match(r"(bnn|axis)_\w+$", name), "kernels begin with bnn_ or axis_"
    assert re.search(rf"^module {name}\b", text_of(source), re.MULTILINE), "module = file name"
    if name in parts():
        use = re.compile(rf"^\s*{name}\s*(?:#\s*\(|\w+\s*\()", re.MULTILINE)
        assert any(use.search(text_of(k)) for k in KERNELS if k != source), "nobody instantiates it"
        return
    assert name in catalogue(), f"hw/README.md has no row for {name}, nor is it in 'Parts of'"
    for companion in (source.with_name(f"{name}_ref.py"), ROOT / f"sim/test_{name}.py"):
        assert companion.exists(), f"{name_of(companion)} is missing "


def test_no_orphans() -> None:
    """No row and no specification of a kernel that is not there."""
    kernels = {k.stem for k in KERNELS}
    named = {n for n in {*catalogue(), *parts()} if n.startswith(("bnn_", "axis_"))}
    named |= {p.stem.removesuffix("_ref") for p in (ROOT / "hw/kernels").glob("*_ref.py")}
    assert named <= kernels


def test_each_transform_has_its_test_and_class() -> None:
    wrong = []
    for source in (ROOT / "flows/transforms").glob("*.py"):
        classes = re.findall(r"^class (\w+)\(\w*Transformation\)", text_of(source), re.MULTILINE)
        if classes:
            if not (ROOT / f"tests/flows/test_{source.stem}.py").exists():
                wrong.append(f"{source.stem} has no tests/flows/test_{source.stem}.py")
            wanted = source.stem.replace("_", "")
            if [c.lower() for c in classes if not c.startswith("_")] != [wanted]:
                wrong.append(f"{source.stem}: its one class is named like it, not {classes}")
    assert not wrong


def limit(path: Path) -> int:
    if path.suffix in {".sv", ".svh", ".v"}:
        return 250
    tests = path.relative_to(ROOT).parts[0] == "tests" or path.name.startswith("test_")
    return 250 if tests else 300


def test_sizes() -> None:
    long = []
    for path in (f for f in FILES if f.suffix in SOURCES):
        lines = text_of(path).count("\n")
        if lines >= limit(path):
            long.append(f"{name_of(path)}: {lines} lines, the limit is {limit(path)}")
    assert not long


def test_every_source_has_its_spdx_line() -> None:
    sources = [f for f in FILES if f.suffix in SOURCES and f.stat().st_size]
    sources += [ROOT / "Makefile", ROOT / ".ci/run"]
    line = "SPDX-License-Identifier: Apache-2.0"
    assert [name_of(f) for f in sources if line not in text_of(f)[:200]] == []


def test_top_folders_have_a_readme() -> None:
    tops = {f.relative_to(ROOT).parts[0] for f in FILES if len(f.relative_to(ROOT).parts) > 1}
    shown = {t for t in tops if not t.startswith(".")}
    assert [t for t in sorted(shown) if not (ROOT / t / "README.md").exists()] == []


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z%-]*):", text_of(ROOT / "Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", READMES, ids=name_of)
def test_make_targets_that_are_mentioned_exist(page: Path) -> None:
    known = targets()
    text = FENCED.sub(lambda m: m[0].replace("\n", "\n    "), text_of(page))
    mentioned = {word for words in MAKE.findall(text) for word in words.split()}
    assert {t for t in mentioned if not t.startswith("sim-")} <= known
    kernels = {t.removeprefix("sim-") for t in mentioned if t.startswith("sim-")}
    shown = {k for k in kernels if not k.startswith("<") and not k.endswith("_x")}  # placeholders
    assert [k for k in shown if not (ROOT / f"sim/test_{k}.py").exists()] == []


@pytest.mark.parametrize("page", READMES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(page))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    dead = [link for link in local if not (page.parent / link).exists()]
    assert [link for link in dead if not link.startswith("build/")] == []


def test_no_machine_paths_and_no_registry_hosts() -> None:
    found = []
    for path in FILES:
        if path.name == "LICENSE" or b"\0" in path.read_bytes()[:1024]:
            continue
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if MACHINE.search(line) or any(host in line for host in HOSTS):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:80]}")
    assert not [f for f in found if not f.startswith("tests/test_layout.py")]


def imports(path: Path) -> set[str]:
    """Modules of ours that a file imports, wherever in the file; from a import b gives a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in OURS}


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_import_rules(folder: str) -> None:
    """Data flows one way: hw <- flows -> training, and nobody imports sim or tests."""
    wrong = []
    for path in (f for f in walk(ROOT / folder) if f.suffix == ".py"):
        for name in imports(path):
            top, inside = name.split(".")[0], f"{name}."
            if top != folder and not any(inside.startswith(f"{a}.") for a in ALLOWED[folder]):
                wrong.append(f"{name_of(path)} imports {name}")
            kernel = re.match(r"hw\.kernels\.(\w+)", name)
            if folder == "flows" and kernel and not kernel[1].endswith(LEAF_KERNEL_MODULES):
                wrong.append(
                    f"{name_of(path)} imports {name}: only *_ref, *_area, recipe, sites, levels are"
                )
    assert wrong == []
