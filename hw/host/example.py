# SPDX-License-Identifier: Apache-2.0
"""A user's program: classify the packaged test images and say how many are as expected.

python3 example.py tfc.bit
"""

import sys
from pathlib import Path

import numpy as np
from bnnflow_host import Accelerator

bitfile = Path(sys.argv[1])
vectors = np.load(str(bitfile.with_name(bitfile.stem + "_vectors.npz")))
with Accelerator(bitfile) as accelerator:
    labels = accelerator.predict(vectors["images"])
    scores = accelerator.scores(vectors["images"])
print(f"labels: {int((labels == vectors['labels']).sum())} of {len(labels)} as expected")
print(
    f"scores: {int((scores == vectors['scores']).all(axis=1).sum())} of {len(scores)} as expected"
)
