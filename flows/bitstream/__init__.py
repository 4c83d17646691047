# SPDX-License-Identifier: Apache-2.0
"""From a compiled run to a bitstream of its board's whole logic, by Vivado or by openXC7."""
