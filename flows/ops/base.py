# SPDX-License-Identifier: Apache-2.0
"""What all our hardware ops share: one kernel, one wrapper with FINN's port names, one reference.

An op says which kernel it instantiates, with which parameters and memory files, and what it
computes on a batch; FINN's abstract op beside it in the class header says shapes, datatypes and
folding. From that this module makes the RTL files, FINN's execute_node and Vivado's IPI commands.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, cast

import numpy as np
from finn.custom_op.fpgadataflow.rtlbackend import RTLBackend
from numpy.typing import NDArray

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.kernel_sources import kernel_sources
from flows.templates import render

Attributes = dict[str, tuple[Any, ...]]


class KernelOp(RTLBackend):  # type: ignore[misc]
    """Mixin in front of a FINN abstract op: `class BnnMvu(KernelOp, MVAU)`."""

    #: name of the kernel in hw/kernels and its stream ports, in the order of the node's in/outputs
    kernel: str
    #: whether the kernel can be made of 7-series cells (its parameter PRIM, which the top hands
    #: down)
    has_prim: bool = False
    in_ports: tuple[str, ...] = ("s_axis",)
    out_ports: tuple[str, ...] = ("m_axis",)

    @abstractmethod
    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """Integer parameters of the kernel instance."""

    @property
    def pixels(self) -> int:
        """Pixels of a row per clk, side by side in a beat (MMV): all channels of each, or one."""
        return int(self.attr("M"))

    @property
    def copies(self) -> int:
        """Kernels side by side, one for each pixel of a beat; 1 where one takes them all."""
        return self.pixels

    def side_by_side(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Folded shape (..., columns, folds, lanes) of one pixel per beat to `pixels` per beat."""
        if self.pixels == 1:
            return shape
        *outer, columns, folds, lanes = shape
        return (*outer, columns // self.pixels, folds, self.pixels * lanes)

    def memory_files(self, constants: list[NDArray[np.float32]]) -> dict[str, list[str]]:
        """Contents of the $readmemh files, by the kernel parameter that takes the file's name."""
        return {}

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """Kernel parameters wider than an integer: SystemVerilog literals.

        Args:
            constants: the node's initialisers, in order.
            copy: which of the `copies`: it sees every copies-th pixel of a row from here on.
        """
        return {}

    @abstractmethod
    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """The op on a whole batch: the integer reference (invariant 1 of the architecture).

        Args:
            streams: one array per input stream, shape (N, channels), integers.
            constants: the node's initialisers, in order.

        Returns:
            One array per output stream, shape (N, channels), integers.
        """

    @abstractmethod
    def set_folding(self, pe: int, simd: int) -> None:
        """Set the op's parallelism; ops without SIMD ignore it."""

    def attr(self, name: str) -> Any:
        """A node attribute (qonnx's get_nodeattr, typed)."""
        return self.get_nodeattr(name)

    @staticmethod
    def bits(datatype: Any) -> int:
        """Width of a QONNX datatype in bits."""
        return int(datatype.bitwidth())

    def get_nodeattr_types(self) -> Attributes:
        """FINN's attributes of the abstract op and of RTL ops.

        realises: JSON, which tensor of the QONNX graph the output is (flows/integer/hardware.py).
        M: pixels per clk.
        """
        types = cast(Attributes, super().get_nodeattr_types())
        return {**types, "realises": ("s", False, ""), "M": ("i", False, 1)}

    def get_verilog_top_module_name(self) -> str:
        """Name of the wrapper module: the node's name."""
        return str(self.onnx_node.name)

    def execute_node(self, context: dict[str, NDArray[Any]], graph: Any) -> None:
        """Run the reference on qonnx's execution context."""
        node = self.onnx_node
        n_streams = len(self.in_ports)
        streams = [np.rint(context[name]).astype(np.int64) for name in node.input[:n_streams]]
        constants = [context[name] for name in node.input[n_streams:]]
        for name, value in zip(node.output, self.compute(streams, constants), strict=True):
            context[name] = np.asarray(value, np.float32)

    def verify_node(self) -> list[str]:
        """FINN's self-check: nothing to add, every attribute is typed and checked on use."""
        return []

    def infer_node_datatype(self, model: Any) -> None:
        """Take over the input tensor's datatype, then set those of the output tensors."""
        if "inputDataType" in self.get_nodeattr_types():
            source = model.get_tensor_datatype(self.onnx_node.input[0])
            self.set_nodeattr("inputDataType", source.name)
        for i, name in enumerate(self.onnx_node.output):
            model.set_tensor_datatype(name, self.get_output_datatype(i))

    def generate_hdl(self, model: Any, fpgapart: str, clk: float) -> None:
        """Write the wrapper `<node>.sv` and its memory files into code_gen_dir_ipgen.

        Memory files are named `<node>_<parameter>.mem` and referred to without a folder: they lie
        beside the top when it is built.
        """
        folder = Path(self.attr("code_gen_dir_ipgen"))
        name = self.get_verilog_top_module_name()
        constants = [
            model.get_initializer(tensor) for tensor in self.onnx_node.input[len(self.in_ports) :]
        ]
        memories = {}
        for parameter, words in self.memory_files(constants).items():
            file = f"{name}_{parameter.lower()}.mem"
            (folder / file).write_text("\n".join(words) + "\n")
            memories[parameter] = file
        text = render(
            "node.sv.j2",
            name=name,
            kernel=self.kernel,
            copies=[
                {**self.kernel_parameters(constants), **self.literals(constants, copy)}
                for copy in range(self.copies)
            ],
            memories=memories,
            has_prim=self.has_prim,
            inputs=[(p, self.get_instream_width(i)) for i, p in enumerate(self.in_ports)],
            outputs=[(p, self.get_outstream_width(i)) for i, p in enumerate(self.out_ports)],
        )
        (folder / f"{name}.sv").write_text(text)
        self.set_nodeattr("gen_top_module", name)

    def get_rtl_file_list(self, abspath: bool = False) -> list[Path]:
        """Kernel sources in compile order, then the generated wrapper."""
        wrapper = Path(self.attr("code_gen_dir_ipgen")) / f"{self.attr('gen_top_module')}.sv"
        files = [*kernel_sources(self.kernel), wrapper]
        return files if abspath else [Path(f.name) for f in files]

    def code_generation_ipi(self) -> list[str]:
        """Tcl for FINN's own stitching in Vivado's block designs."""
        commands = [f"add_files -norecurse {f}" for f in self.get_rtl_file_list(abspath=True)]
        top = self.attr("gen_top_module")
        return [*commands, f"create_bd_cell -type module -reference {top} {self.onnx_node.name}"]
