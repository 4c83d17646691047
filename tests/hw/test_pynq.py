# SPDX-License-Identifier: Apache-2.0
"""Our .hwh and the board back end with the real pynq, in an environment of its own.

pynq needs numpy < 2, so it cannot live beside torch's: make one (python3 -m venv pynq-env;
pynq-env/bin/pip install pynq==4.0.0, or: pynq==3.1.2 pycparser==2.22) and name it:
PYNQ_PYTHON=pynq-env/bin/python make test
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from bnnflow_host import registers as reg
from bnnflow_host.hwh import hwh_text

from tests.hw.host_folder import Folder

ROOT = Path(__file__).resolve().parents[2]
PYNQ = os.environ.get("PYNQ_PYTHON", "")


@pytest.mark.skipif(not PYNQ, reason="PYNQ_PYTHON names no Python with pynq: see this file")
def test_real_pynq(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.bit.with_suffix(".hwh").write_text(
        hwh_text("tiny", "xc7z020clg400-1", 0x40000000, 100.0)
    )
    folder.bit.write_bytes(b"no bitstream: the device of this test loads none")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "hw" / "host")}
    line = [str(Path(PYNQ).absolute()), str(ROOT / "tests/hw/pynq_run.py"), str(folder.bit)]
    done = subprocess.run(
        line, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["address"] == 0x40000000 and found["size"] == reg.MAP_SIZE
    assert found["registers"] == {row[0]: row[1] for row in reg.TABLE}
    status = next(row for row in reg.TABLE if row[0] == "STATUS")
    assert found["status"] == dict(status[3])
    assert found["frames"] == 20
    # FCLK0 at 100 MHz, in the words of pynq 4.0 or 3.x
    assert found["clocks"] in ([[[0], {"clk_mhz": 100.0}]], [[[0, 10, 1], {}]])


ULTRASCALE = """
import json, sys
from pynqmetadata.frontends import Metadata
from pynqmetadata.views.runtime import RuntimeMetadataParser
found = RuntimeMetadataParser(Metadata(input=sys.argv[1]))
parameters = found.ip_dict[found.ps_name]["parameters"]
widths = [parameters[f"C_{port}_DATA_WIDTH"] for port in ("MAXIGP0", "SAXIGP2")]
clock = [found.clock_dict[0][key] for key in ("enable", "divisor0", "divisor1")]
print(json.dumps([found.family_ps, widths, clock, found.ip_dict["accelerator_0"]["phys_addr"]]))
"""


@pytest.mark.skipif(not PYNQ, reason="PYNQ_PYTHON names no Python with pynq: see this file")
def test_real_pynq_sets_the_ports_of_an_ultrascale(tmp_path: Path) -> None:
    hwh = tmp_path / "tiny.hwh"
    hwh.write_text(hwh_text("tiny", "xczu7ev-ffvc1156-2-e", 0xA0000000, 100.0))
    line = [str(Path(PYNQ).absolute()), "-c", ULTRASCALE, str(hwh)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == ["zynq_ultra_ps_e", ["32", "64"], [1, 15, 1], 0xA0000000]
