# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of the probe behave as the standard module's dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils import _records

MODULES: t.Any = (_records, dataclasses)


def made(module: t.Any) -> t.Any:
    @module.dataclass(frozen=True)
    class Point:
        known: t.ClassVar[int] = 7
        x: int
        y: int = 2
        tags: list[str] = module.field(default_factory=list)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("negative")

        @property
        def double(self) -> int:
            return 2 * self.x

    return Point


@_records.dataclass(frozen=True)
class Here:
    x: int
    y: int = 0


@pytest.fixture(params=MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def point(request: pytest.FixtureRequest) -> t.Any:
    return made(request.param)


def test_fields_come_by_place_by_name_and_by_default(point: t.Any) -> None:
    one = point(1, tags=["a"])
    assert (one.x, one.y, one.tags, one.double, one.known) == (1, 2, ["a"], 2, 7)
    assert repr(one).endswith("Point(x=1, y=2, tags=['a'])")


def test_a_factory_makes_a_value_for_each_record(point: t.Any) -> None:
    assert point(1).tags is not point(1).tags


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((1, 2, [], 4), {}),
        ((1,), {"z": 1}),
        ((1, 2), {"y": 3}),
        ((), {"y": 3}),
        ((), {"z": 3}),
    ],
    ids=["missing", "too many", "unknown", "twice", "one missing", "unknown for missing"],
)
def test_a_call_that_does_not_fit_is_refused(
    point: t.Any, values: tuple[t.Any, ...], named: dict[str, t.Any]
) -> None:
    with pytest.raises(TypeError):
        point(*values, **named)


@pytest.mark.parametrize("module", MODULES)
def test_a_field_can_be_kept_out_of_the_representation(module: t.Any) -> None:
    names = {"__annotations__": {"a": "int", "b": "int"}, "b": module.field(repr=False)}
    secret = module.dataclass(frozen=True)(type("Secret", (), names))
    assert repr(secret(1, 2)).endswith("Secret(a=1)")
    with pytest.raises(TypeError):
        secret(1)


def test_the_check_of_a_record_is_called(point: t.Any) -> None:
    with pytest.raises(ValueError, match="negative"):
        point(-1)


def test_a_frozen_record_cannot_be_changed(point: t.Any) -> None:
    one = point(1)
    with pytest.raises(AttributeError):
        one.x = 2
    with pytest.raises(AttributeError):
        del one.x
    assert one.x == 1


@pytest.mark.parametrize("module", MODULES)
def test_equality_and_hash_are_those_of_the_fields(module: t.Any) -> None:
    point, other = made(module), made(module)
    assert point(1, tags=[]) == point(1)
    assert point(1) != point(2)
    assert point(1) != other(1)
    frozen = module.dataclass(frozen=True)(type("Pair", (), {"__annotations__": {"a": "int"}}))
    assert hash(frozen(1)) == hash(frozen(1))
    loose = module.dataclass(type("Loose", (), {"__annotations__": {"a": "int"}}))
    with pytest.raises(TypeError, match="unhashable"):
        hash(loose(1))


@pytest.mark.parametrize("module", MODULES)
def test_a_record_that_is_not_frozen_can_be_changed(module: t.Any) -> None:
    loose = module.dataclass(type("Loose", (), {"__annotations__": {"a": "int"}}))(1)
    loose.a = 2
    assert loose.a == 2


@pytest.mark.parametrize("module", MODULES)
def test_fields_are_inherited(module: t.Any) -> None:
    base = made(module)
    child = module.dataclass(frozen=True)(
        type("Child", (base,), {"__annotations__": {"z": "int"}, "z": 5})
    )
    assert (child(1).x, child(1).y, child(1).z) == (1, 2, 5)


def test_both_ways_of_replacing_give_the_same() -> None:
    one = Here(1)
    assert _records.replace(one, y=3) == dataclasses.replace(one, y=3) == Here(1, 3)
    with pytest.raises(TypeError):
        _records.replace(one, z=3)


def test_the_standard_module_knows_a_record() -> None:
    assert dataclasses.is_dataclass(Here(1))
    assert [field.name for field in dataclasses.fields(Here)] == ["x", "y"]
    assert dataclasses.asdict(Here(1)) == {"x": 1, "y": 0}


def test_a_record_can_be_copied_and_pickled() -> None:
    assert copy.deepcopy(Here(1)) == pickle.loads(pickle.dumps(Here(1))) == Here(1)


def test_the_probe_does_not_load_the_standard_module() -> None:
    script = (
        "import sys\n"
        "from ansible_collections.postmaster.tls.plugins.module_utils._probe import _report\n"
        "sys.exit(', '.join(sorted({'dataclasses', 'inspect', 'ssl', 'asyncio'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
