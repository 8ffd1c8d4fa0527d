# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz what reads the bytes of servers, one target after the other, and end with the numbers.

usage: tests/tools/venv.sh python tests/fuzz/run.py [--seconds N] [--runs N] [--keep] [TARGET...]

The target `everything` is all of them in one process, for a short run.

The engine is atheris, which is installed beside the virtual environment when it is missing; where that is not possible,
hypothesis mutates the same seeds without guidance. An input that fails is kept in
tests/fuzz/found/: put its bytes into tests/fuzz/corpus/TARGET.txt, and they are played in every run of the unit tests.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.tests.fuzz.seeds import seeds
from ansible_collections.postmaster.tls.tests.fuzz.targets import EVERYTHING, TARGETS

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
FOUND = HERE / "found"
REQUIREMENTS = HERE.parent / "requirements" / "fuzz.txt"
LONGEST = 4096
MOST_KEPT = 40
BY_ENGINE = "# Found by the engine: what it keeps is replaced from here on."
HEAD = Path(__file__).read_text(encoding="utf-8").splitlines()[:3]
NAMED_BY_ENGINE = re.compile(r"[0-9a-f]{40}")
KNOWN = {**TARGETS, "everything": EVERYTHING}
DONE = re.compile(r"Done (\d+) runs in (\d+) second")


@dataclass(frozen=True)
class Outcome:
    """What came of one target."""

    name: str
    runs: int
    seconds: float
    passed: bool


def atheris_path() -> Path | None:
    """Return the directory that has atheris, installed there if need be, or None where it cannot be."""
    cache = Path(os.environ["POSTMASTER_CACHE"])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place = cache / "fuzz" / f"{version}-{REQUIREMENTS.stat().st_size}"
    if (place / "atheris").is_dir():
        return place
    with tempfile.TemporaryDirectory(dir=cache) as fresh:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        wheels = ["--only-binary", ":all:", "--no-deps", "--target", fresh]
        command = [*pip, *wheels, "--requirement", str(REQUIREMENTS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not (Path(fresh) / "atheris").is_dir():
            return None
        place.parent.mkdir(exist_ok=True)
        shutil.copytree(fresh, place, dirs_exist_ok=True)
    return place


def inputs(name: str) -> list[bytes]:
    """Return what a target starts from: its seeds, and what was found before."""
    known = [bytes.fromhex(line) for line in corpus(name) if line and not line.startswith("#")]
    return [*seeds()[name], *known]


def corpus(name: str) -> list[str]:
    """Return the lines of a target's file: hexadecimal digits, or a comment behind a #."""
    path = CORPUS / f"{name}.txt"
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []


def guided(name: str, library: Path, *, seconds: float, runs: int, keep: bool) -> Outcome:
    """Fuzz one target with atheris; with `keep`, the smallest inputs that reached something new go to the corpus."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        for number, content in enumerate(inputs(name)):
            (work / f"{number:04}").write_bytes(content)
        limits = [f"-max_total_time={max(1, round(seconds))}", f"-runs={runs or -1}"]
        bounds = [f"-max_len={LONGEST}", "-timeout=5", "-rss_limit_mb=512", "-verbosity=1"]
        FOUND.mkdir(exist_ok=True)
        kept = [f"-artifact_prefix={FOUND}/{name}-", "-print_final_stats=0"]
        began = time.monotonic()
        status, output = atheris(library, name, *limits, *bounds, *kept, str(work))
        elapsed = time.monotonic() - began
        if keep and not status:
            keep_smallest(name, work)
    found = DONE.search(output)
    if status:
        print("\n".join(output.splitlines()[-40:]), flush=True)
    return Outcome(name, int(found[1]) if found else 0, elapsed, passed=not status)


def atheris(library: Path, name: str, *arguments: str) -> tuple[int, str]:
    """Run libFuzzer on a target; return its status and output."""
    path = os.pathsep.join((os.environ["PYTHONPATH"], str(library)))
    command = [sys.executable, str(HERE / "atheris_target.py"), name, *arguments]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def keep_smallest(name: str, directory: Path) -> None:
    """Replace what an engine found before in the corpus of a target; what people wrote above it stays."""
    lines = corpus(name) or [*HEAD, ""]
    if BY_ENGINE in lines:
        lines = lines[: lines.index(BY_ENGINE)]
    found = [path for path in directory.iterdir() if NAMED_BY_ENGINE.fullmatch(path.name)]
    smallest = sorted(found, key=lambda path: (path.stat().st_size, path.name))[:MOST_KEPT]
    lines += [BY_ENGINE, *(path.read_bytes().hex() for path in smallest)]
    (CORPUS / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


def unguided(name: str, *, seconds: float, runs: int) -> Outcome:
    """Change the seeds at random, without looking at what code they reach."""
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415
    from hypothesis import strategies as st  # noqa: PLC0415

    target, known = KNOWN[name], inputs(name)
    count, began = 0, time.monotonic()

    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(known), st.randoms(use_true_random=False))
    def once(content: bytes, chance: random.Random) -> None:
        nonlocal count
        count += 1
        data = changed(content, chance)
        try:
            target.run(data)
        except Exception as error:
            error.add_note(f"bytes.fromhex({data.hex()!r})")
            raise

    passed = True
    with target.scope():
        while passed and time.monotonic() - began < seconds and (not runs or count < runs):
            try:
                once()
            except Exception as error:
                print(f"{name}: {error!r}", *getattr(error, "__notes__", ()), sep="\n", flush=True)
                passed = False
    return Outcome(name, count, time.monotonic() - began, passed)


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return the content with some bytes set, inserted, left out or repeated."""
    data = bytearray(content)
    for _change in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(4)
        if kind == 0 and at < len(data):
            data[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        elif kind == 1:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif kind == 2:
            del data[at : at + chance.randrange(1, 17)]
        else:
            data[at:at] = data[at : at + chance.randrange(1, 65)]
    return bytes(data[:LONGEST])


def report(outcomes: t.Sequence[Outcome], engine: str) -> str:
    """Return the table of all targets and the sum."""
    lines = [
        f"{'ok' if one.passed else 'FAILED':8}{one.name:14}{one.runs:10} runs {one.seconds:8.1f} s"
        for one in outcomes
    ]
    runs, seconds = sum(one.runs for one in outcomes), sum(one.seconds for one in outcomes)
    return "\n".join([*lines, f"{engine}: {runs} runs in {seconds:.0f} s"])


def main() -> int:
    """Fuzz what was asked for; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="for all targets together")
    parser.add_argument("--runs", type=int, default=0, help="at most so many for each target")
    parser.add_argument("--keep", action="store_true", help="write what was found to the corpus")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    unknown = [name for name in names if name not in KNOWN]
    if unknown:
        sys.exit(f"run: there is no target {unknown[0]!r}; known are {', '.join(KNOWN)}.")
    library = atheris_path()
    share = arguments.seconds / len(names)
    if library is None:
        print("atheris has no wheel for this interpreter: hypothesis plays the same targets.")
    outcomes = [
        guided(name, library, seconds=share, runs=arguments.runs, keep=arguments.keep)
        if library
        else unguided(name, seconds=share, runs=arguments.runs)
        for name in names
    ]
    print(report(outcomes, "atheris" if library else "hypothesis"), flush=True)
    if FOUND.is_dir() and not any(FOUND.iterdir()):
        FOUND.rmdir()
    return 0 if all(one.passed for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
