# SPDX-License-Identifier: Apache-2.0
"""`python -m flows.build --run RUN --first-difference`: every layer of every stage, RTL included.

The check stage looks inside the RTL only where labels or scores differ. This looks at all inner
streams in any case, of a few images, and says where the first difference is, or that there is none.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from flows.check import TAP_IMAGES, Bench, check_graphs
from flows.compare import compare, shapes_of
from flows.execute import run_integer
from flows.steps import STEPS, Context, check_inputs


def first_difference(ctx: Context) -> str:
    """Compare all layers of a built run.

    Args:
        ctx: the run; its rtl_images says how many images, TAP_IMAGES where None.

    Returns:
        What was compared and found equal.

    Raises:
        CheckFailed: stages-differ, with layer, channel, row, column, image and both values;
            sim-stuck and the bench's other checks.
        FlowError: stage-input, where the run is not built as far as its RTL.
    """
    check_inputs(ctx, next(step for step in STEPS if step.name == "check"))
    config = ctx.config
    imported, folded = ctx.load("01_import.onnx"), ctx.load("05_fold.onnx")
    images = ctx.images(imported).first(config.rtl_images or TAP_IMAGES)
    check_graphs(imported, ctx.load("02_streamline.onnx"), folded, images, config.input)
    reference = run_integer(folded, images.images)
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(ctx.run / "07_top", Path(work), ctx.run / "logs", config.seed)
        tapped = bench.run("taps", bench.build(taps=True), images.images, taps=True)
    compare(reference, tapped.outputs, 0, shapes_of(folded))
    names = ", ".join(name for name, _ in reference.layers)
    return (
        f"no difference: {len(images.images)} images, labels, scores and {len(reference.layers)} "
        f"layers ({names}) are equal from QONNX to the RTL"
    )
