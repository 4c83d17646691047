# SPDX-License-Identifier: Apache-2.0
"""Our hardware ops: FINN custom ops of the ONNX domain "flows.ops".

qonnx resolves a node's domain to the Python module of that name and its op_type to the class.
"""

from flows.ops.axis_fork import AxisFork
from flows.ops.axis_links import AxisDwc, AxisFifo
from flows.ops.bnn_add import BnnAdd
from flows.ops.bnn_affine import BnnAffine
from flows.ops.bnn_argmax import BnnArgmax
from flows.ops.bnn_binarize import BnnBinarize
from flows.ops.bnn_channel_pad import BnnChannelPad
from flows.ops.bnn_imvu import BnnImvu
from flows.ops.bnn_levels import BnnLevels
from flows.ops.bnn_lookup import BnnLookup
from flows.ops.bnn_mvu import BnnMvu
from flows.ops.bnn_pool import BnnPool
from flows.ops.bnn_requant import BnnRequant
from flows.ops.bnn_window import BnnWindow
from flows.ops.bnn_window_wide import BnnWindowWide

__all__ = [
    "AxisDwc",
    "AxisFifo",
    "AxisFork",
    "BnnAdd",
    "BnnAffine",
    "BnnArgmax",
    "BnnBinarize",
    "BnnChannelPad",
    "BnnImvu",
    "BnnLevels",
    "BnnLookup",
    "BnnMvu",
    "BnnPool",
    "BnnRequant",
    "BnnWindow",
    "BnnWindowWide",
]
