# SPDX-License-Identifier: Apache-2.0
"""The tables of training/README.md, generated from training/results/*.json."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from flows.errors import FlowError
from flows.files import read_json, write_atomic

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "results", HERE / "README.md"
BEGIN, END = "<!-- results: begin, by make results -->", "<!-- results: end -->"
SUPERVISED = "With labels"
UNLABELLED = "Without labels: linear evaluation of frozen features"

# Published top-1 on CIFAR-10 with 1-bit weights and activations: best epoch on the test images.
PAPERS = {
    ("vgg-small", "irnet"): "90.4 (IR-Net's page)",
    ("vgg-small", "adabin"): "92.3 (AdaBin's page)",
    ("resnet20", "irnet"): "86.5 (IR-Net's page)",
    ("resnet20", "adabin"): "88.1 (AdaBin's page)",
    ("resnet18", "irnet"): "91.5 (IR-Net's page)",
    ("resnet18", "adabin"): "93.1 (later paper)",
}


def load() -> list[dict[str, Any]]:
    """All results, in the order of their names."""
    return [read_json(path) for path in sorted(RESULTS.glob("*.json"))]


def spread(values: list[float]) -> str:
    """Mean and, of more than one, sample standard deviation, in percent."""
    mean = f"{100 * statistics.mean(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ± {100 * statistics.stdev(values):.2f}"


def _method(config: dict[str, Any]) -> str:
    name = str(config["quant"]["method"])
    if config["cmim"]["weight"]:
        name += f" + CMIM {config['cmim']['weight']:g}"
    if config["distill"]["weight"]:
        name += " + soft targets"
    return name


def _network(config: dict[str, Any]) -> str:
    model = config["model"]
    if model["network"] == "mlp":
        return "-".join(map(str, model["hidden"]))
    return f"{model['network']}, width {model['width']}" if model["width"] else model["network"]


def _images(config: dict[str, Any], result: dict[str, Any]) -> str:
    name = {"folder": "CIFAR-10 (JPEG)"}.get(config["data"]["name"], config["data"]["name"])
    return f"{name}, {result['n_train']:,}"


def _paper(config: dict[str, Any]) -> str:
    cifar10 = config["data"]["name"] in ("cifar10", "folder")
    plain = not config["cmim"]["weight"] and not config["model"]["width"]
    key = (config["model"]["network"], config["quant"]["method"])
    return PAPERS.get(key, "") if cifar10 and plain else ""


def tables(results: list[dict[str, Any]]) -> str:
    """The tables as Markdown, supervised and label-free apart; rows with seeds together."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        if result["row"]:
            groups.setdefault(result["name"], []).append(result)
    parts = []
    for title, frozen in ((SUPERVISED, False), (UNLABELLED, True)):
        rows = [g for g in groups.values() if g[0]["config"]["train"]["freeze"] == frozen]
        if rows:
            parts.append("\n".join([f"{title}:", "", *_rows(rows, frozen)]))
    return "\n\n".join(parts) if parts else "No results yet."


def _rows(groups: list[list[dict[str, Any]]], frozen: bool) -> list[str]:
    head = "variant" if frozen else "method"
    lines = [
        f"| images, trained on | network | {head} | seeds | last epoch | best epoch | epochs | "
        "minutes | reported |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for group in groups:
        config = group[0]["config"]
        best = [r["accuracy_best"] for r in group if r["accuracy_best"] is not None]
        what = group[0]["name"].split("_s2bnn_")[-1] if frozen else _method(config)
        cells = [
            _images(config, group[0]),
            _network(config),
            what.removesuffix("_linear"),
            str(len(group)),
            spread([r["accuracy_last"] for r in group]),
            spread(best) if best else "",
            str(group[0]["epochs"]),
            f"{statistics.mean(r['minutes'] for r in group):.1f}",
            _paper(config),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page(text: str, results: list[dict[str, Any]]) -> str:
    """The page with its tables replaced.

    Raises:
        FlowError: results-page (the page lost its marks).
    """
    if BEGIN not in text or END not in text:
        raise FlowError(
            "results-page",
            "the page has no place for the tables",
            str(PAGE),
            f"put the lines {BEGIN} and {END} back",
        )
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables(results)}\n{END}{rest.partition(END)[2]}"


def write_tables() -> str:
    """Write the tables into training/README.md.

    Returns:
        What was written, in words.
    """
    results = load()
    write_atomic(PAGE, page(PAGE.read_text(), results))
    return f"{PAGE}: {len(results)} runs tabulated"
