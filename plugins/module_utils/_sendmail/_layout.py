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
import shlex
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import read_file
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._m4 import cf_m4_of
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._program import DEFAULT_CF

DIRECTORY: t.Final = "/etc/mail"
_CF_DIRECTORIES: t.Final = (
    "/usr/share/sendmail/cf",
    "/usr/local/share/sendmail/cf",
    "/usr/src/contrib/sendmail/cf",
)
_OPTION: t.Final = re.compile(r"_OPTION\((?P<option>[A-Za-z.]+),\s*`(?P<macro>conf\w+)'")
_OF_FREEBSD: t.Final = ("SENDMAIL_MC", "INSTALL_CF", "SENDMAIL_CF_DIR", "SENDMAIL_M4_FLAGS")


@dataclass(frozen=True)
class Layout:
    """One system. C(command) is its own make; C(targets) and C(map_targets) are given to it, where C({cf}) and
    C({database}) stand for sendmail.cf and the access map's database, C({cf_name}) and C({database_name}) for their names.

    C(built) is the file that make writes first, where it is not the live one; with C(prelude) the file cf.m4 of this
    directory is read before the mc file, which does not include it, and C(flags) are given to m4. C(template) is what
    make copies where there is no mc file yet, C(rewritten) what it makes anew besides when the mc file has changed.
    """

    name: str
    mc: str
    built: str = ""
    command: tuple[str, ...] = ("make", "-C", DIRECTORY)
    targets: tuple[str, ...] = ()
    map_targets: tuple[str, ...] = ()
    prelude: str = ""
    flags: tuple[str, ...] = ()
    template: str = ""
    rewritten: tuple[str, ...] = ()
    cf: str = DEFAULT_CF

    @property
    def source(self) -> str:
        """The file that is read as the mc file: the template where there is none yet."""
        return self.template if self.template and not os.path.exists(self.mc) else self.mc

    def m4_command(self, mc: str) -> list[str]:
        """The command that prints the sendmail.cf of an mc file."""
        first: list[str] = []
        if self.prelude:
            first = [f"-D_CF_DIR_={self.prelude}/", *self.flags, f"{self.prelude}/m4/cf.m4"]
        return ["m4", "-I", DIRECTORY, *first, mc]

    def make_command(self, *, configuration: bool, database: str | None) -> list[str]:
        """The system's own make for what changed; C(database) is that of the access map if that changed."""
        targets = [*(self.targets if configuration else ())]
        names = {"cf": self.cf, "cf_name": os.path.basename(self.cf)}
        if database:
            targets += self.map_targets
            names.update(database=database, database_name=os.path.basename(database))
        return [*self.command, *(one.format(**names) for one in targets)]


def _debian(_run: Runner) -> Layout:
    return Layout(
        "debian",
        mc=f"{DIRECTORY}/sendmail.mc",
        targets=("{cf}",),
        map_targets=("{database}",),
        rewritten=(f"{DIRECTORY}/databases", f"{DIRECTORY}/Makefile"),
    )


def _freebsd(run: Runner) -> Layout:
    """What make itself says: the mc file, the directory of m4 files and more can be set in make.conf and Makefile.local."""
    command = ["make", "-C", DIRECTORY]
    done = run([*command, *(word for name in _OF_FREEBSD for word in ("-V", f"${{{name}}}"))])
    if done.code != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["nothing"]
        raise CommandFailed(
            f"'{' '.join(command)}' does not tell which mc file it builds; it says: {words[0]}."
        )
    lines = [*done.stdout.splitlines(), *[""] * len(_OF_FREEBSD)]
    mc, built, prelude, flags = (line.strip() for line in lines[: len(_OF_FREEBSD)])
    directories = [one for one in _CF_DIRECTORIES if os.path.isfile(f"{one}/m4/cf.m4")]
    return Layout(
        "freebsd",
        mc=os.path.join(DIRECTORY, mc),
        built=os.path.join(DIRECTORY, built),
        targets=("install-cf",),
        map_targets=("{database_name}",),
        prelude=prelude or (directories or [*_CF_DIRECTORIES])[0],
        flags=tuple(shlex.split(flags)),
        template=f"{DIRECTORY}/freebsd.mc",
    )


def _redhat(_run: Runner) -> Layout:
    """Red Hat's make is a script of that name, which its Makefile calls for everything at once."""
    script = f"{DIRECTORY}/make"
    mc = f"{DIRECTORY}/sendmail.mc"
    if not os.access(script, os.X_OK):
        return Layout("redhat", mc=mc)
    return Layout(
        "redhat",
        mc=mc,
        command=(script,),
        targets=("{cf_name}",),
        map_targets=("{database_name}",),
    )


_BY_MAKEFILE: t.Final[tuple[tuple[str, t.Callable[[Runner], Layout]], ...]] = (
    (r"/usr/share/sendmail/update_mk", _debian),
    (r"SENDMAIL_CF_DIR", _freebsd),
    (r"sendmail-cf|\./make|/etc/mail/make\b", _redhat),
)


def detect(run: Runner) -> Layout:
    """The layout of this host, told by its /etc/mail/Makefile. Raises NotSupported where there is none that is known, and
    CommandFailed where make does not work.
    """
    path = os.path.join(DIRECTORY, "Makefile")
    try:
        text = read_file(path)
    except OSError as error:
        raise NotSupported(
            f"{path} cannot be read ({error.strerror}): it is what builds sendmail.cf on Debian, Red Hat and FreeBSD;"
            " install the package that brings it (sendmail-base, sendmail-cf)."
        ) from error
    for pattern, layout in _BY_MAKEFILE:
        if re.search(pattern, text):
            return layout(run)
    raise NotSupported(f"{path} is neither Debian's nor Red Hat's nor FreeBSD's.")


def option_macros(layout: Layout, mc: str) -> dict[str, str]:
    """The m4 macro of each option of sendmail.cf, as the proto.m4 that an mc file is built with has them.

    Raises NotSupported when that file cannot be found.
    """
    directory = layout.prelude or os.path.dirname(os.path.dirname(cf_m4_of(mc)))
    path = os.path.join(directory, "m4", "proto.m4")
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return {found["option"]: found["macro"] for found in _OPTION.finditer(stream.read())}
    except OSError as error:
        raise NotSupported(
            f"{layout.mc} names no directory with m4/proto.m4 ({path}: {error.strerror}): it must include"
            " sendmail's m4/cf.m4, which is in the package sendmail-cf on Debian and Red Hat."
        ) from error


__all__ = ["DIRECTORY", "Layout", "detect", "option_macros"]
