# SPDX-License-Identifier: Apache-2.0
"""A deploy folder with a small random network, made without the compiler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from bnnflow_host.backends import NumpyBackend
from bnnflow_host.description import FORMAT, load_description
from bnnflow_host.network import load_network

from hw.kernels.bnn_mvu_ref import match_count, threshold_bits


def stream(beats: int, per_beat: int, bits: int, signed: bool = False) -> dict[str, Any]:
    size = (per_beat * bits + 7) // 8
    return {
        "beats": beats,
        "beat_bytes": size,
        "per_beat": per_beat,
        "bits": bits,
        "signed": signed,
    }


def packed(weights: np.ndarray) -> np.ndarray:
    return np.packbits(weights.astype(np.uint8), axis=1, bitorder="little")


class Folder:
    """tiny.bit's folder: `elements` inputs of in_bits, 16 hidden units, 5 classes.

    Args:
        binarize: entry of the description; with in_bits = 1: of a packed build.

    Attributes:
        bit: path of the .bit, which does not exist.
    """

    def __init__(
        self,
        path: Path,
        in_bits: int = 8,
        signed: bool = True,
        binarize: dict[str, str] | None = None,
    ) -> None:
        draw = np.random.default_rng(3)
        self.bit, self.elements, self.in_bits = path / "tiny.bit", 20, in_bits
        about = {"format": FORMAT, "name": "tiny", "hash": "0123456789abcdef", "clk_mhz": 100.0}
        about |= {"base": 0x40000000, "elements": 20, "shape": [20], "classes": 5}
        about |= {"input": stream(4, 5, in_bits), "label": stream(1, 1, 3)}
        about |= {"score": stream(3, 2, 11, signed), "binarize": binarize, "interval": 8}
        self.bit.with_suffix(".json").write_text(json.dumps(about))
        self.thr = draw.integers(1, 200, 20)
        self.w0, self.w1 = draw.integers(0, 2, (16, 20)), draw.integers(0, 2, (5, 16))
        self.t0, self.s0 = draw.integers(5, 15, 16), draw.integers(0, 2, 16)
        self.a = draw.integers(-40, 40, 5) if signed else draw.integers(0, 40, 5)
        self.b = draw.integers(-90, 90, 5) if signed else draw.integers(0, 90, 5)
        np.savez(self.bit.with_suffix(".npz"), **self._network(in_bits))
        images = self.images(40)
        scores = self.scores(images)
        found = {"images": images, "scores": scores, "labels": scores.argmax(axis=1)}
        np.savez(path / "tiny_vectors.npz", **found)

    def _network(self, in_bits: int) -> dict[str, np.ndarray]:
        """The .npz: thresholds in front of pixels, two layers, scores."""
        mvu = {"kind": "mvu", "bits": True, "groups": 1}
        limits = {"low": -(1 << 10), "high": (1 << 11) - 1}
        never = np.zeros((1, 20), np.uint8)
        hidden = {"weights": packed(self.w0), "thr": self.t0, "sense": self.s0}
        layers: list[tuple[dict[str, Any], dict[str, np.ndarray]]] = [
            ({"kind": "binarize", "shape": [20]}, {"thr": self.thr[None], "sense": never}),
            ({**mvu, "columns": 20, "shape": [16]}, hidden),
            ({**mvu, "columns": 16, "shape": [5]}, {"weights": packed(self.w1)}),
            (
                {"kind": "requant", "shape": [5], "shift": 0, **limits},
                {"a": self.a, "b": self.b[None]},
            ),
        ]
        layers = layers if in_bits == 8 else layers[1:]
        arrays = {f"{i}.{k}": a for i, (_, own) in enumerate(layers) for k, a in own.items()}
        chain = [
            {**about, "inputs": [f"s{i}"], "output": f"s{i + 1}", "dtype": "int16"}
            for i, (about, _) in enumerate(layers)
        ]
        graph = {"source": "s0", "shape": [20], "scores": f"s{len(layers)}", "layers": chain}
        return {"graph": np.array(json.dumps(graph)), **arrays}

    def images(self, n: int, seed: int = 1) -> np.ndarray:
        high = 256 if self.in_bits == 8 else 2
        return np.random.default_rng(seed).integers(0, high, (n, 20)).astype(np.uint8)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """By the kernels' specifications."""
        bits = (images >= self.thr).astype(np.uint8) if self.in_bits == 8 else images
        hidden = threshold_bits(match_count(bits, self.w0), self.t0, self.s0)
        return match_count(hidden, self.w1).astype(np.int64) * self.a + self.b

    def labels(self, images: np.ndarray) -> np.ndarray:
        return self.scores(images).argmax(axis=1)

    def backend(self) -> Device:
        return Device(self.bit)


class Device(NumpyBackend):
    """The NumPy back end with a cache, a clock of its own, and faults to switch on.

    Attributes:
        busy_for: looks at STATUS before a batch is done; None: never.
        status: what a batch ends with in place of its own STATUS.
        log: names of what the driver did.
    """

    def __init__(self, bitfile: Path) -> None:
        super().__init__(bitfile, load_description(bitfile))
        self.network = load_network(bitfile.with_suffix(".npz"))
        self.busy_for: int | None = 0
        self.status: int | None = None
        self.stuck = False
        self.log: list[str] = []
        self.time = 0.0
        self._left: int | None = 0

    def read(self, offset: int) -> int:
        from bnnflow_host import registers as reg

        if offset == reg.STATUS and (self.stuck or self._left is None or self._left > 0):
            self._left = None if self._left is None else self._left - 1
            return reg.STATUS_BUSY
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        from bnnflow_host import registers as reg

        super().write(offset, value)
        if offset == reg.CONTROL and value & reg.CONTROL_START:
            self.log.append("start")
            self._left = self.busy_for
            if self.status is not None:
                self.registers[reg.STATUS] = self.status
        elif offset == reg.CONTROL:
            self.log.append("reset")
            self._left = 0

    def allocate(self, size: int) -> Any:
        self.log.append("allocate")
        buffer = super().allocate(size)
        memory = buffer.array
        buffer.array = np.zeros(size, np.uint8)  # what the driver sees

        def flush() -> None:
            self.log.append("flush")
            memory[...] = buffer.array

        def invalidate() -> None:
            self.log.append("invalidate")
            buffer.array[...] = memory

        self.memories = {**getattr(self, "memories", {}), buffer.address: memory}
        buffer.flush, buffer.invalidate = flush, invalidate
        buffer.free = lambda: self.log.append("free")
        return buffer

    def _view(self, address: int, size: int) -> Any:
        for start, memory in self.memories.items():
            if start <= address and address + size <= start + len(memory):
                return memory[address - start : address - start + size]
        raise AssertionError("no such memory")

    def now(self) -> float:
        return self.time

    def idle(self) -> None:
        self.time += 0.01

    def close(self) -> None:
        self.log.append("close")
