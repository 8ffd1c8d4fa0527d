# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the probe uses of C(dataclasses), without its price.

A probe takes less CPU than the standard module needs to load and to write the methods of the probe's classes. Type
checkers see the standard module. At run time a class gets one shared set of methods, and C(dataclasses) itself, for
whoever calls C(dataclasses.replace) or C(asdict) on a record, is loaded when its list of fields is first asked for.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:

    class FrozenRecordError(AttributeError):
        """A frozen record was assigned to."""

    class _Field:
        def __init__(self, make: t.Callable[[], t.Any] | None, shown: bool) -> None:
            self.make = make
            self.shown = shown

    class _Fields:
        """The list that the standard module asks for."""

        def __get__(self, record: t.Any, cls: type) -> dict[str, t.Any]:
            from dataclasses import make_dataclass  # noqa: PLC0415 - what this module saves

            return make_dataclass(cls.__name__, cls._record_names).__dataclass_fields__

    def dataclass(cls: t.Any = None, /, *, frozen: bool = False) -> t.Any:
        """Give a class the methods of a dataclass; of the options there is only C(frozen)."""
        if cls is None:
            return lambda decorated: dataclass(decorated, frozen=frozen)
        own = _annotated(cls)
        given = {name: vars(cls)[name] for name in own if name in vars(cls)}
        special = {name: value for name, value in given.items() if isinstance(value, _Field)}
        made = {name: value.make for name, value in special.items() if value.make}
        hidden = {name for name, value in special.items() if not value.shown}
        plain = {name: value for name, value in given.items() if name not in special}
        cls._record_names = tuple(dict.fromkeys((*getattr(cls, "_record_names", ()), *own)))
        cls._record_set = frozenset(cls._record_names)
        cls._record_defaults = {**getattr(cls, "_record_defaults", {}), **plain}
        cls._record_factories = {**getattr(cls, "_record_factories", {}), **made}
        cls._record_hidden = getattr(cls, "_record_hidden", set()) | hidden
        cls._record_checked = hasattr(cls, "__post_init__")
        cls.__dataclass_fields__ = _Fields()
        cls.__init__, cls.__repr__, cls.__eq__ = _initialise, _represent, _equal
        cls.__hash__ = _hash if frozen else None
        if frozen:
            cls.__setattr__, cls.__delattr__ = _refuse, _refuse
        return cls

    def field(
        *,
        default_factory: t.Callable[[], t.Any] | None = None,
        repr: bool = True,  # noqa: A002
    ) -> t.Any:
        """A field whose default is made anew for each record, or that its representation leaves out."""
        return _Field(default_factory, repr)

    def replace(record: t.Any, **changes: t.Any) -> t.Any:
        """The same record with other values in some fields."""
        return type(record)(**{**vars(record), **changes})

    def _annotated(cls: type) -> list[str]:
        """Its own fields; since Python 3.14 the annotations are no plain entry of the class."""
        own = vars(cls).get("__annotations__")
        annotations = getattr(cls, "__annotations__", {}) if own is None else own
        return [name for name, kind in annotations.items() if "ClassVar" not in str(kind)]

    def _initialise(self: t.Any, *values: t.Any, **named: t.Any) -> None:
        names = self._record_names
        if len(values) == len(names) and not named:
            self.__dict__.update(zip(names, values))
        elif not values and named.keys() == self._record_set:
            self.__dict__.update(named)
        else:
            _fill(self, values, named)
        if self._record_checked:
            self.__post_init__()

    def _fill(self: t.Any, values: tuple[t.Any, ...], named: dict[str, t.Any]) -> None:
        names = self._record_names
        fields = self.__dict__
        fields.update(self._record_defaults)
        for name, make in self._record_factories.items():
            fields[name] = make()
        fields.update(zip(names, values))
        fields.update(named)
        twice = named and not named.keys().isdisjoint(names[: len(values)])
        if fields.keys() != self._record_set or len(values) > len(names) or twice:
            raise TypeError(_misfit(type(self), values, named))

    def _misfit(cls: type, values: tuple[t.Any, ...], named: dict[str, t.Any]) -> str:
        names = cls._record_names
        got = {*names[: len(values)], *named, *cls._record_defaults, *cls._record_factories}
        missing = [name for name in names if name not in got]
        unknown = [name for name in named if name not in names]
        return f"{cls.__name__}() takes {', '.join(names)}; missing: {missing}, unknown: {unknown}"

    def _represent(self: t.Any) -> str:
        shown = [name for name in self._record_names if name not in self._record_hidden]
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({fields})"

    def _equal(self: t.Any, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.__dict__ == other.__dict__

    def _hash(self: t.Any) -> int:
        return hash(tuple(self.__dict__[name] for name in self._record_names))

    def _refuse(self: t.Any, name: str, *_value: t.Any) -> None:
        raise FrozenRecordError(f"cannot change field {name!r} of a {type(self).__name__}")


__all__ = ["dataclass", "field", "replace"]
