# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A candidate main.cf and master.cf, judged by Postfix itself before they become the live files.

postconf(1) reads both and names parameters that this Postfix does not have; the daemons say what they make of
protocol lists, cipher lists, levels and certificates (_trial.py). What Postfix complains about already does not count.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._collect import (
    parse_parameters,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._edit import Change
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import parse_master
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._trial import (
    Installed,
    Trial,
    ground,
    link_others,
    private_directory,
    write_private,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
    PostfixVersion,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner, find_command

_DAEMONS: t.Final = ("smtpd", "smtp", "lmtp")
_LIST: t.Final = re.compile(r"[a-z]+_tls_(?:mandatory_)?(protocols|ciphers|exclude_ciphers)")
_GRADE: t.Final = re.compile(r"tls_(high|medium|low|export)_cipherlist")
# A list is tried on its own: no certificate, and nothing that only makes sense with mandatory TLS.
_ALONE: t.Final = (
    ("smtpd_tls_security_level", "may"),
    ("smtpd_tls_ask_ccert", "no"),
    ("smtpd_tls_req_ccert", "no"),
    ("smtpd_tls_chain_files", ""),
    ("smtpd_tls_cert_file", "none"),
    ("smtpd_tls_eccert_file", ""),
    ("smtpd_tls_dcert_file", ""),
)
_UNKNOWN: t.Final = re.compile(r"(?P<file>\S+): unused parameter: (?P<name>[^\s=]+)=")
_KEY: t.Final = "the PEM key of the certificate, without a passphrase"
_CHAIN: t.Final = "a PEM file with a key without a passphrase first, then its certificate and those of its issuers"
#: What Postfix says of a file that it cannot load (src/tls/tls_certkey.c of 3.10), and what it wants there.
_UNUSABLE: t.Final = (
    (
        re.compile(r'cannot get \w+ certificate from file "(?P<file>[^"]+)"'),
        "a PEM file with the certificate first and those of its issuers behind it",
    ),
    (re.compile(r'cannot get \w+ private key from file "(?P<file>[^"]+)"'), _KEY),
    (re.compile(r"private key in (?P<file>\S+) (?P<why>does not match [^:]+)"), _KEY),
    (re.compile(r"error opening chain file: (?P<file>.+): (?P<why>[^:]+)$"), _CHAIN),
    (re.compile(r"(?P<why>key at index \d+ in (?P<file>/\S+) (?:does not|not) [^:]+)"), _CHAIN),
    (
        re.compile(
            r"(?P<why>(?:error loading (?!private keys and)|No ).*?) (?:from|in) (?P<file>/[^\s:]+)"
        ),
        _CHAIN,
    ),
)
_OF_OPENSSL: t.Final = re.compile(r"TLS library problem: error:[^:]*:[^:]*:[^:]*:(?P<reason>[^:]+)")


@dataclass(frozen=True)
class Texts:
    main: str
    master: str


@dataclass(frozen=True)
class Postfix:
    """One instance of Postfix on this host, as its own postconf(1) describes it."""

    postconf: str
    config_directory: str
    version: PostfixVersion
    daemon_directory: str
    mail_owner: str

    def installed(self) -> Installed:
        try:
            owner = pwd.getpwnam(self.mail_owner)
        except KeyError as error:
            raise NotSupported(
                f"The user {self.mail_owner}, which Postfix runs as, does not exist."
            ) from error
        return Installed(self.daemon_directory, owner.pw_uid, owner.pw_gid)


@dataclass(frozen=True)
class Judgement:
    """Postfix's own new complaints, and what could not be asked."""

    complaints: tuple[str, ...]
    undetermined: tuple[str, ...]


def locate(run: Runner, *, postconf: str, config_directory: str | None) -> Postfix:
    """Ask postconf about an instance. Raises NotSupported without Postfix, InvalidInput for a wrong directory."""
    command = find_command(postconf)
    if command is None:
        raise NotSupported(
            f"There is no Postfix on this host: the command {postconf} was not found."
        )
    where = ["-c", config_directory] if config_directory else []
    if config_directory and not os.path.isfile(os.path.join(config_directory, "main.cf")):
        raise InvalidInput(
            f"{config_directory} is no configuration directory of Postfix: it has no main.cf."
        )
    names = ("config_directory", "mail_version", "daemon_directory", "mail_owner")
    done = run([command, *where, "-h", *names])
    values = done.stdout.splitlines()
    if done.code != 0 or len(values) != len(names):
        reason = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise CommandFailed(f"{command} does not answer: {reason[-1]}")
    directory = config_directory or values[0]
    return Postfix(command, directory, PostfixVersion.parse(values[1]), values[2], values[3])


def judge(
    run: Runner, postfix: Postfix, *, live: Texts, candidate: Texts, changes: t.Sequence[Change]
) -> Judgement:
    """What Postfix complains about in the candidate and not in the live files; nothing that is live is touched."""
    known = _complaints_of_postconf(run, postfix, live)
    new = [text for text in _complaints_of_postconf(run, postfix, candidate) if text not in known]
    if new:
        return Judgement(tuple(new), ())
    if os.geteuid() != 0:
        reason = "only root can start the daemons of Postfix, which judge TLS settings"
        return Judgement((), (reason,))
    after = {change.parameter: change.after for change in changes}
    complaints, undetermined = _asked(run, postfix, candidate, after)
    if complaints:
        before = {change.parameter: change.before for change in changes}
        known_today = _asked(run, postfix, live, before)[0]
        complaints = {text: label for text, label in complaints.items() if text not in known_today}
    named = tuple(f"{label}: {text}" for text, label in complaints.items())
    return Judgement(named, tuple(undetermined))


def explain(judgement: Judgement, postfix: Postfix) -> str:
    """The complaints as one sentence that names the parameter where Postfix names it."""
    first = judgement.complaints[0]
    unknown = _UNKNOWN.search(first)
    if unknown:
        return (
            f"Postfix {postfix.version} has no parameter {unknown['name']} ({unknown['file']}); nothing was changed: "
            "check its spelling with postconf, or leave it out."
        )
    unusable = _unusable(judgement.complaints)
    if unusable:
        return unusable
    words = "; ".join(judgement.complaints)
    return f"Postfix rejects this change to {postfix.config_directory}, and nothing was changed. Postfix says: {words}"


def _unusable(complaints: t.Sequence[str]) -> str | None:
    """The sentence for a certificate or key that Postfix cannot load; None if the complaints are about something else."""
    for complaint in complaints:
        for pattern, wanted in _UNUSABLE:
            found = pattern.search(complaint)
            if not found:
                continue
            library = next((one for one in map(_OF_OPENSSL.search, complaints) if one), None)
            why = found.groupdict().get("why") or (library["reason"] if library else "")
            return (
                f"Postfix cannot use {found['file']}{f' ({why})' if why else ''}, and nothing was changed: put {wanted} there, or"
                " name another file."
            )
    return None


def _complaints_of_postconf(run: Runner, postfix: Postfix, texts: Texts) -> list[str]:
    directory = private_directory("postmaster-tls-candidate-")
    try:
        link_others(postfix.config_directory, directory)
        write_private(os.path.join(directory, "main.cf"), texts.main)
        write_private(os.path.join(directory, "master.cf"), texts.master)
        words = ""
        for option in ("-n", "-M", "-P"):
            words += run([postfix.postconf, "-c", directory, option]).stderr
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    lines = words.replace(directory, postfix.config_directory).splitlines()
    return list(dict.fromkeys(_plain(line) for line in lines))


def _plain(line: str) -> str:
    """Without the name of the program and without line numbers, which move with every edit."""
    return re.sub(
        r", lines? \d+(?:-\d+)?",
        "",
        re.sub(r"^\S*postconf: (?:(?:warning|fatal|error): )?", "", line),
    )


def _asked(
    run: Runner, postfix: Postfix, texts: Texts, values: t.Mapping[str, str | None]
) -> tuple[dict[str, str], list[str]]:
    """What the daemons complain about, with the service or parameter that was tried; and what could not be asked."""
    complaints: dict[str, str] = {}
    undetermined = []
    try:
        with ground(
            main=texts.main,
            master=texts.master,
            config_directory=postfix.config_directory,
            installed=postfix.installed(),
            values_in=lambda directory: _values(run, postfix, directory),
        ) as place:
            for trial, label in _trials(texts.master, values).items():
                verdict = place.put_to_trial(trial)
                for text in verdict.complaints:
                    complaints.setdefault(text, label)
                if verdict.undetermined:
                    undetermined.append(f"{label}: {verdict.undetermined}")
    except OSError as error:
        undetermined.append(f"no private copy of the configuration can be made ({error.strerror})")
    return complaints, undetermined


def _values(run: Runner, postfix: Postfix, directory: str) -> dict[str, str]:
    return parse_parameters(run([postfix.postconf, "-c", directory]).stdout)


def _trials(master: str, values: t.Mapping[str, str | None]) -> dict[Trial, str]:
    """Each TLS service as it will run, then each changed list by itself: smtpd uses only one of each kind at a time."""
    found: dict[Trial, str] = {}
    for service in parse_master(master):
        if service.command in _DAEMONS:
            overrides = [*service.overrides.items()]
            if service.overrides.get("smtpd_tls_wrappermode") == "yes":
                overrides.append(("smtpd_tls_security_level", "encrypt"))
            label = f"{service.command} ({service.name})"
            found.setdefault(Trial(service.command, tuple(overrides)), label)
    for name, value in values.items():
        if value is not None and (single := _single(name, value)):
            found.setdefault(Trial("smtpd", (*_ALONE, *single)), name)
    return found


def _single(name: str, value: str) -> tuple[tuple[str, str], ...]:
    """The overrides that try one list. Exclusions of main.cf are for whoever reads both: a list of suites is tried without."""
    without = ("smtpd_tls_exclude_ciphers", "")
    if grade := _GRADE.fullmatch(name):
        return without, ("smtpd_tls_ciphers", grade.group(1))
    kind = _LIST.fullmatch(name)
    if kind is None:
        return ()
    tried = (f"smtpd_tls_{kind.group(1)}", value)
    return (tried,) if kind.group(1) == "exclude_ciphers" else (without, tried)


__all__ = ["Judgement", "Postfix", "Texts", "explain", "judge", "locate"]
