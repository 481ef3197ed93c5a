"""What a model says of itself, made when somebody reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

from thetahat.models._model import Model


@final
class Description(Mapping[str, Any]):
    """The specification of a model as plain data, with further entries; most fits are never asked for it."""

    __slots__ = ("_further", "_made", "_model")

    def __init__(self, model: Model[Any], **further: Any) -> None:
        self._model = model
        self._further = further
        self._made: dict[str, Any] | None = None

    @property
    def _entries(self) -> dict[str, Any]:
        if self._made is None:
            self._made = {**self._model.describe(), **self._further}
        return self._made

    def __getitem__(self, name: str) -> Any:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return repr(self._entries)
