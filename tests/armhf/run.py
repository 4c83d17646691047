# SPDX-License-Identifier: Apache-2.0
"""The driver under 32-bit ARM emulation and natively: every byte that it gives must be equal.

    python -m tests.armhf.run [--run build/demo]     # `make test-armhf`

Makes build/armhf (root.py) when it is not there. In the run's deploy folder it starts the shipped
`bnnflow_host`: its selftest with the NumPy back end, then probe.py, by both Pythons. Then the
driver of hw/host computes networks that have every kind of layer. SEED repeats a run.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

from flows.errors import FlowError, run_main
from tests.armhf.apt import MORE
from tests.armhf.pair import Pair
from tests.armhf.root import Armhf, prepare

HOST = Path(__file__).resolve().parents[2] / "hw" / "host"
IMAGES = 300  # random ones
BYTES = 4096  # random ones, for packing


def deploy_folder(run: Path) -> Path:
    """The run's deploy folder; made when the run is compiled and has none yet.

    Raises:
        FlowError: armhf-run, when there is no compiled network; those of flows.deploy.
    """
    folder = run / "deploy"
    if folder.is_dir():
        return folder
    if not (run / "07_top" / "top.json").is_file():
        raise FlowError(
            "armhf-run",
            f"{run} has neither a deploy folder nor a compiled network",
            str(run),
            "make demo deploy RUN=build/demo, or name another run: make test-armhf RUN=...",
            MORE,
        )
    from flows.deploy import deploy

    return deploy(run, run.resolve().name)


def bit_of(folder: Path) -> Path:
    """Path of a deploy folder's .bit, which need not exist, by the description beside it.

    Raises:
        FlowError: armhf-run, when the folder is not whole; armhf-old, when its driver is not the
            one of hw/host, which probe.py knows.
    """
    for vectors in sorted(folder.glob("*_vectors.npz")):
        bit = vectors.with_name(vectors.name.removesuffix("_vectors.npz") + ".bit")
        if not bit.with_suffix(".json").is_file() or not (folder / "bnnflow_host").is_dir():
            continue
        ours, theirs = (_sources(place) for place in (HOST, folder))
        if ours != theirs:
            odd = sorted(n for n in {*ours, *theirs} if ours.get(n) != theirs.get(n))
            raise FlowError(
                "armhf-old",
                f"{folder} ships another driver than hw/host: {', '.join(odd)} differ",
                str(folder / "bnnflow_host"),
                f"make deploy RUN={folder.parent}",
                MORE,
            )
        return bit
    raise FlowError(
        "armhf-run",
        f"{folder} holds no driver with a description and vectors",
        str(folder),
        f"make deploy RUN={folder.parent}",
        MORE,
    )


def write_inputs(bit: Path, path: Path, seed: int, images: int) -> None:
    """What both runs are fed: the packaged vectors, random images like them, random bytes."""
    with np.load(bit.with_name(bit.stem + "_vectors.npz")) as entries:
        vectors = entries["images"]
    draw = np.random.default_rng(seed)
    high = 256 if vectors.max(initial=0) > 1 else 2
    drawn = draw.integers(0, high, (images, *vectors.shape[1:])).astype(vectors.dtype)
    data = draw.integers(0, 256, BYTES, dtype=np.uint8)
    np.savez(path, vectors=vectors, random=drawn, bytes=data)


def check_folder(
    folder: Path, armhf: Armhf, work: Path, seed: int, images: int = IMAGES
) -> dict[str, Any]:
    """Selftest and probe.py with the driver of a deploy folder, by both Pythons.

    Args:
        folder: the deploy folder; nothing is written into it.
        armhf: the emulated Python.
        work: folder for inputs and outcomes; made when absent.
        seed: of random images and bytes.
        images: how many random ones.

    Returns:
        selftest (what it prints), arrays, bytes (how many were compared), about (see Pair.probe).

    Raises:
        FlowError: those of bit_of().
        CheckFailed: those of Pair.
    """
    bit = bit_of(folder).resolve()
    pair = Pair(armhf, work, folder)
    said = pair.selftest(bit)
    inputs = pair.work / "inputs.npz"
    write_inputs(bit, inputs, seed, images)
    found = pair.probe({"bit": str(bit), "inputs": str(inputs), "seed": seed})
    return {"selftest": said, **_sizes(*found)}


def check_layers(armhf: Armhf, work: Path, seed: int) -> dict[str, Any]:
    """Networks that have every kind of layer between them, with the driver of hw/host.

    Args, Returns, Raises:
        As check_folder(), without selftest; kinds (of layers).
    """
    from tests.armhf.networks import write_networks  # needs the compiler

    pair = Pair(armhf, work, HOST)
    paths, kinds = write_networks(pair.work, seed)
    found = pair.probe({"networks": [str(path) for path in paths], "seed": seed})
    return {"kinds": kinds, **_sizes(*found)}


def _sizes(arrays: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    total = sum(array.nbytes for array in arrays.values())
    return {"arrays": len(arrays), "bytes": total, "about": about}


def _sources(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (folder / "bnnflow_host").glob("*.py")}


def report(title: str, found: dict[str, Any]) -> None:
    """Print what was compared, and by what."""
    print(f"{title}: {found['arrays']} arrays, {found['bytes']} bytes, every byte equal")
    for side, about in found["about"].items():
        seconds, bits = about["seconds"], about["pointer_bits"]
        name = f"{about['machine']}, {bits} bits, Python {about['python']}, NumPy {about['numpy']}"
        print(f"  {side:7}{name}: {seconds:.1f} s")
    times = {side: about.get("times_us", {}) for side, about in found["about"].items()}
    for call, native in times["native"].items():
        emulated = times["armhf"][call]
        print(f"  {call:28}{native:10.1f} us native {emulated:10.1f} us emulated (no ARM's speed)")


def main() -> None:
    """Compare and say what was compared."""
    parser = argparse.ArgumentParser(description="the driver under 32-bit ARM emulation")
    parser.add_argument("--run", type=Path, default=Path("build/demo"))
    parser.add_argument("--images", type=int, default=IMAGES, help="random ones")
    parser.add_argument("--seed", type=int, help="default: SEED of the environment, or drawn")
    options = parser.parse_args()
    seed = options.seed
    if seed is None:
        seed = int(os.environ.get("SEED") or random.SystemRandom().getrandbits(31))
    folder = deploy_folder(options.run)
    bit_of(folder)  # before anything is fetched
    armhf = prepare()
    print(f"armhf: Python {armhf.python}, NumPy {armhf.numpy}, qemu {armhf.qemu}; SEED={seed}")
    work = armhf.folder / "work"
    found = check_folder(folder, armhf, work / "deploy", seed, options.images)
    print(found["selftest"])
    report(f"{folder}, {options.images} random images", found)
    layers = check_layers(armhf, work / "layers", seed)
    report(f"hw/host, layers {', '.join(layers['kinds'])}", layers)


if __name__ == "__main__":
    sys.exit(run_main(main))
