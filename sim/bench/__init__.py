# SPDX-License-Identifier: Apache-2.0
"""The fast whole-network bench: `bench.cpp` and the Python around it."""
