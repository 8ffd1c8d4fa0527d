# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One change of a sendmail's configuration: asked for, edited, built, judged, and put into force."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shutil
import tempfile
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._changed_lines import changed_lines
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, replace
from ansible_collections.postmaster.tls.plugins.module_utils._replace import (
    Original,
    Replacement,
    read_original,
    refuse_unwritable,
    write_backup,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import (
    Completed,
    find_command,
    run,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail import _judge
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access import (
    AccessMap,
    access_map,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access_edit import (
    edit_access,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._asked import Asked, asked_of
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import (
    ConfigurationFile,
    parse_cf,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._drift import (
    differences,
    named,
    refusal,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._layout import (
    Layout,
    detect,
    option_macros,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._live import go_live
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._mc_edit import (
    Change,
    Edited,
    edit_defines,
    edit_features,
    edit_raw_options,
    raw_options,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import SHOWABLE
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._running import (
    DEFAULT_PID_FILE,
    spelled_out,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    Build,
    build_of,
)

_SECONDS: t.Final = 120.0
_SECRET: t.Final = re.compile(r"(?i)authinfo:")
_SECRET_LINE: t.Final = re.compile(r"(?im)^([+-]authinfo:\S*)[ \t].*$")
_RELOAD: t.Final = """\
pid() { head -n 1 "$0" 2>/dev/null; }
up() {
  for second in 1 2 3 4 5 6 7 8 9 10; do
    sleep 1
    if kill -0 "$(pid)" 2>/dev/null; then [ "$(pid)" = "$1" ] && [ "$second" -lt 5 ] || return 0; fi
  done
  return 1
}
old=$(pid)
{ kill -HUP "$old" 2>/dev/null && up "$old"; } || { service sendmail restart && up; }
"""


@dataclass(frozen=True)
class Installed:
    """One sendmail: its command, what it was compiled as, and where its system keeps things."""

    command: str
    build: Build
    layout: Layout


@dataclass(frozen=True)
class Candidate:
    """Everything about a change that was made ready: the sources before, the edits, and what comes of them. C(drifted) are the
    lines that sendmail.cf and the mc file did not agree on before.
    """

    mc: Original
    mc_edit: Edited
    access: Original | None
    access_edit: Edited
    live_cf: Original
    cf: str
    database: str = ""
    drifted: tuple[str, ...] = ()

    @property
    def rebuilt(self) -> bool:
        return _judge.body(self.cf) != _judge.body(self.live_cf.text)

    @property
    def unfinished(self) -> bool:
        """Whether a run that was killed left the access map's database as due: nobody else dates it so."""
        return os.path.exists(self.database) and not os.stat(self.database).st_mtime

    @property
    def replacements(self) -> tuple[Replacement, ...]:
        pairs = ((self.mc, self.mc_edit), (self.access, self.access_edit))
        return tuple(
            Replacement(original, edit.text.encode("utf-8", "surrogateescape"))
            for original, edit in pairs
            if original and edit.text != original.text
        )


def change(
    params: t.Mapping[str, t.Any],
    *,
    check_mode: bool,
    writing: contextlib.AbstractContextManager[None],
) -> tuple[dict[str, t.Any], list[str]]:
    """What the module returns, and its warnings. Raises PostmasterTlsError; nothing was changed then.

    The files are written within C(writing), which may refuse that by an error of its own.
    """
    installed = _installed(params)
    asked = asked_of(params, installed.build)
    directory = tempfile.mkdtemp(prefix="postmaster-tls-candidate-")
    try:
        candidate, warnings = _candidate(asked, installed, directory, drift=params["drift"])
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    copies: list[str] = []
    changed = candidate.rebuilt or bool(candidate.replacements) or candidate.unfinished
    if changed:
        for one in candidate.replacements:
            if os.path.exists(one.original.path):
                refuse_unwritable(one.original)
        if not check_mode:
            with writing:
                copies = _apply(candidate, installed.layout, backup=params["backup"])
    return _described(candidate, installed, copies, changed=changed), warnings


def _patient(command: t.Sequence[str]) -> Completed:
    return run(command, timeout=_SECONDS)


def _installed(params: t.Mapping[str, t.Any]) -> Installed:
    command = find_command(params["sendmail_command"])
    if command is None:
        raise NotSupported(
            f"There is no sendmail on this host: the command {params['sendmail_command']} was not found."
        )
    build = build_of(command, _patient)
    layout = detect(_patient)
    if params["mc"]:
        layout = replace(layout, mc=params["mc"])
    return Installed(command, build, layout)


def _edit_mc(asked: Asked, layout: Layout, text: str) -> Edited:
    """The mc file with what was asked: an option by its macro, unless it has none or stands in LOCAL_CONFIG only."""
    macros = option_macros(layout, text) if asked.options else {}
    comments = not layout.prelude
    defines, raw = dict(asked.defines), {}
    for option, value in asked.options.items():
        macro = macros.get(option)
        if macro in asked.defines:
            raise InvalidInput(
                f"The option {option} is the macro {macro}, which defines has too: give it once."
            )
        if macro is None:
            raw[option] = value
            continue
        defines[macro] = value
        if raw_options(text, option):
            raw[option] = None
    features = edit_features(text, asked.features, comments=comments)
    defined = edit_defines(features.text, defines, comments=comments)
    edited = edit_raw_options(defined.text, raw)
    return Edited(edited.text, (*features.changes, *defined.changes, *edited.changes))


def _mc_file(layout: Layout) -> Original:
    """The mc file; where there is none yet, what make would copy to its place."""
    found = read_original(layout.source)
    return replace(found, path=layout.mc, target=os.path.realpath(layout.mc))


def _candidate(
    asked: Asked, installed: Installed, directory: str, *, drift: str
) -> tuple[Candidate, list[str]]:
    layout = installed.layout
    mc, live_cf = _mc_file(layout), read_original(layout.cf)
    edited = _edit_mc(asked, layout, mc.text)
    live = _judge.build(_patient, layout, mc.text, directory, "live")
    drifted = differences(live_cf.text, read_original(live.path).text)
    if drifted and drift == "refuse":
        raise InvalidInput(refusal(layout.cf, drifted))
    built = _judge.build(_patient, layout, edited.text, directory, "candidate")
    warnings = _judge.new_warnings(layout, live, built)
    cf = read_original(built.path).text
    _in_force(asked, spelled_out(parse_cf(cf), installed.build), layout)
    access, access_edit, database = _access(asked, cf, directory, like=mc)
    candidate = Candidate(mc, edited, access, access_edit, live_cf, cf, database, drifted)
    if candidate.rebuilt:
        warnings += _judged(installed, built.path, live.path)
    return candidate, warnings


def _in_force(asked: Asked, cf: ConfigurationFile, layout: Layout) -> None:
    """Raise InvalidInput where a file that the mc file includes sets something else."""
    for option, value in asked.options.items():
        found = [one.value for one in cf.options if one.name.lower() == option.lower()]
        if found != ([] if value is None or not value else [value]):
            seen = str(found or "nothing") if option in SHOWABLE or not found else "something else"
            raise InvalidInput(
                f"{layout.mc} would not set {option} to what was asked, but to {seen}: a file that it"
                " includes, or a line that m4 makes, sets it too; change it there."
            )


def _access(
    asked: Asked, cf: str, directory: str, *, like: Original
) -> tuple[Original | None, Edited, str]:
    """The access map's text, the edit, and the database that is made of it, empty where there is none.

    A text that nobody has written yet is empty, and gets the owner and the mode of another file.
    """
    if not asked.access:
        return None, Edited("", ()), ""
    found = access_map(parse_cf(cf))
    if found is None:
        raise InvalidInput(
            "This sendmail uses no access map: give features: {access_db: []}, or add FEATURE(access_db)."
        )
    original = Original(found.source, os.path.realpath(found.source), b"", like.status)
    if os.path.lexists(found.source):
        original = read_original(found.source)
    edited = edit_access(original.text, asked.access)
    if found.database:
        _made(found, original, edited, f"{directory}/access")
    return original, edited, found.database


def _made(found: AccessMap, original: Original, edited: Edited, path: str) -> None:
    """Let makemap read the text; raises InvalidInput with its words."""
    _judge.write(path, edited.text)
    done = _patient(["sh", "-c", 'exec makemap "$1" "$2.new" < "$2"', "sh", found.kind, path])
    if done.code != 0:
        words = (done.stderr.strip() or done.stdout.strip()).replace(path, original.path)
        raise InvalidInput(
            f"makemap rejects this {original.path}, and nothing was changed. It says: {words}"
        )


def _judged(installed: Installed, candidate: str, live: str) -> list[str]:
    """Raise InvalidInput with sendmail's own words, or return what it could not be asked."""
    cf = installed.layout.cf
    live_words = _judge.listen(_patient, installed.command, live, shown=cf)
    words = _judge.listen(_patient, installed.command, candidate, shown=cf)
    found = _judge.objections(live_words, words)
    if found:
        raise InvalidInput(
            _judge.explain(found, version=installed.build.text, mc=installed.layout.mc)
        )
    return [f"sendmail could not judge everything: {words.reason}."] if words.reason else []


def _apply(candidate: Candidate, layout: Layout, *, backup: bool) -> list[str]:
    suffix = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    originals = [one.original for one in candidate.replacements]
    if candidate.rebuilt:
        originals.append(candidate.live_cf)
    kept = [one for one in originals if os.path.exists(one.path)]
    copies = [write_backup(one, suffix) for one in kept] if backup else []
    due = candidate.unfinished or candidate.access_edit.changes
    database = candidate.database if due else ""
    configuration = candidate.rebuilt or bool(candidate.mc_edit.changes)
    stale = [(layout.built or layout.cf) if configuration else "", database]
    make = layout.make_command(configuration=configuration, database=database)
    go_live(
        _patient,
        replacements=candidate.replacements,
        rewritten=layout.rewritten,
        make=make if any(stale) else (),
        cf=layout.cf,
        expected=candidate.cf,
        stale=[path for path in stale if path],
    )
    return copies


def _described(
    candidate: Candidate, installed: Installed, copies: list[str], *, changed: bool
) -> dict[str, t.Any]:
    access = candidate.access
    rows = [(candidate.mc.path, one) for one in candidate.mc_edit.changes]
    if access:
        rows += [(access.path, one) for one in candidate.access_edit.changes]
    layout = installed.layout
    files = [layout.mc, layout.cf, layout.built, access.path if access else "", candidate.database]
    return {
        "changed": changed,
        "changes": [_row(file, one) for file, one in rows],
        "rebuilt": candidate.rebuilt,
        "files": sorted({one for one in files if one}),
        "backup_files": copies,
        "reload_command": reload_command(candidate.cf),
        "layout": layout.name,
        "version": installed.build.text,
        "diff": _differences(candidate),
    }


def reload_command(cf: str) -> list[str]:
    """A command that lets the daemon read its configuration again, or starts it where that left none.

    A daemon that is told to (op.me, "Forced reload") begins again under another process id, on a busy machine after some
    seconds; it is waited for, lest a second one is started beside it. One that runs in the foreground keeps its process
    id. One that cannot read its configuration ends.
    """
    return ["/bin/sh", "-c", _RELOAD, parse_cf(cf).value("PidFile") or DEFAULT_PID_FILE]


def _row(file: str, one: Change) -> dict[str, str | None]:
    secret = one.kind == "access" and _SECRET.match(one.name)
    before, after = (value and "..." if secret else value for value in (one.before, one.after))
    return {"file": file, "kind": one.kind, "name": one.name, "before": before, "after": after}


def _differences(candidate: Candidate) -> list[dict[str, str]]:
    """The lines that change. Of those that may have a password in them only the name: entries of the access map to log in
    with, and what is not about TLS in lines of sendmail.cf that no mc file built.
    """
    texts = [
        (one.original.path, one.original.text, one.content.decode("utf-8", "surrogateescape"))
        for one in candidate.replacements
    ]
    shown = [_SECRET_LINE.sub(r"\1 ...", changed_lines(*one)) for one in texts]
    if candidate.rebuilt:
        before, after = (
            "\n".join(_judge.body(text)) for text in (candidate.live_cf.text, candidate.cf)
        )
        others = {line[1:] for line in candidate.drifted}
        lines = changed_lines(candidate.live_cf.path, before, after).split("\n")
        shown.append(
            "\n".join(one[:1] + named(one[1:]) if one[1:] in others else one for one in lines)
        )
    return [{"prepared": one} for one in shown]


__all__ = ["Candidate", "Installed", "change"]
