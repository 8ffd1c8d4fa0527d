# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change is put into force within what its caller gives, and not at all where that refuses."""

from __future__ import annotations

import contextlib
import types
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import CommandFailed
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail import _change


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened, in its order; everything is ready to be applied."""
    happened: list[str] = []

    def apply(*_arguments: object, backup: bool) -> list[str]:
        happened.append(f"applied, backup {backup}")
        return []

    ready = types.SimpleNamespace(rebuilt=True, replacements=(), unfinished=False)
    installed = types.SimpleNamespace(build=None, layout=None)
    monkeypatch.setattr(_change, "_installed", lambda _params: installed)
    monkeypatch.setattr(_change, "asked_of", lambda *_arguments: None)
    monkeypatch.setattr(_change, "_candidate", lambda *_arguments, **_options: (ready, []))
    monkeypatch.setattr(_change, "_apply", apply)
    monkeypatch.setattr(_change, "_described", lambda *_arguments, changed: {"changed": changed})
    return happened


PARAMS: t.Final = {"drift": "refuse", "backup": False}


def test_it_is_applied_within(applied: list[str]) -> None:
    @contextlib.contextmanager
    def writing() -> t.Iterator[None]:
        applied.append("locked")
        yield
        applied.append("free")

    _change.change(PARAMS, check_mode=False, writing=writing())
    assert applied == ["locked", "applied, backup False", "free"]


class Refusing(contextlib.nullcontext[None]):
    """Nothing may be written within."""

    def __enter__(self) -> None:
        raise CommandFailed("too late")


def test_what_is_refused_is_not_applied(applied: list[str]) -> None:
    with pytest.raises(CommandFailed, match="too late"):
        _change.change(PARAMS, check_mode=False, writing=Refusing())
    assert applied == []


def test_in_check_mode_nothing_is_asked_for(applied: list[str]) -> None:
    described, _warnings = _change.change(PARAMS, check_mode=True, writing=Refusing())
    assert described == {"changed": True}
    assert applied == []
