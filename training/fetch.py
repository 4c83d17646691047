# SPDX-License-Identifier: Apache-2.0
"""Get a data set into ./data/<name>, from the nearest place that has it.

    python3 -m training.fetch fashion-mnist [--folder F]

Standard library only. Places, in order: the folder the user names (--folder or BNNFLOW_DATA),
./data/<name> itself, /usr/share/datasets/<name>, the Debian package (installed as root, unpacked
beside the data as a normal user), the official files over HTTPS. Whatever the place, sizes and
SHA-256 of all files are checked before the first one is put into ./data/<name>.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path

from flows.errors import FlowError, run_main
from flows.files import replacing
from training.idx import DATASETS, DataSet, check_folder, dataset, find

DATA = Path("data")
SYSTEM = Path("/usr/share/datasets")
APT_SECONDS, HTTPS_SECONDS = 300, 60


class NotHereError(Exception):
    """A place does not have the data; the message says why."""


def fetch(name: str, folder: Path | None = None, target: Path | None = None) -> Path:
    """Make sure that the data set is whole in its target folder.

    Args:
        name: key of training.idx.DATASETS.
        folder: where the user says the files are; an error if they are not all there and sound.
        target: where to put them; default ./data/<name>.

    Returns:
        The target folder.

    Raises:
        FlowError: data-name, data-missing or data-damaged (named folder), data-nowhere.
    """
    data = dataset(name)
    target = target or DATA / name
    if folder is not None:
        check_folder(folder, data)
        if folder.resolve() != target.resolve():
            _take(folder, target, data)
        return _done(target, str(folder))
    if target.is_dir():
        try:
            check_folder(target, data)
            return _done(target, "already there")
        except FlowError as err:
            print(f"fetch: {target} is not whole ({err.what}), getting it again", flush=True)
    return _from_places(data, target)


def _from_places(data: DataSet, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    with tempfile.TemporaryDirectory(prefix=".fetch.", dir=target.parent) as scratch:
        for number, (label, place) in enumerate(_places(data)):
            work = Path(scratch) / str(number)
            work.mkdir()
            try:
                source = place(data, work)
                check_folder(source, data)
                _take(source, target, data)
                return _done(target, label)
            except (NotHereError, FlowError) as err:
                why = err.what if isinstance(err, FlowError) else str(err)
                failures.append(f"{label}: {why}")
                print(f"fetch: {label}: {why}", flush=True)
    raise FlowError(
        "data-nowhere",
        f"{data.name} could not be had from any place ({'; '.join(failures)})",
        str(target),
        f"put {', '.join(f.stem + '.gz' for f in data.files)} into a folder and run "
        f"python3 -m training.fetch {data.name} --folder THAT_FOLDER",
        'training/README.md, "Data"',
    )


def _places(data: DataSet) -> Iterator[tuple[str, Callable[[DataSet, Path], Path]]]:
    yield f"{SYSTEM / data.name}", _from_system
    if data.debian and shutil.which("apt-get"):
        if os.geteuid() == 0:
            yield f"apt-get install {data.debian}", _from_apt_install
        if shutil.which("dpkg"):
            yield f"apt-get download {data.debian}", _from_apt_download
    for url in data.urls:
        yield url, lambda d, work, u=url: _from_https(d, work, u)  # type: ignore[misc]


def _from_system(data: DataSet, work: Path) -> Path:
    folder = SYSTEM / data.name
    if not folder.is_dir():
        raise NotHereError("no such folder")
    return folder


def _from_apt_install(data: DataSet, work: Path) -> Path:
    install = ["apt-get", "install", "-y", "--no-install-recommends", data.debian]
    try:
        _command(install)
    except NotHereError:
        _command(["apt-get", "update"])
        _command(install)
    return SYSTEM / data.name


def _from_apt_download(data: DataSet, work: Path) -> Path:
    """Without root: apt's own lists and cache in `work`, and the package only unpacked."""
    for sub in ("state/lists/partial", "cache/archives/partial", "x"):
        (work / sub).mkdir(parents=True)
    own = [
        f"-oDir::State={work.resolve() / 'state'}",
        f"-oDir::State::Lists={work.resolve() / 'state/lists'}",
        f"-oDir::Cache={work.resolve() / 'cache'}",
        "-oDir::State::status=/var/lib/dpkg/status",
        "-oAPT::Sandbox::User=",
        "-oDebug::NoLocking=1",
    ]
    _command(["apt-get", *own, "update"])
    _command(["apt-get", *own, "download", data.debian], cwd=work)
    packages = list(work.glob("*.deb"))
    if not packages:
        raise NotHereError("apt-get download left no package")
    _command(["dpkg", "-x", str(packages[0]), str(work / "x")])
    return work / "x" / (SYSTEM / data.name).relative_to("/")


def _from_https(data: DataSet, work: Path, url: str) -> Path:
    for file in data.files:
        name = f"{file.stem}.gz"
        print(f"fetch: {url}{name}", flush=True)
        try:
            with (
                urllib.request.urlopen(url + name, timeout=HTTPS_SECONDS) as answer,
                (work / name).open("wb") as out,
            ):
                shutil.copyfileobj(answer, out)
        except (OSError, HTTPException) as err:
            if getattr(err, "errno", None) == 28:  # ENOSPC: no other place will help
                raise
            raise NotHereError(str(err)) from err
    return work


def _command(words: list[str], cwd: Path | None = None) -> None:
    print("fetch:", " ".join(w for w in words if not w.startswith("-o")), flush=True)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            words, cwd=cwd, env=env, capture_output=True, text=True, timeout=APT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise NotHereError(str(err)) from err
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise NotHereError(f"exit {done.returncode}: {last}")


def _take(source: Path, target: Path, data: DataSet) -> None:
    """Copy the proved files; each appears in `target` whole or not at all."""
    target.mkdir(parents=True, exist_ok=True)
    for file in data.files:
        path = find(source, file)
        assert path is not None, "checked by check_folder"
        for old in (target / file.stem, target / f"{file.stem}.gz"):
            if old.name != path.name:  # a damaged twin that find() would prefer
                old.unlink(missing_ok=True)
        with replacing(target / path.name) as tmp:
            shutil.copyfile(path, tmp)


def _done(target: Path, place: str) -> Path:
    print(f"fetch: {target}: 4 files, sizes and SHA-256 right ({place})", flush=True)
    return target


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("name", nargs="?", default="fashion-mnist", help=", ".join(DATASETS))
    parser.add_argument("--folder", type=Path, help="a folder that has the files already")
    args = parser.parse_args()
    folder = args.folder or (
        Path(os.environ["BNNFLOW_DATA"]) if os.environ.get("BNNFLOW_DATA") else None
    )
    fetch(args.name, folder)


if __name__ == "__main__":
    sys.exit(run_main(_main))
