# SPDX-License-Identifier: Apache-2.0
"""Trained networks that come with the project, by name: `--model zoo:cnv_fashion`.

    python -m flows.zoo                                             # what there is
    python -m flows.zoo --run build/cnv_cifar --name cnv_cifar10    # keep a run's network

training/zoo/<name>.onnx.xz is the QONNX file (1-bit weights compress to a bit each), <name>.json
says what it is: accuracy, seed, data set, configuration, and the SHA-256 of the unpacked file.
"""

from __future__ import annotations

import argparse
import difflib
import lzma
import sys
from pathlib import Path
from typing import Any

from flows.errors import FlowError, run_main
from flows.files import read_json, replacing, sha256_of, write_json

ROOT = Path(__file__).resolve().parents[1]
ZOO = ROOT / "training" / "zoo"
CACHE = ROOT / "build" / "cache" / "zoo"
PREFIX = "zoo:"
KEPT = ("accuracy_top1", "n_test", "seed", "epochs", "config", "versions", "seconds")


def names() -> list[str]:
    """Names of the networks there are."""
    return sorted(path.name.removesuffix(".onnx.xz") for path in ZOO.glob("*.onnx.xz"))


def describe(name: str) -> dict[str, Any]:
    """What is known of a network: the contents of its JSON file.

    Raises:
        FlowError: zoo-unknown.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), 1, 0.0)
        raise FlowError(
            "zoo-unknown",
            f"no network of the zoo is called {name!r}",
            "--model",
            f"--model zoo:{near[0]}" if near else "train one: make train NET=cnv",
            "training/zoo/README.md",
        )
    found: dict[str, Any] = read_json(ZOO / f"{name}.json")
    return found


def unpack(name: str) -> Path:
    """The QONNX file of a network, unpacked once below build/.

    Raises:
        FlowError: zoo-unknown, zoo-damaged.
    """
    wanted = describe(name)["sha256"]
    path = CACHE / f"{name}.onnx"
    if not path.is_file() or sha256_of(path) != wanted:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as tmp:
            try:
                tmp.write_bytes(lzma.decompress((ZOO / f"{name}.onnx.xz").read_bytes()))
            except lzma.LZMAError:
                tmp.write_bytes(b"")
            if sha256_of(tmp) != wanted:
                raise FlowError(
                    "zoo-damaged",
                    f"{name}.onnx.xz is not the file that {name}.json describes",
                    str(ZOO),
                    "get it again: git checkout training/zoo",
                )
    return path


def keep(run: Path, name: str) -> Path:
    """Put a run's exported network into the zoo.

    Args:
        run: folder with 00_export.onnx, 00_export.json and metrics.json.
        name: of the network.

    Returns:
        The compressed file.

    Raises:
        FlowError: zoo-run (it was not trained and exported).
    """
    model, report, metrics = (run / f for f in ("00_export.onnx", "00_export.json", "metrics.json"))
    for path in (model, report, metrics):
        if not path.is_file():
            raise FlowError(
                "zoo-run",
                f"{path.name} is not there: only trained networks with a proved export are kept",
                str(run),
                f"make train export RUN={run}",
            )
    ZOO.mkdir(exist_ok=True)
    target = ZOO / f"{name}.onnx.xz"
    with replacing(target) as tmp:
        tmp.write_bytes(lzma.compress(model.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    trained, proved = read_json(metrics), read_json(report)
    table = {key: trained[key] for key in KEPT if key in trained}
    table |= {"images_equal": proved["equal_labels"], "images": proved["images"]}
    write_json(ZOO / f"{name}.json", {**table, "sha256": sha256_of(model)})
    return target


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m flows.zoo", description=__doc__)
    parser.add_argument("--run", type=Path, help="run whose network is kept")
    parser.add_argument("--name", help="its name")
    args = parser.parse_args()
    if args.run and args.name:
        print(f"{keep(args.run, args.name)}: {PREFIX}{args.name}")
        return
    for name in names():
        about = describe(name)
        data = about.get("config", {}).get("data", {}).get("name", "?")
        print(f"{PREFIX}{name}: {about['accuracy_top1']:.2%} of {about['n_test']:,} ({data})")


if __name__ == "__main__":
    sys.exit(run_main(_main))
