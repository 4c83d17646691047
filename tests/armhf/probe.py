# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: UP006, UP035 - Python 3.8 runs it, too
"""Runs the driver and writes down all that it gives; run.py starts it natively and under emulation.

    python probe.py job.json outcome.npz

Knows nothing of the repository: Python 3.8, NumPy, and the bnnflow_host that PYTHONPATH leads to.
job.json: `bit` (of a deploy folder) and `inputs` (.npz with what both runs are fed), or `networks`
(.npz files of the driver's networks). outcome.npz: arrays by number, each compared byte by byte,
and `table`: JSON with their names, versions, and the times of some calls.
"""

from __future__ import annotations

import itertools
import json
import platform
import struct
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict

import bnnflow_host
import numpy as np
from bnnflow_host import Accelerator, HostError
from bnnflow_host.description import Binarize, Description
from bnnflow_host.network import load_network
from bnnflow_host.packing import fetch, store

Arrays = Dict[str, np.ndarray]
#: values of a beat and bits of each: whole bytes and not, a value within a byte, over bytes, longer
#: than a word of 32 bits, up to the longest that fetch() takes at any place within a byte
LANES = [(1, 1), (8, 1), (13, 1), (1, 4), (3, 5), (2, 8), (1, 8), (2, 21), (5, 13), (4, 16)]
LANES += [(3, 24), (3, 31), (2, 32), (3, 33), (2, 48), (3, 57)]
FRAMES, BEATS = 6, 3


def labels_and_scores(bit: Path, inputs: Arrays, out: Arrays) -> None:
    """predict() and scores() on vectors and random images, in batches of several sizes."""
    for name, size in itertools.product(("vectors", "random"), (1024, 7)):
        images = inputs[name] if size == 1024 else inputs[name][:40]
        with Accelerator(bit, "numpy", max_batch=size) as accelerator:
            for call in (accelerator.predict, accelerator.scores):
                out[f"{call.__name__} {name} max_batch={size}"] = call(images)
                out[f"{call.__name__} {name} of none"] = call(images[:0])


def refusals(bit: Path, images: np.ndarray, out: Arrays) -> None:
    """What predict() says to images that are not what it takes, or gives for what it does."""
    wrong = {
        "floats": images.astype(np.float32),
        "int64": images.astype(np.int64),
        "too few": images.reshape(len(images), -1)[:, 1:],
        "not an array of images": images.reshape(-1),
        "0 and 255": (images > 0).astype(np.uint8) * 255,
        "bool": images > 0,
    }
    with Accelerator(bit, "numpy") as accelerator:
        for name, given in wrong.items():
            try:
                out["predict of " + name] = accelerator.predict(given)
            except HostError as error:
                out["predict of " + name] = np.array(str(error))


def of(bit: Path) -> Description:
    """The accelerator's description."""
    with Accelerator(bit, "numpy") as accelerator:
        return accelerator.about


def packing(about: Description, data: np.ndarray, out: Arrays) -> None:
    """store() and fetch() in every branch: 8 bits and 1 bit, signed and not, every kind of lane.

    Args:
        about: a description; its streams are replaced.
        data: random bytes.
        out: gets the memories and values.
    """
    for beats, (per_beat, bits) in itertools.product((1, BEATS), LANES):
        beat_bytes = (per_beat * bits + 7) // 8
        lane: Any = {"beats": beats, "beat_bytes": beat_bytes, "per_beat": per_beat, "bits": bits}
        name = f"{beats} x {per_beat} x {bits} bits"
        size = FRAMES * beats * beat_bytes
        if bits in (1, 8):
            stored(name, about._replace(input=about.input._replace(**lane)), data, out)
        for signed in (False, True):
            stream = about.score._replace(signed=signed, **lane)
            for count in sorted({1, beats * per_beat}):
                out[f"fetch {count} of {name}, signed={signed}"] = fetch(data[:size], stream, count)
            ones = np.full(size, 255, np.uint8)
            out[f"fetch ones of {name}, signed={signed}"] = fetch(ones, stream, per_beat)


def stored(name: str, about: Description, data: np.ndarray, out: Arrays) -> None:
    """store() of bytes; where the accelerator takes bits also of 0 and 1, bool, and signs."""
    stream = about.input
    n = stream.beats * stream.per_beat
    pixels, last = data[: FRAMES * n].reshape(FRAMES, n), data[-n:]
    one, each = bytes([128]), last.tobytes()
    odd, none, every = (last & 1).tobytes(), bytes([0]), bytes([1])
    ways: dict[str, Any] = {"none": (pixels & 1 if stream.bits == 1 else pixels, None)}
    if stream.bits == 1:
        ways["one threshold"] = (pixels, Binarize(one, none, every))
        ways["a threshold each"] = (pixels, Binarize(each, odd, odd))
        ways["bool, kept"] = (pixels > 99, Binarize(each, odd, none))
        ways["bool, all turned"] = (pixels > 99, Binarize(each, none, every))
        ways["bool, some turned"] = (pixels > 99, Binarize(each, none, odd))
    for way, (images, binarize) in ways.items():
        memory = np.zeros(FRAMES * stream.frame_bytes, np.uint8)
        store(images, about._replace(elements=n, binarize=binarize), memory)
        out[f"store {name}, {way}"] = memory


def products(out: Arrays) -> None:
    """Sums that fit float32, float64, and only integers, with odd last bits."""
    from bnnflow_host.products import Product

    for big in (1 << 10, 1 << 24, 1 << 30):
        weights = np.array([[big - 1, 1, 0, 0], [0, 0, 1 - big, -1]], np.int64)
        x = np.array([[big - 1, 1, 3, 1], [1 - big, -1, -big, -1], [0, 0, 0, 1]], np.int64)
        out[f"product of {big}"] = Product(weights)(x)
        out[f"product of {big}, blocks"] = Product(weights[:, :2], 2)(x)


def times_us(bit: Path, inputs: Arrays) -> dict[str, float]:
    """Microseconds of some calls, the best of three; only to be read, not compared."""
    about = of(bit)
    images, memory = np.resize(inputs["bytes"], (1000, 784)), np.zeros(784000, np.uint8)
    eight, one = (
        about.input._replace(beats=1, beat_bytes=98 * bits, per_beat=784, bits=bits)
        for bits in (8, 1)
    )
    score = about.score._replace(beats=5, beat_bytes=6, per_beat=2, bits=21, signed=True)
    plain = about._replace(input=eight, elements=784, binarize=None)
    signs = plain._replace(input=one, binarize=Binarize(bytes([128]), bytes([0]), bytes([0])))
    with Accelerator(bit, "numpy") as accelerator:
        return {
            "store 1000 x 784 of 8 bits": _best(lambda: store(images, plain, memory)),
            "store 1000 x 784 signs": _best(lambda: store(images, signs, memory[:98000])),
            "fetch 1000 x 10 scores": _best(lambda: fetch(memory[:30000], score, 10)),
            "predict one image": _best(lambda: accelerator.predict(inputs["random"][:1])),
        }


def _best(work: Callable[[], Any]) -> float:
    found = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        found.append(time.perf_counter() - begin)
    return min(found) * 1e6


def versions() -> dict[str, Any]:
    """Of what runs this, and where the driver is."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "pointer_bits": struct.calcsize("P") * 8,
        "driver": str(Path(bnnflow_host.__file__).resolve().parent),
    }


def main() -> None:
    """Do the job."""
    job = json.loads(Path(sys.argv[1]).read_text())
    out: Arrays = {}
    about = versions()
    if "bit" in job:
        bit = Path(job["bit"])
        with np.load(job["inputs"]) as entries:
            inputs = {name: entries[name] for name in entries.files}
        labels_and_scores(bit, inputs, out)
        refusals(bit, inputs["random"][:5], out)
        packing(of(bit), inputs["bytes"], out)
        about["times_us"] = times_us(bit, inputs)
    if "networks" in job:
        products(out)
    for path in map(Path, job.get("networks", [])):
        with np.load(str(path.with_suffix(".images.npz"))) as entries:
            images = entries["images"]
        network = load_network(path)
        out[f"scores of {path.stem}"] = network.scores(images)
        out[f"labels of {path.stem}"] = network.labels(images)
    arrays: Any = {str(i): array for i, array in enumerate(out.values())}
    # by number: NumPy would take the names for those of files
    table = json.dumps({"about": about, "names": list(out)})
    np.savez(sys.argv[2], table=np.array(table), **arrays)


if __name__ == "__main__":
    main()
