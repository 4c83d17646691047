# SPDX-License-Identifier: Apache-2.0
"""Makes FINN usable outside its own command line; imported before any FINN name.

FINN reads its settings (build folder, place of its RTL library) from a global that only its own
CLI sets. `initialize_dummy_settings` is its documented way in from outside (toolchain.md).
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from functools import cache
from pathlib import Path


@cache
def prepare_finn() -> None:
    """Initialise FINN's settings and quieten its warnings; a second call does nothing.

    FINN writes scratch files only where we give it a folder; the one named here stays empty and
    lives under the system's temporary folder.
    """
    os.environ.setdefault("FINN_BUILD_DIR", str(Path(tempfile.gettempdir()) / "bnnflow-finn"))
    Path(os.environ["FINN_BUILD_DIR"]).mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore", module=r"(finn|qonnx|brevitas|torch|onnx)\b.*")
    warnings.filterwarnings("ignore", message=r".*(4D input is NCHW|invalid value encountered).*")
    from finn.util.settings import initialize_dummy_settings

    initialize_dummy_settings()
    logging.getLogger("finn").setLevel(logging.ERROR)
    logging.getLogger("finn_logger").setLevel(logging.ERROR)


prepare_finn()
