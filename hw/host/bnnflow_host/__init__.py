# SPDX-License-Identifier: Apache-2.0
"""bnnflow_host: runs a network that bnnflow compiled, on a board, in simulation or in NumPy.

from bnnflow_host import Accelerator

with Accelerator("tfc.bit") as accelerator:
    labels = accelerator.predict(images)
"""

from .accelerator import Accelerator
from .backends import Backend, Buffer, use_backend
from .errors import HostError, HostTimeout

__all__ = ["Accelerator", "Backend", "Buffer", "HostError", "HostTimeout", "use_backend"]
__version__ = "0.1.0"
