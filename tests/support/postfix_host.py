# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Postfix host on paper: evaluates main.cf and master.cf by itself, and says the facts that a plan starts from.

It shares no code with the plan; the defaults come from the recorded history of mail_params.h.
"""

from __future__ import annotations

import functools
import json
import re
import typing as t
from dataclasses import dataclass, field, replace
from pathlib import Path

HISTORY = json.loads(
    (Path(__file__).parents[1] / "fixtures/postfix_tls_param_history.json").read_text(
        encoding="utf-8"
    )
)
#: The policies that come with the collection.
POLICIES = [
    "mozilla-intermediate-6.0",
    "mozilla-modern-6.0",
    "mozilla-old-5.8",
    "ncsc-nl-2025-05",
    "rfc9325",
    "bettercrypto",
    "postfix-default",
]
DIRECTORY = "/etc/postfix"
BUILD_DEFAULTS = {
    "tls_eecdh_auto_curves": "X25519 X448 prime256v1 secp384r1 secp521r1",
    "tls_ffdhe_auto_groups": "ffdhe2048 ffdhe3072",
    "smtpd_tls_eecdh_grade": "auto",
    "smtp_tls_security_level": "may",
}


def release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


#: Every release that a plan is made for.
RELEASES = [version for version in HISTORY["versions"] if release(version) >= (2, 6)]


@functools.cache
def defaults(version: str) -> dict[str, str]:
    """Every TLS parameter of a release with its default."""
    found: dict[str, str] = {}
    for name, entries in HISTORY["parameters"].items():
        value = None
        for first, default in entries:
            if release(first) <= release(version):
                value = default
        if value is not None:
            found[name] = BUILD_DEFAULTS.get(name, "") if value.startswith("(") else value
    return found


@dataclass(frozen=True)
class Entry:
    """One entry of master.cf."""

    name: str
    command: str
    lane: str
    overrides: dict[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return {
            "smtpd": "smtpd_tls_",
            "tlsproxy": "tlsproxy_tls_",
            "postscreen": "postscreen_tls_",
        }.get(self.command, "smtp_tls_")


MX = Entry("smtp/inet", "smtpd", "mx")
SUBMISSION = Entry(
    "submission/inet", "smtpd", "submission", {"smtpd_tls_security_level": "encrypt"}
)
SMTPS = Entry("smtps/inet", "smtpd", "submission", {"smtpd_tls_wrappermode": "yes"})
CLIENT = Entry("smtp/unix", "smtp", "outbound")
RELAY = Entry("relay/unix", "smtp", "outbound")
POSTSCREEN = (
    Entry("smtp/inet", "postscreen", "mx"),
    Entry("tlsproxy/unix", "tlsproxy", "mx"),
    Entry("smtpd/pass", "smtpd", "mx"),
)
USUAL = (MX, SUBMISSION, SMTPS, CLIENT, RELAY)


@dataclass(frozen=True)
class Host:
    version: str = "3.10.0"
    library: str = "OpenSSL 3.5.4"
    main: dict[str, str] = field(default_factory=lambda: {"smtpd_tls_security_level": "may"})
    entries: tuple[Entry, ...] = USUAL
    certificates: tuple[str, ...] = ("RSA",)

    def value(self, entry: Entry, name: str) -> str:
        known = {**defaults(self.version), **self.main, **entry.overrides}
        return self._expand(known.get(name, ""), known)

    def _expand(self, text: str, known: dict[str, str]) -> str:
        text = re.sub(r"\$\{\{.*", "", text)
        return re.sub(
            r"\$\{?(\w+)\}?", lambda match: self._expand(known.get(match[1], ""), known), text
        )

    def level(self, entry: Entry) -> str:
        if entry.command == "smtpd" and self.value(entry, "smtpd_tls_wrappermode") == "yes":
            return "encrypt"
        level = self.value(entry, f"{entry.prefix}security_level")
        daemon = entry.prefix.partition("_")[0]
        if level:
            return level
        if self.value(entry, f"{daemon}_enforce_tls") == "yes":
            return "encrypt"
        return "may" if self.value(entry, f"{daemon}_use_tls") == "yes" else "none"

    def modes(self, entry: Entry) -> set[str]:
        """The infixes of the parameters that are read: empty text and mandatory_."""
        level = self.level(entry)
        if entry.lane == "outbound" and (
            level == "dane" or self.value(entry, "smtp_tls_policy_maps")
        ):
            return {"", "mandatory_"}
        if level == "none":
            return set()
        return {"" if level == "may" else "mandatory_"}

    def read_values(self, entry: Entry) -> dict[str, str]:
        """Every value that has an effect on the TLS of a service at its level."""
        prefix, found = entry.prefix, {"level": self.level(entry)}
        for infix in self.modes(entry):
            found |= self._of_mode(entry, infix)
        if self.modes(entry):
            for name in (
                "tls_eecdh_auto_curves",
                "tls_ffdhe_auto_groups",
                f"{prefix}exclude_ciphers",
            ):
                found[name] = self.value(entry, name)
            if entry.lane != "outbound":
                found["tls_preempt_cipherlist"] = self.value(entry, "tls_preempt_cipherlist")
                found[f"{prefix}eecdh_grade"] = self.value(entry, f"{prefix}eecdh_grade")
        return found

    def _of_mode(self, entry: Entry, infix: str) -> dict[str, str]:
        grade = self.value(entry, f"{entry.prefix}{infix}ciphers")
        names = [f"{entry.prefix}{infix}{word}" for word in ("protocols", "ciphers")]
        names += [f"tls_{grade}_cipherlist"]
        names += [f"{entry.prefix}mandatory_exclude_ciphers"] if infix else []
        return {name: self.value(entry, name) for name in names}

    def cipher_list(self, entry: Entry, infix: str) -> tuple[str, tuple[str, ...]]:
        """The list of the grade in force, and the exclusions on top of it."""
        prefix = entry.prefix
        grade = self.value(entry, f"{prefix}{infix}ciphers")
        excluded = [self.value(entry, f"{prefix}exclude_ciphers")]
        excluded += [self.value(entry, f"{prefix}mandatory_exclude_ciphers")] if infix else []
        words = [word for text in excluded for word in re.split(r"[\s,:]+", text) if word]
        return self.value(entry, f"tls_{grade}_cipherlist"), tuple(words)

    def facts(self, *, as_written: bool = True) -> dict[str, t.Any]:
        """The facts of this host; without ``as_written``, nothing says what is set where."""
        services = [self._service(entry) for entry in self.entries if entry.command != "tlsproxy"]
        instance: dict[str, t.Any] = {
            "version": self.version,
            "config_directory": DIRECTORY,
            "library": {"path": "/usr/lib/libssl.so", "version": self.library},
            "services": services,
        }
        if as_written:
            instance["parameters"] = dict(self.main)
        else:
            for service in services:
                del service["overrides"]
        return {
            "detected": ["postfix"],
            "postfix": [instance],
            "certificates": [
                {"file": f"/etc/ssl/{kind}.pem", "key_type": kind, "key_bits": 2048}
                for kind in self.certificates
            ],
        }

    def _service(self, entry: Entry) -> dict[str, t.Any]:
        shown = entry
        if entry.command == "postscreen":
            shown = next(other for other in self.entries if other.command == "tlsproxy")
        names = [*defaults(self.version), *self.main]
        prefixes = (shown.prefix, "tls_", "smtpd_tls_wrappermode")
        return {
            "name": entry.name,
            "daemons": ["postscreen", "tlsproxy"]
            if entry.command == "postscreen"
            else [entry.command],
            "direction": "outbound" if entry.lane == "outbound" else "inbound",
            "lane": entry.lane,
            "security_level": self.level(entry),
            "parameters": {
                name: self.value(shown, name) for name in names if name.startswith(prefixes)
            },
            "overrides": dict(shown.overrides),
            "certificate_files": [f"/etc/ssl/{kind}.pem" for kind in self.certificates],
            "ciphers": None,
        }

    def with_plan(self, plan: dict[str, t.Any]) -> Host:
        changes = plan["instances"][DIRECTORY]
        assert set(changes["services"]) <= {entry.name for entry in self.entries}
        return replace(
            self,
            main=_changed(self.main, changes["parameters"]),
            entries=tuple(
                replace(
                    entry,
                    overrides=_changed(entry.overrides, changes["services"].get(entry.name, {})),
                )
                for entry in self.entries
            ),
        )


def _changed(values: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    merged = {**values, **changes}
    return {name: value for name, value in merged.items() if value is not None}
