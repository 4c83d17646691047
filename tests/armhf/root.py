# SPDX-License-Identifier: Apache-2.0
"""build/armhf: Debian's Python and NumPy for 32-bit ARM, and the qemu-user that runs them here.

    python -m tests.armhf.root

apt.py fetches the packages; they are unpacked, not installed. A second call finds all there;
`rm -r build/armhf` starts anew.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flows.env.shell import clean_environ
from flows.errors import FlowError, run_main
from flows.files import read_json, replacing, write_json
from tests.armhf.apt import MORE, fetch, require_apt

FOLDER = Path(__file__).resolve().parents[2] / "build" / "armhf"
PACKAGES, EMULATOR = ("python3", "python3-numpy"), "qemu-user-static"
LIBRARIES = "usr/lib/arm-linux-gnueabihf"
PROGRAMS = ("qemu-arm-static", "qemu-arm")  # Debian up to 12; of later ones both are static
OLDEST = (3, 8)  # what the driver wants
FORMAT = 1  # of what this file makes: another number makes the root anew
TRIPLET = "import sys, numpy; print('%d.%d.%d' % sys.version_info[:3], numpy.__version__)"


class Armhf(NamedTuple):
    """What is in the folder, ready to run.

    Attributes:
        folder: of `root`, the guest's files, with the emulator in it.
        python, numpy, qemu: versions.
    """

    folder: Path
    python: str
    numpy: str
    qemu: str

    def command(self, *arguments: str) -> list[str]:
        """The command line of the guest's Python with arguments."""
        return [*_python(self.folder / "root"), *arguments]


def ready(folder: Path = FOLDER) -> Armhf | None:
    """What an earlier call made; None where it is not there or of another FORMAT."""
    made = folder / "root" / "made.json"
    about = read_json(made) if made.is_file() else {}
    if about.get("format") != FORMAT:
        return None
    return Armhf(folder, about["python"], about["numpy"], about["qemu"])


def prepare(folder: Path = FOLDER) -> Armhf:
    """Make sure that the folder is there and runs.

    Args:
        folder: where; what an interrupted call fetched into it is used.

    Raises:
        FlowError: armhf-apt (no apt-get or dpkg-deb), armhf-fetch (packages cannot be had),
            armhf-root (they do not run here).
    """
    folder = folder.resolve()
    found = ready(folder)
    if found:
        return found
    require_apt()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two calls the second one finds all there
        found = ready(folder)
        return found or _make(folder)


def _make(folder: Path) -> Armhf:
    packages = fetch(PACKAGES, EMULATOR, folder)
    print(f"armhf: unpacking {len(packages)} packages", flush=True)
    with replacing(folder / "root") as root:
        root.mkdir()
        for deb in packages:
            if deb.name.startswith("qemu-user"):
                _take_emulator(deb, root)
            elif deb.stem.endswith(("_armhf", "_all")):
                _unpack(deb, root)
        _mend_links(root)
        python, numpy, qemu = _versions(root)
        versions = {"format": FORMAT, "python": python, "numpy": numpy, "qemu": qemu}
        write_json(root / "made.json", {**versions, "packages": [deb.stem for deb in packages]})
    shutil.rmtree(folder / "apt")
    return Armhf(folder, python, numpy, qemu)


def _unpack(deb: Path, root: Path) -> None:
    done = subprocess.run(
        ["dpkg-deb", "-x", str(deb), str(root)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FlowError(
            "armhf-root",
            f"dpkg-deb cannot unpack {deb.name}: {done.stderr.strip()}",
            str(deb),
            "see that the disk is not full (200 MB); rm -r build/armhf, then run it again",
            MORE,
        )


def _take_emulator(deb: Path, root: Path) -> None:
    """The one emulator out of some thirty in the package."""
    with _contents(deb) as archive:
        for member in archive:
            if member.isfile() and Path(member.name).name in PROGRAMS:
                source = archive.extractfile(member)
                assert source is not None, "a regular file"
                with (root / "qemu-arm").open("wb") as out:
                    shutil.copyfileobj(source, out)
                (root / "qemu-arm").chmod(0o755)
                return


@contextmanager
def _contents(deb: Path) -> Iterator[tarfile.TarFile]:
    """A package's files; it may be left before the end."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as tar:
        try:
            with tarfile.open(fileobj=tar.stdout, mode="r|") as archive:
                yield archive
        finally:
            tar.kill()


def _mend_links(root: Path) -> None:
    """Links that would lead out of the root, and those that an installation makes."""
    for link in [p for p in root.rglob("*") if p.is_symlink() and p.readlink().is_absolute()]:
        inside = root / link.readlink().relative_to("/")
        link.unlink()
        link.symlink_to(os.path.relpath(inside, link.parent))
    for name in ("blas", "lapack"):  # Debian's alternatives; NumPy asks for them by these names
        for library in (root / LIBRARIES / name).glob("lib*.so.3"):
            (root / LIBRARIES / library.name).symlink_to(f"{name}/{library.name}")


def _python(root: Path) -> list[str]:
    return [str(root / "qemu-arm"), "-L", str(root), str(root / "usr/bin/python3")]


def _versions(root: Path) -> tuple[str, str, str]:
    """Python's, NumPy's and the emulator's; all three run for it."""
    try:
        words = _said([*_python(root), "-B", "-c", TRIPLET]).split()
        qemu = _said([str(root / "qemu-arm"), "--version"]).splitlines()[0].split()[2]
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise FlowError(
            "armhf-root",
            f"the 32-bit ARM Python does not run here: {said[-1]}",
            str(root.parent / "apt"),
            "rm -r build/armhf, then run it again; qemu-user needs leave to map low addresses",
            MORE,
        ) from error
    if tuple(int(n) for n in words[0].split(".")[:2]) < OLDEST:
        raise FlowError(
            "armhf-root",
            f"Python {words[0]} is older than what the driver wants",
            "the release that APT's sources name",
            "run this on a newer Debian",
            MORE,
        )
    return words[0], words[1], qemu


def _said(command: list[str]) -> str:
    done = subprocess.run(
        command, env=clean_environ(), capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.strip()


def main() -> None:
    """Make it and say what it is."""
    made = prepare()
    print(f"armhf: {made.folder}: Python {made.python}, NumPy {made.numpy}, qemu {made.qemu}")


if __name__ == "__main__":
    sys.exit(run_main(main))
