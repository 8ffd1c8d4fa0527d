# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the probe with three scanners and with one connection for each possible answer, on many live servers.

usage: make rightness [RIGHTNESS="--only postfix-trixie,exim"]

The truth is what tests/support/one_by_one.py finds: it offers one suite or one group at a time. Each difference to it
is listed, whoever is wrong. Ends with status 1 if the probe differs from the truth anywhere. With all servers it takes
about twenty minutes and writes the second half of docs/probe-comparison.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import shutil
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.postmaster.tls.tests.benchmarks import measure
from ansible_collections.postmaster.tls.tests.integration.rightness import page, servers
from ansible_collections.postmaster.tls.tests.integration.rightness.servers import Group, Server
from ansible_collections.postmaster.tls.tests.support import peer_scanners
from ansible_collections.postmaster.tls.tests.support.peer_scanners import ANY, Seen
from ansible_collections.postmaster.tls.tests.support.server_park import (
    HOST_NAME,
    Park,
    ParkError,
)

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent.parent
OURS = "postmaster.tls"
_LIMIT_SECONDS = 120
Truth = dict[str, t.Any]


@dataclass
class Difference:
    """What one tool says otherwise than the truth on one server."""

    tool: str
    what: str
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    said: str = ""
    truth: str = ""


def commands(
    server: Server, programs: t.Mapping[str, str], *, tree: str, file: Path, codes: str
) -> dict[str, list[str]]:
    """How each tool is asked; a scanner that is not there is left out."""
    place, name = f"{server.address}:{server.port}", f"{file}"
    engine = [
        sys.executable,
        str(measure.HERE / "engine.py"),
        tree,
        server.address,
        str(server.port),
        name,
    ]
    truth = [sys.executable, str(measure.SUPPORT / "one_by_one.py"), server.address]
    truth += [str(server.port), name, "--workers", str(server.workers), "--codes", codes]
    truth += ["--implicit"] if server.implicit else []
    starttls = {
        "sslscan": [] if server.implicit else ["--starttls-smtp"],
        "sslyze": [] if server.implicit else ["--starttls", "smtp"],
    }
    versions = ["--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"]
    scanners = {
        "sslscan": [
            *("--no-colour", *starttls["sslscan"], f"--sni-name={HOST_NAME}"),
            *(f"--xml={name}", place),
        ],
        "sslyze": [
            *starttls["sslyze"],
            *("--mozilla_config", "disable", "--elliptic_curves", *versions),
            *(f"--json_out={name}", f"{HOST_NAME}:{server.port}{{{server.address}}}"),
        ],
        "nmap": [
            *("-Pn", "-n", "-p", str(server.port), "--script", "ssl-enum-ciphers"),
            *("--script-args", f"tls.servername={HOST_NAME}"),
            *("-oX", name, server.address),
        ],
    }
    present = {
        tool: [programs[tool], *words] for tool, words in scanners.items() if tool in programs
    }
    return {"truth": truth, OURS: engine, **present}


def ask(park: Park, command: t.Sequence[str], file: Path) -> str:
    """The text that a tool wrote; empty when it wrote none in time."""
    file.unlink(missing_ok=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            park.inside(command), capture_output=True, timeout=_LIMIT_SECONDS, check=False
        )
    return file.read_text(errors="replace") if file.is_file() else ""


def compare(
    park: Park, server: Server, programs: t.Mapping[str, str], *, tree: str, codes: str
) -> dict[str, t.Any]:
    """Everything that was said about one server."""
    began = time.monotonic()
    file = park.directory / "answer"
    answers: dict[str, t.Any] = {}
    texts: dict[str, str] = {}
    for tool, command in commands(server, programs, tree=tree, file=file, codes=codes).items():
        texts[tool] = ask(park, command, file)
    truth: Truth = json.loads(texts["truth"])
    found: list[Difference] = []
    for tool, text in texts.items():
        if tool != "truth":
            seen, failure = read(tool, text)
            answers[tool] = failure or "read"
            found += [Difference(tool, "no answer", said=failure)] if failure else []
            found += [] if failure else differences(tool, seen, truth)
    ours = json.loads(texts[OURS]) if texts[OURS] else {}
    return {
        "server": server.name,
        "suites": {version: len(codes) for version, codes in truth["suites"].items()},
        "groups": {version: len(codes) for version, codes in truth["groups"].items()},
        "decides": truth["decides"],
        "cut": truth["cut"],
        "connections": ours.get("connections"),
        "undetermined": ours.get("undetermined"),
        "tools": answers,
        "differences": [vars(difference) for difference in found],
        "seconds": round(time.monotonic() - began, 1),
    }


def read(tool: str, text: str) -> tuple[Seen, str]:
    """What a tool said, or why that cannot be read."""
    reader = "engine" if tool == OURS else tool
    try:
        return measure.read(reader, text), ""
    except Exception as error:
        return Seen(), f"{type(error).__name__}: {str(error)[:80]}"


def differences(tool: str, seen: Seen, truth: Truth) -> t.Iterator[Difference]:
    """Suites and groups that are missing or too many, and orders that are not the server's."""
    for version in servers.VERSIONS:
        right, said = set(truth["suites"].get(version, ())), set(seen.suites.get(version, ()))
        if right != said:
            yield Difference(tool, f"suites {version}", names(right - said), names(said - right))
    groups = {version: set(codes) for version, codes in truth["groups"].items()}
    if tool == OURS or (seen.groups and ANY not in seen.groups):
        for version in ("TLSv1.2", "TLSv1.3"):
            right, said = groups.get(version, set()), set(seen.groups.get(version, ()))
            if right != said:
                extra = page.group_names(said - right)
                yield Difference(tool, f"groups {version}", page.group_names(right - said), extra)
    elif seen.groups:
        right, said = set().union(*groups.values()), set(seen.groups[ANY])
        if right != said and {"TLSv1.2", "TLSv1.3"} & truth["suites"].keys():
            extra = page.group_names(said - right)
            yield Difference(tool, "groups", page.group_names(right - said), extra)
    yield from order_differences(tool, seen, truth)


def order_differences(tool: str, seen: Seen, truth: Truth) -> t.Iterator[Difference]:
    """Who decides, where the tool tells, and the order where it tells and the server decides."""
    for version, decides in truth["decides"].items():
        said = seen.decides.get(version)
        if said is not None and decides is not None and said != decides:
            yield Difference(tool, f"who decides in {version}", said=said, truth=decides)
        order = [code for code in truth["order"][version] if code in seen.suites.get(version, ())]
        if tool in (OURS, "sslscan", "nmap") and decides == "server" and said != "client":
            listed = [code for code in seen.suites.get(version, ()) if code in order]
            if listed != order:
                pairs = zip(listed, order, strict=True)
                first = next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
                yield Difference(
                    tool,
                    f"order in {version}",
                    said=", ".join(names(listed[first : first + 3], ordered=True)),
                    truth=", ".join(names(order[first : first + 3], ordered=True)),
                )


def names(codes: t.Iterable[int], *, ordered: bool = False) -> list[str]:
    """Suites by their names."""
    return page.suite_names(codes if ordered else sorted(codes))


def start(park: Park, group: Group, python: str) -> subprocess.Popen[bytes] | None:
    """Start the servers of a group and wait for them."""
    if group.container is not None:
        park.start(group.container)
        return None
    command = [word.format(python=python, keys=park.keys) for word in group.command]
    process = subprocess.Popen(
        park.inside(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not {(s.address, s.port) for s in group.servers} <= park.listening():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ParkError(f"{group.name} does not listen.")
        time.sleep(0.1)
    return process


def run(
    park: Park, groups: t.Sequence[Group], *, cache: Path, tree: str, codes: str
) -> list[dict[str, t.Any]]:
    """All servers of the groups; each group is ended before the next one begins."""
    shutil.copy(HERE / "OldServer.java", park.keys)
    programs, missing = peer_scanners.ensure(cache)
    for sentence in missing:
        print(f"rightness: {sentence}", file=sys.stderr)
    rows: list[dict[str, t.Any]] = []
    for group in groups:
        try:
            process = start(park, group, programs["python"])
        except ParkError as error:
            print(f"rightness: {error}", file=sys.stderr)
            continue
        for server in group.servers:
            rows.append(compare(park, server, programs, tree=tree, codes=codes))
            print(page.brief(rows[-1]), flush=True)
        if process is not None:
            process.kill()
            process.wait()
        elif group.container is not None:
            park.end(group.container.name)
    return rows


def main() -> int:
    """Compare, write the results, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of groups; by default all")
    parser.add_argument("--codes", choices=("known", "all"), default="known")
    parser.add_argument("--list", action="store_true", help="show the groups and their servers")
    parser.add_argument("--page", action="store_true", help="write the page from the last results")
    given = parser.parse_args()
    wanted = [g for g in servers.groups() if not given.only or g.name in given.only.split(",")]
    if given.list:
        for group in wanted:
            print(group.name, *(f"  {server.name}" for server in group.servers), sep="\n")
        return 0
    cache = Path(os.environ["POSTMASTER_CACHE"])
    output = cache / "rightness" / ("part.json" if given.only else "results.json")
    output.parent.mkdir(exist_ok=True)
    if not given.page:
        try:
            with Park("pmtls-right") as park:
                rows = run(
                    park, wanted, cache=cache, tree=os.environ["POSTMASTER_TREE"], codes=given.codes
                )
        except ParkError as error:
            print(f"rightness: {error}", file=sys.stderr)
            return 1
        date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
        versions = measure_versions(cache)
        result = {"date": date, "versions": versions, "servers": rows}
        output.write_text(json.dumps(result, indent=1))
    result = json.loads(output.read_text())
    if not given.only:
        page.put(CHECKOUT / "docs" / "probe-comparison.md", page.written(result))
    wrong = [r for r in result["servers"] if any(d["tool"] == OURS for d in r["differences"])]
    wanted_servers = sum(len(group.servers) for group in wanted)
    print(
        f"{len(result['servers'])} of {wanted_servers} servers compared, the probe differs from the truth on {len(wrong)}"
    )
    return 1 if wrong or len(result["servers"]) < wanted_servers else 0


def measure_versions(cache: Path) -> dict[str, str]:
    """The versions of the scanners."""
    programs, _missing = peer_scanners.ensure(cache)
    return peer_scanners.versions(programs, ("sslscan", "sslyze", "nmap"))


if __name__ == "__main__":
    sys.exit(main())
