# SPDX-License-Identifier: Apache-2.0
"""build/<run>/deploy: what a board, a simulation or NumPy needs to run the network.

    python -m flows.deploy --run build/demo

Holds the driver package, the description, the .hwh, the network for NumPy, test vectors with the
outputs they must give, an example, a notebook, a README and SHA256SUMS. A .bit is copied when the
run has one that fits (flows/bitstream makes it).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.bitstream.header import check_part
from flows.config import Board, load_board
from flows.deploy_network import network_arrays
from flows.errors import FlowError, run_main
from flows.files import sha256_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "hw" / "host" / "bnnflow_host"
FORMAT = 3
N_VECTORS = 512
REFERENCE_CHUNK = 16  # images: it keeps every stream of a network as int64
README = """\
# {name}: a bnnflow accelerator

On your computer, in this folder, with the board's address for BOARD (`pynq` on your network, or
192.168.2.99 on a cable of its own). The password is `xilinx`; `sudo -i` makes you root, with PYNQ's
own Python:

    scp -r . xilinx@BOARD:{name}
    ssh -t xilinx@BOARD sudo -i

Then, on the board:

    cd ~xilinx/{name} && python3 -m bnnflow_host --bit {name}.bit selftest
    python3 -m bnnflow_host --bit {name}.bit benchmark
    python3 -m bnnflow_host --bit {name}.bit classify YOURS.npy

{bit}
Without a board, `--backend numpy` gives the same outputs:

    python3 -m bnnflow_host --bit {name}.bit --backend numpy selftest

Images are uint8, shape {shape}{packed}. `example.py` shows the driver in a program,
`{name}.ipynb` in PYNQ's Jupyter (copy this folder into `jupyter_notebooks` there). Needs Python 3.8
(PYNQ's image 2.7 or newer) and NumPy, the notebook Matplotlib, too.
`sha256sum -c SHA256SUMS` checks the files. We have not run it on a board.
"""
PACKED = "; the driver takes their sign and packs it, or packs bool as it is"


def description(top: Path, model: Any, name: str, board: Board, clk_mhz: float) -> dict[str, Any]:
    """What bnnflow_host must know; its hash covers all of this and every file of the RTL.

    Args:
        top: folder of stage stitch.
        model: the folded graph.
        name: of the accelerator.
        board: where its registers are.
        clk_mhz: its clock.
    """
    table = json.loads((top / "top.json").read_text())
    ports, score = table["streams"], table["score"]
    source = model.graph.input[0].name
    shape = [int(n) for n in model.get_tensor_shape(source)[1:]]
    elements = int(np.prod(shape))
    bits = int(model.get_tensor_datatype(source).bitwidth())
    per_score = -(-score["classes"] // ports["m_axis_score"]["beats_per_frame"])
    about: dict[str, Any] = {"format": FORMAT, "name": name, "clk_mhz": clk_mhz, "base": board.base}
    about |= {"elements": elements, "shape": shape, "classes": score["classes"]}
    per_beat = elements // ports["s_axis"]["beats_per_frame"]
    about["input"] = _stream(ports["s_axis"], per_beat, bits, False)
    about["binarize"] = table.get("binarize")
    about["interval"] = table["cycles_per_frame"]
    label_bits = max(1, (score["classes"] - 1).bit_length())
    about["label"] = _stream(ports["m_axis_label"], 1, label_bits, False)
    about["score"] = _stream(ports["m_axis_score"], per_score, score["bits"], score["signed"])
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for file in sorted(top.iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return {**about, "hash": digest.hexdigest()[:16]}


def _stream(port: dict[str, int], per_beat: int, bits: int, signed: bool) -> dict[str, Any]:
    beats = {"beats": port["beats_per_frame"], "beat_bytes": port["bytes"]}
    return {**beats, "per_beat": per_beat, "bits": bits, "signed": signed}


def vectors(model: Any, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Images in the accelerator's order, and what the integer reference gives for them.

    Args:
        model: the folded graph.
        images: shape (N, n), maps channel by channel.

    Returns:
        images (N, n) or (N, rows, columns, channels), labels (N,), scores (N, classes).
    """
    from flows.generate import streams_of
    from flows.reference import as_fed, run_reference

    tensors = {stream.prefix: stream.tensor for stream in streams_of(model)}
    shape = tuple(model.get_tensor_shape(tensors["s_axis"]))
    scores, labels = [], []
    for start in range(0, len(images), REFERENCE_CHUNK):
        values = run_reference(model, images[start : start + REFERENCE_CHUNK])
        found = values[tensors["m_axis_score"]]
        scores.append(found.reshape(len(found), -1).astype(np.int64))
        labels.append(values[tensors["m_axis_label"]].reshape(-1).astype(np.int64))
    about = {"labels": np.concatenate(labels), "scores": np.concatenate(scores)}
    return {"images": as_fed(images, shape), **about}


def test_images(
    spec: str, elements: int, binary: bool, data: Path | None = None
) -> NDArray[np.uint8]:
    """The first images of the run's data set, or random ones where it is not here."""
    from flows.images import load_images

    try:
        return load_images(spec, elements, binary, 1, data).images[:N_VECTORS]
    except FlowError:
        return load_images(f"random:{N_VECTORS}", elements, binary, 1).images


def write_package(
    out: Path,
    name: str,
    top: Path,
    model: Any,
    board: Board,
    clk_mhz: float,
    images: str,
    bit: Path,
    data: Path | None = None,
) -> None:
    """Write a deploy folder anew, whole or not at all.

    Args:
        out: the folder.
        name: of the files.
        top: folder of stage stitch.
        model: the folded graph.
        board: its part, and where the registers are.
        clk_mhz: of the accelerator.
        images: as flows.build's --images.
        bit: copied when it is there.
        data: as flows.build's --data.

    Raises:
        FlowError: deploy-op.
    """
    new = out.with_name(out.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(PACKAGE, new / "bnnflow_host", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PACKAGE.parent / "example.py", new)
    notebook = (PACKAGE.parent / "notebook.ipynb").read_text().replace("NETWORK", name)
    (new / f"{name}.ipynb").write_text(notebook)
    about = description(top, model, name, board, clk_mhz)
    (new / f"{name}.json").write_text(json.dumps(about, indent=2) + "\n")
    _save(new / f"{name}.npz", network_arrays(model))
    binary = about["input"]["bits"] == 1 and about["binarize"] is None
    chosen = test_images(images, about["elements"], binary, data)
    _save(new / f"{name}_vectors.npz", vectors(model, chosen))
    (new / f"{name}.hwh").write_text(_hwh(name, board, clk_mhz))
    if bit.is_file():
        shutil.copy(bit, new)
    said = (
        "" if bit.is_file() else "There is no .bit here yet: the commands for the board need one.\n"
    )
    shape = ", ".join(["N", *map(str, about["shape"])])
    fields = {"name": name, "bit": said, "shape": f"({shape})"}
    fields["packed"] = PACKED if about["binarize"] else ""
    (new / "README.md").write_text(README.format(**fields))
    files = sorted(p for p in new.rglob("*") if p.is_file())
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(new)}\n" for p in files]
    (new / "SHA256SUMS").write_text("".join(sums))
    shutil.rmtree(out, ignore_errors=True)
    new.rename(out)


def _save(path: Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def deploy(run: Path, name: str) -> Path:
    """Write `run`/deploy anew.

    Raises:
        FlowError: deploy-run, when the run has no stitched top; deploy-op; bit-stale.
        CheckFailed: bit-header, bit-part.
    """
    from qonnx.core.modelwrapper import ModelWrapper

    import flows.ops  # noqa: F401  (registers our ops)

    top, graph = run / "07_top", run / "05_fold.onnx"
    if not (top / "top.json").is_file() or not graph.is_file():
        raise FlowError(
            "deploy-run",
            "there is no compiled network",
            str(run),
            f"make build RUN={run}, or make demo",
        )
    flow = json.loads((run / "flow.json").read_text())
    board: Board = load_board(flow.get("board") or "pynq-z1")
    clk_mhz = float(flow.get("clk_mhz") or board.clk_mhz)
    images = flow.get("images") or f"random:{N_VECTORS}"
    out, model, bit = run / "deploy", ModelWrapper(str(graph)), run / f"{name}.bit"
    if bit.is_file():
        check_bit(bit, board.part, description(top, model, name, board, clk_mhz)["hash"])
    data = Path(flow["data"]) if flow.get("data") else None
    write_package(out, name, top, model, board, clk_mhz, images, bit, data)
    return out


def check_bit(bit: Path, part: str, config_hash: str) -> None:
    """Refuse a bitstream that the board cannot load, or that is of another network.

    Args:
        bit: the file; bitstream.json beside it says what it was made from, if it is of this file.
        part: of the board.
        config_hash: of the description.

    Raises:
        CheckFailed: bit-header, bit-part.
        FlowError: bit-stale.
    """
    check_part(bit, part)
    made = bit.with_name("bitstream.json")
    about = json.loads(made.read_text()) if made.is_file() else {}
    if about.get("sha256") == sha256_of(bit) and about["config_hash"] != config_hash:
        raise FlowError(
            "bit-stale",
            f"{bit.name} was made from another network than the run's now",
            str(bit),
            f"make bitstream RUN={bit.parent}, or remove the file",
        )


def _hwh(name: str, board: Board, clk_mhz: float) -> str:
    sys.path.insert(0, str(PACKAGE.parent))
    from bnnflow_host.hwh import hwh_text

    return hwh_text(name, board.part, board.base, clk_mhz)


def main() -> None:
    """Write the deploy folder of a run."""
    parser = argparse.ArgumentParser(description="write build/<run>/deploy")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--name", help="of the files; the run's name where not given")
    options = parser.parse_args()
    out = deploy(options.run, options.name or options.run.resolve().name)
    print(f"{out}: {sum(1 for p in out.rglob('*') if p.is_file())} files; no board was used")


if __name__ == "__main__":
    sys.exit(run_main(main))
