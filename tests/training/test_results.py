# SPDX-License-Identifier: Apache-2.0
"""Results: what is made, what is left alone, and tables that are those of the JSON files."""

from pathlib import Path

import pytest

from flows.errors import FlowError
from training import bench, results, suite, tabulate
from training.config import to_table
from training.suite import Entry
from training.train import Machine


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(suite, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(tabulate, "RESULTS", tmp_path / "results")
    page = tmp_path / "README.md"
    page.write_text(f"{tabulate.BEGIN}\n{tabulate.END}\n")
    monkeypatch.setattr(tabulate, "PAGE", page)
    return tmp_path


def entry(name: str = "tiny", epochs: int = 2, **more: dict) -> Entry:
    table = {
        "data": {"name": "custom", "validation": 16},
        "model": {"hidden": [5], "in_features": 25, "classes": 3},
        "train": {"epochs": epochs, "batch": 16, "keep": "best"},
    }
    return Entry(name, suite.merged(table, more), (1, 2))


def test_runs_are_made_once_and_again_when_their_configuration_changed(
    place: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert results.make([entry()], Machine(), tiny_data, 0) == 0
    files = sorted((place / "results").iterdir())
    assert [p.name for p in files] == ["tiny_s1.json", "tiny_s2.json"]
    stamps = [p.stat().st_mtime_ns for p in files]
    capsys.readouterr()
    assert results.make([entry()], Machine(), tiny_data, 0) == 0
    assert [p.stat().st_mtime_ns for p in files] == stamps and not capsys.readouterr().out
    assert results.make([entry(epochs=3)], Machine(), tiny_data, 0) == 0
    saved = tabulate.load()[1]
    assert saved["epochs"] == 3 and saved["seed"] == 2 and len(saved["curve"]) == 4
    assert "| 5 | irnet | 2 |" in (place / "README.md").read_text()
    assert {"commit", "hardware", "minutes", "accuracy_best", "versions"} <= set(saved)


def test_time_limit_leaves_the_rest_for_later(place: Path, tiny_data: Path) -> None:
    many = [entry("a"), entry("b")]
    assert results.make(many, Machine(), tiny_data, 1e-9) == 4
    assert results.make(many, Machine(), tiny_data, 0) == 0


def test_steps_find_the_runs_of_their_own_seed(place: Path) -> None:
    found = {e.name: e for e in suite.cpu()}
    step2 = found["tfc_fashion_s2bnn_guided_step2"].config(1)
    assert step2.ssl.teacher == str(place / "runs/tfc_fashion_s2bnn_teacher_s1")
    assert step2.train.init == str(place / "runs/tfc_fashion_s2bnn_guided_step1_s1")
    assert found["tfc_fashion_s2bnn_guided_step1"].config(1).quant.weights == "real"


def test_a_row_brings_the_steps_it_needs() -> None:
    found = [e.name for e in suite.named(suite.cpu(), "tfc_fashion_s2bnn_guided_linear")]
    steps = ("teacher", "guided_step1", "guided_step2", "guided_linear")
    assert found == [f"tfc_fashion_s2bnn_{step}" for step in steps]
    assert [e.name for e in suite.named(suite.cpu(), "tfc_fashion_ste")] == [
        "tfc_fashion_ste",
        "tfc_fashion_ste_cmim",
    ]


def test_every_entry_is_a_valid_configuration() -> None:
    for entries in (suite.cpu(), suite.gpu("cifar10"), suite.gpu("folder")):
        assert len({e.name for e in entries}) == len(entries)
        for e in entries:
            configs = [to_table(e.config(seed)) for seed in e.seeds]
            assert all(c["data"]["validation"] for c in configs)  # no choice on test images


def test_tables_tell_last_from_best_and_labels_from_none() -> None:
    def result(name: str, seed: int, last: float, best: float, **more: dict) -> dict:
        table = suite.merged(suite.cpu()[0].table, {"train": {"seed": seed}}, more)
        return {
            "name": name,
            "row": True,
            "minutes": 1.5,
            "n_train": 55000,
            "epochs": 20,
            "accuracy_last": last,
            "accuracy_best": best,
            "config": to_table(Entry(name, table, (seed,)).config(seed)),
        }

    rows = [result("a", 1, 0.80, 0.81), result("a", 2, 0.82, 0.83)]
    frozen = {"train": {"freeze": True, "init": "x"}}
    rows.append(result("sfc_s2bnn_guided_linear", 1, 0.5, 0.6, **frozen))
    text = tabulate.tables([*rows, {"row": False}])
    labelled, unlabelled = text.split(tabulate.UNLABELLED)
    assert "| ste | 2 | 81.00 ± 1.41 | 82.00 ± 1.41 | 20 | 1.5 |" in labelled
    assert "| guided | 1 | 50.00 | 60.00 |" in unlabelled
    assert tabulate.tables([]) == "No results yet."


def test_page_holds_the_tables_of_the_results() -> None:
    text = tabulate.PAGE.read_text()
    assert tabulate.page(text, tabulate.load()) == text, "make results writes them again"
    with pytest.raises(FlowError, match="results-page"):
        tabulate.page("no marks", [])


def test_bench_compares_all_methods_with_the_plain_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "IMAGES", 100)
    lines = bench.bench("resnet20", 2, 4, 2, "cpu").splitlines()
    assert lines[0].startswith("| resnet20, width 2, batch 4 |")
    table = lines[2 : lines.index("")]  # the parts of a step follow
    assert [line.split("|")[1].strip() for line in table] == [row[0] for row in bench.ROWS]
    assert "| 1.00 |" in lines[2]
