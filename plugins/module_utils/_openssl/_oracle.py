# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The libraries in use, each loaded once with each configuration, and what they have already been asked."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import (
    Matcher,
    Possible,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import (
    Effective,
    effective,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._linked import (
    Linked,
    linked_libraries,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Library,
    Refusal,
    Settings,
    Step,
    start_library,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    field,
    replace,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_EVERY_TLS13: t.Final = ":".join(
    (
        *("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"),
        *("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"),
    )
)
_MOST_STARTS: t.Final = 5
_Key = tuple[Linked, str, str, tuple[tuple[str, str], ...]]
_NO_PROTOCOL: t.Final = 0x3E000000  # SSL_OP_NO_SSLv3 to SSL_OP_NO_TLSv1_3
_OLD: t.Final = tuple(one for one in Protocol if one < Protocol.TLSv1_2)


def _numbers(protocols: t.Iterable[Protocol]) -> tuple[int, ...]:
    return tuple(int(one) for one in protocols)


def _wider(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps with all suites: also where the MTA leaves a list as it is."""
    if not steps:
        return ()
    kept = tuple(step for step in steps if step[0] not in ("ciphers", "suites"))
    return (*kept, ("ciphers", False), ("suites", False, _EVERY_TLS13))


def unrestricted(
    settings: Settings, level: int, *, excluded: t.Iterable[Protocol] = ()
) -> Settings:
    """The same with all suites at a security level, and with all protocols but those that are excluded."""
    return replace(
        settings,
        ciphers=f"ALL:COMPLEMENTOFALL:@SECLEVEL={level}",
        suites=_EVERY_TLS13,
        level=0,
        options=settings.options & ~_NO_PROTOCOL,
        excluded=_numbers(excluded),
        steps=_wider(settings.steps),
    )


@dataclass
class Oracle:
    """One library and what it has already been asked: services with equal settings share the answers."""

    library: Library
    _answers: dict[Settings, Effective | NotSupported] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.matcher = Matcher(self.library)

    def effective(self, settings: Settings) -> Effective:
        """The same of every service with these settings. Raises NotSupported where the library fails, and does not ask again:
        what has ended it once would do so for every service.
        """
        if settings not in self._answers:
            try:
                self._answers[settings] = effective(self.library, settings)
            except NotSupported as error:
                self._answers[settings] = error
        found = self._answers[settings]
        if isinstance(found, NotSupported):
            raise found
        return found

    def goes_on_with(self, library: Library) -> None:
        """Ask the same library in another child."""
        self.library, self.matcher = library, Matcher(library)

    def served(self, settings: Settings) -> list[list[str]]:
        """The chains, in PEM, that a server with these settings sends; none where the library makes no context."""
        context = self.library.open(settings)
        return [] if isinstance(context, Refusal) else self.library.served(context)

    def possible(self, settings: Settings, level: int) -> Possible | None:
        """What the certificates and groups allow at a security level and without one; None where nothing is held back: at level
        0, with TLS 1.3.
        """
        if not level and int(Protocol.TLSv1_3) not in settings.excluded:
            return None
        lost = {one for one in _OLD if int(one) not in settings.excluded}
        lost -= set(self.effective(settings).suites)
        asked = [one for one in _OLD if lost and one >= min(lost)]
        served, offered = [], []
        for number in (level, 0):
            missing = (one for one in _OLD if one not in asked)
            wider = unrestricted(settings, number, excluded=missing)
            served.append(self.effective(wider))
            plain = wider.without_certificates()
            client = replace(plain, role="client", excluded=_numbers(_OLD))
            offered.append(frozenset(self.effective(client).order()))
        forbidden = set(served[1].suites) - set(served[0].suites)
        at_level, without = (frozenset(one.order()) for one in served)
        return Possible(at_level, without, offered[1] - offered[0], frozenset(asked) & forbidden)


class Libraries:
    """The libraries in use, each loaded once with each configuration, all closed at the end.

    With `absent`, which says why, no library is there to be asked.
    """

    def __init__(self, run: Runner, stack: contextlib.ExitStack, *, absent: str = "") -> None:
        self._run = run
        self._absent = absent
        self._stack = stack
        self._linked: dict[str, Linked | NotSupported] = {}
        self._oracles: dict[_Key, Oracle | NotSupported] = {}
        self._again = _MOST_STARTS

    def linked(self, program: str) -> Linked:
        """The libraries of a program. Raises NotSupported with the reason if they cannot be found out."""
        if self._absent:
            raise NotSupported(self._absent)
        if program not in self._linked:
            try:
                self._linked[program] = linked_libraries(program, self._run)
            except NotSupported as error:
                self._linked[program] = error
        found = self._linked[program]
        if isinstance(found, NotSupported):
            raise found
        return found

    def oracle(
        self,
        linked: Linked,
        config_file: str = "",
        config_name: str = "",
        environment: tuple[tuple[str, str], ...] = (),
    ) -> Oracle:
        """The library, initialised as the program initialises it, and started again where a question has ended it. Raises
        NotSupported if it does not start.
        """
        key = (linked, config_file or "default", config_name, environment)
        if key not in self._oracles:
            try:
                self._oracles[key] = Oracle(self._start(key))
            except NotSupported as error:
                self._oracles[key] = error
        found = self._oracles[key]
        if isinstance(found, Oracle) and found.library.ended and self._again:
            self._again -= 1
            found.goes_on_with(self._start(key))
        if isinstance(found, NotSupported):
            raise found
        return found

    def _start(self, key: _Key) -> Library:
        linked, file, name, environment = key
        library = start_library(linked, config_file=file, config_name=name, environment=environment)
        return self._stack.enter_context(contextlib.closing(library))


__all__ = ["Libraries", "Oracle", "unrestricted"]
