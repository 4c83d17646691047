# SPDX-License-Identifier: Apache-2.0
"""The stages of a build, in order: what each reads and writes in the run folder.

A stage is a function of a Context; it writes its artefacts whole or not at all, and only after
the artefacts of the stages behind it were removed. See flows/README.md for the table.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from qonnx.core.modelwrapper import ModelWrapper

from flows.check import Bench, check_graphs, check_rtl
from flows.config import Board, FlowConfig
from flows.errors import FlowError
from flows.files import read_json, replacing, sha256_of, write_json
from flows.fold_graph import fold
from flows.generate import generate, stitch
from flows.images import ImageSet, load_images
from flows.importer import import_qonnx, streamline
from flows.lowering import lower, specialise
from flows.packed import packed_input
from flows.report import write_report
from flows.synthesise import synthesise
from flows.transforms.pack_input import PackInput

#: metadata of 01_import.onnx: SHA-256 of the QONNX file it was made from
SOURCE_KEY = "source_sha256"
#: options whose change makes stage fold stale; `packed`, too, which its graph knows
FOLDED_FOR = ("board", "clk_mhz", "target_fps", "folding", "max", "utilisation")


@dataclass
class Context:
    """One build: its folder, options and board; lines a stage wants shown go into `notes`."""

    run: Path
    config: FlowConfig
    board: Board
    notes: list[str] = field(default_factory=list)

    @property
    def clk_mhz(self) -> float:
        """The accelerator's clock."""
        return self.config.clk_mhz or self.board.clk_mhz

    def load(self, name: str) -> ModelWrapper:
        """Read a graph of an earlier stage."""
        return ModelWrapper(str(self.run / name))

    def images(self, imported: ModelWrapper) -> ImageSet:
        """The images that the options name, as `imported` takes them."""
        n_inputs = prod(imported.get_tensor_shape(imported.graph.input[0].name)[1:])
        data = Path(self.config.data) if self.config.data else None
        bipolar = self.config.input == "bipolar"
        return load_images(self.config.images, n_inputs, bipolar, self.config.seed, data)

    def save(self, model: ModelWrapper, name: str) -> None:
        """Write a graph."""
        with replacing(self.run / name) as tmp:
            model.save(str(tmp))


@dataclass(frozen=True)
class Step:
    """A stage: its name, what it does, what it reads and writes (in the run folder)."""

    name: str
    action: Callable[[Context], None]
    reads: tuple[str, ...]
    writes: tuple[str, ...]


def _import(ctx: Context) -> None:
    path = Path(ctx.config.model)
    model = import_qonnx(path)
    model.set_metadata_prop(SOURCE_KEY, sha256_of(path))
    ctx.save(model, "01_import.onnx")
    ctx.notes.append(f"{len(model.graph.node)} nodes from {Path(ctx.config.model).name}")


def _streamline(ctx: Context) -> None:
    ctx.save(streamline(ctx.load("01_import.onnx"), ctx.config.input), "02_streamline.onnx")


def _lower(ctx: Context) -> None:
    ctx.save(lower(ctx.load("02_streamline.onnx")), "03_lower.onnx")


def _specialise(ctx: Context) -> None:
    ctx.save(specialise(ctx.load("03_lower.onnx")), "04_specialise.onnx")


def _fold(ctx: Context) -> None:
    folding = Path(ctx.config.folding) if ctx.config.folding else None
    specialised = ctx.load("04_specialise.onnx")
    if ctx.config.packed:
        specialised = specialised.transform(PackInput())
    model, table = fold(
        specialised,
        ctx.board.share(ctx.config.share),
        ctx.clk_mhz,
        ctx.config.target_fps,
        folding,
        ctx.config.max,
    )
    ctx.save(model, "05_fold.onnx")
    write_json(ctx.run / "folding.json", table)
    ctx.notes.append(
        f"{table['interval']} clk per frame: {table['fps']:,.0f} frames/s at {ctx.clk_mhz:g} MHz"
    )
    if table["stopped_by"]:
        ctx.notes.append(f"no faster, {table['stopped_by']}")


def _generate(ctx: Context) -> None:
    with replacing(ctx.run / "06_rtl") as tmp:
        tmp.mkdir()
        nodes = generate(ctx.load("05_fold.onnx"), tmp, ctx.board.part, ctx.clk_mhz)
    ctx.notes.append(f"{len(nodes)} nodes")


def _stitch(ctx: Context) -> None:
    with replacing(ctx.run / "07_top") as tmp:
        stitch(ctx.load("05_fold.onnx"), ctx.run / "06_rtl", tmp)
    ctx.notes.append(f"RTL sha256 {folder_sha256(ctx.run / '07_top')[:16]}")


def _check(ctx: Context) -> None:
    imported = ctx.load("01_import.onnx")
    images = ctx.images(imported)
    folded = ctx.load("05_fold.onnx")
    rows, integer = check_graphs(
        imported, ctx.load("02_streamline.onnx"), folded, images, ctx.config.input
    )
    interval = int(read_json(ctx.run / "folding.json")["interval"])
    with replacing(ctx.run / "08_check") as tmp:
        tmp.mkdir()
        bench = Bench(ctx.run / "07_top", tmp, ctx.run / "logs", ctx.config.seed)
        rtl = check_rtl(bench, folded, images, integer, interval, ctx.config.rtl_images)
    write_json(
        ctx.run / "check.json",
        {
            "images": len(images.images),
            "source": images.source,
            "stages": rows + rtl.pop("rows"),
            **rtl,
            "model_sha256": sha256_of(Path(ctx.config.model)),
            "rtl_sha256": folder_sha256(ctx.run / "07_top"),
        },
    )
    n = len(images.images)
    fewer = f" ({n:,} up to the integer reference)" if n > rtl["images_checked"] else ""
    ctx.notes.append(
        f"{rtl['images_equal']:,} of {rtl['images_checked']:,} images equal in every stage{fewer}; "
        f"{rtl['interval_measured']} clk per frame measured, {interval} predicted"
    )


def _synthesise(ctx: Context) -> None:
    nodes = [node["name"] for node in read_json(ctx.run / "folding.json")["nodes"]]
    with replacing(ctx.run / "09_synth") as tmp:
        table = synthesise(ctx.run / "07_top", tmp, ctx.run / "logs" / "yosys", ctx.board, nodes)
    write_json(ctx.run / "synth.json", table)
    total = table["total"]
    ctx.notes.append(
        f"{total['lut']:,} LUT, {total['ff']:,} FF, {total['bram36']:g} BRAM36, "
        f"{total['dsp']} DSP (yosys, logic only)"
    )


def _report(ctx: Context) -> None:
    write_report(ctx.run)
    ctx.notes.append(f"{ctx.run / 'report.html'}, .md, .json")


STEPS: tuple[Step, ...] = (
    Step("import", _import, (), ("01_import.onnx",)),
    Step("streamline", _streamline, ("01_import.onnx",), ("02_streamline.onnx",)),
    Step("lower", _lower, ("02_streamline.onnx",), ("03_lower.onnx",)),
    Step("specialise", _specialise, ("03_lower.onnx",), ("04_specialise.onnx",)),
    Step("fold", _fold, ("04_specialise.onnx",), ("05_fold.onnx", "folding.json")),
    Step("generate", _generate, ("05_fold.onnx",), ("06_rtl",)),
    Step("stitch", _stitch, ("05_fold.onnx", "06_rtl"), ("07_top",)),
    Step(
        "check",
        _check,
        ("01_import.onnx", "02_streamline.onnx", "05_fold.onnx", "folding.json", "07_top"),
        ("08_check", "check.json"),
    ),
    Step("synthesise", _synthesise, ("07_top", "folding.json"), ("09_synth", "synth.json")),
    Step("report", _report, (), ("report.md", "report.html", "report.json", "report_charts")),
)


def folder_sha256(folder: Path) -> str:
    """One hash over names and contents of the files directly in a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        digest.update(f"{path.name}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def check_inputs(ctx: Context, step: Step) -> None:
    """Refuse to start a stage whose inputs are not there.

    Raises:
        FlowError: stage-input, naming the stage that writes what is missing.
    """
    for name in step.reads:
        if not (ctx.run / name).exists():
            writer = next(s.name for s in STEPS if name in s.writes)
            raise FlowError(
                "stage-input",
                f"stage {step.name} reads {name}, which is not there",
                str(ctx.run),
                f"--from {writer}",
                'flows/README.md, "Stages"',
            )


def check_fresh(run: Path, config: FlowConfig) -> None:
    """Refuse to go on with artefacts of another model than the one the options name.

    Raises:
        FlowError: stale-build.
    """
    source, imported = Path(config.model), run / "01_import.onnx"
    if not source.is_file() or not imported.is_file():
        return
    if ModelWrapper(str(imported)).get_metadata_prop(SOURCE_KEY) != sha256_of(source):
        raise FlowError(
            "stale-build",
            f"{source.name} is not the file that {run} was built from any more",
            str(source),
            f"python -m flows.build --run {run} (all stages again)",
            'flows/README.md, "Stages"',
        )


def check_folded(run: Path, config: FlowConfig) -> None:
    """Refuse to go on behind stage fold with a graph that was folded for other options.

    Raises:
        FlowError: stale-build.
    """
    folded, flow = run / "05_fold.onnx", run / "flow.json"
    if not folded.is_file():
        return
    had = read_json(flow) if flow.is_file() else {}
    for name in FOLDED_FOR:
        if name in had and had[name] != getattr(config, name):
            option = f"--{name.replace('_', '-')}"
            raise FlowError(
                "stale-build",
                f"{run} was folded with {option} {had[name]}, not {getattr(config, name)}",
                option,
                f"python -m flows.build --run {run} --from fold, with the options as you want them",
                'flows/README.md, "Stages"',
            )
    packed = packed_input(ModelWrapper(str(folded))) is not None
    if packed != config.packed:
        option = "--packed" if config.packed else "--no-packed"
        raise FlowError(
            "stale-build",
            f"{run} was folded with{'' if packed else 'out'} --packed",
            option,
            f"python -m flows.build --run {run} --from fold {option}",
            'flows/README.md, "Packed input"',
        )


def remove_outputs(run: Path, steps: tuple[Step, ...]) -> None:
    """Remove what stages wrote, so that nothing stale is taken for good."""
    for step in steps:
        for name in step.writes:
            path = run / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
