# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Where each system keeps what sendmail is configured with, and how its own make builds it.

Source: /usr/share/sendmail/update_mk of Debian's sendmail-base 8.15.2 to 8.18.2 (it writes /etc/mail/Makefile);
/etc/mail/Makefile and /etc/mail/make of Red Hat's sendmail package; etc/mail/Makefile of FreeBSD (freebsd-src).
"""

from __future__ import annotations

import os
import re
import socket
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._mc_edit import includes

DIRECTORY: t.Final = "/etc/mail"
MAKE_CONF: t.Final = "/etc/make.conf"
_CF_DIRECTORIES: t.Final = (
    "/usr/share/sendmail/cf",
    "/usr/local/share/sendmail/cf",
    "/usr/src/contrib/sendmail/cf",
)
_OPTION: t.Final = re.compile(r"_OPTION\((?P<option>[A-Za-z.]+),\s*`(?P<macro>conf\w+)'")


@dataclass(frozen=True)
class Layout:
    """One system. C(targets) and C(map_targets) are given to make; C({cf}), C({access}) and
    C({name}) stand for sendmail.cf, the access map's text and its name.

    C(built) is the file that make writes first, where it is not the live one; with C(prelude) the file cf.m4 of this
    directory is read before the mc file, which does not include it.
    """

    name: str
    mc: str
    built: str = ""
    targets: tuple[str, ...] = ()
    map_targets: tuple[str, ...] = ()
    prelude: str = ""
    cf: str = f"{DIRECTORY}/sendmail.cf"

    def m4_command(self, mc: str) -> list[str]:
        """The command that prints the sendmail.cf of an mc file."""
        first = [f"-D_CF_DIR_={self.prelude}/", f"{self.prelude}/m4/cf.m4"] if self.prelude else []
        return ["m4", "-I", DIRECTORY, *first, mc]

    def make_command(self, *, configuration: bool, access: str | None) -> list[str]:
        """The system's own make for what changed; C(access) is the source of the access map if that changed."""
        command = ["make", "-C", DIRECTORY]
        if configuration:
            command += [one.format(cf=self.cf) for one in self.targets]
        if access:
            name = os.path.basename(access)
            command += [one.format(access=access, name=name) for one in self.map_targets]
        return command


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return "\n" + stream.read()
    except OSError:
        return ""


def _debian(_makefile: str) -> Layout:
    return Layout(
        "debian",
        mc=f"{DIRECTORY}/sendmail.mc",
        targets=("{cf}",),
        map_targets=("{access}.db",),
    )


def _freebsd(makefile: str) -> Layout:
    """The mc file that make.conf names, or else that of the host's name."""
    settings = makefile + _text(MAKE_CONF)
    given = re.search(r"^SENDMAIL_MC\s*\??=\s*(?P<path>/\S+)", settings, re.MULTILINE)
    mc = given["path"] if given else f"{DIRECTORY}/{socket.gethostname()}.mc"
    directories = [one for one in _CF_DIRECTORIES if os.path.isfile(f"{one}/m4/cf.m4")]
    return Layout(
        "freebsd",
        mc=mc,
        built=os.path.splitext(mc)[0] + ".cf",
        targets=("install-cf",),
        map_targets=("{name}.db",),
        prelude=directories[0] if directories else _CF_DIRECTORIES[0],
    )


def _redhat(_makefile: str) -> Layout:
    return Layout("redhat", mc=f"{DIRECTORY}/sendmail.mc")


_BY_MAKEFILE: t.Final[tuple[tuple[str, t.Callable[[str], Layout]], ...]] = (
    (r"/usr/share/sendmail/update_mk", _debian),
    (r"SENDMAIL_CF_DIR", _freebsd),
    (r"sendmail-cf|\./make|/etc/mail/make\b", _redhat),
)


def detect() -> Layout:
    """The layout of this host, told by its /etc/mail/Makefile. Raises NotSupported where there is none that is known."""
    path = os.path.join(DIRECTORY, "Makefile")
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
    except OSError as error:
        raise NotSupported(
            f"{path} cannot be read ({error.strerror}): it is what builds sendmail.cf on Debian, Red Hat and FreeBSD;"
            " install the package that brings it (sendmail-base, sendmail-cf)."
        ) from error
    for pattern, layout in _BY_MAKEFILE:
        if re.search(pattern, text):
            return layout(text)
    raise NotSupported(f"{path} is neither Debian's nor Red Hat's nor FreeBSD's.")


def option_macros(layout: Layout, mc: str) -> dict[str, str]:
    """The m4 macro of each option of sendmail.cf, as the proto.m4 that an mc file is built with has them.

    Raises NotSupported when that file cannot be found.
    """
    named = [one for one in includes(mc) if one.endswith("/m4/cf.m4")]
    directory = layout.prelude or (os.path.dirname(os.path.dirname(named[0])) if named else "")
    path = os.path.join(directory, "m4", "proto.m4")
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return {found["option"]: found["macro"] for found in _OPTION.finditer(stream.read())}
    except OSError as error:
        raise NotSupported(
            f"{layout.mc} names no directory with m4/proto.m4 ({path}: {error.strerror}): it must include"
            " sendmail's m4/cf.m4."
        ) from error


__all__ = ["DIRECTORY", "MAKE_CONF", "Layout", "detect", "option_macros"]
