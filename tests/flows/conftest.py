# SPDX-License-Identifier: Apache-2.0
"""Lets the tests import networks.py beside them (pytest's importlib mode adds no paths)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
