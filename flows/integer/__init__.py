# SPDX-License-Identifier: Apache-2.0
"""QONNX graphs with maps -> integer hardware ops, exactly.

`value.py` what is known of a tensor, `table.py` functions of one integer run over all its values,
`border.py` windows at the border of a map, `hardware.py` the graph that is built, `lower.py` the
walk over the QONNX graph; `convs.py` (with `weights.py`, `inputs.py`, `units.py`), `quants.py`,
`pools.py`, `joins.py` (with `fit.py`, `fallback.py`), `shapes.py` and `scores.py` what is made of
its nodes.
"""
