"""The table of losses."""

from __future__ import annotations

from typing import Any

from . import _core
from ._results import Result


class LossTable(Result):
    """What losses there are, with equation, law and source.

    Attributes
    ----------
    names : list of str
        Their names.
    """

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__({"losses": rows})
        self.names: list[str] = [row["name"] for row in rows]

    def parameters(self, name: str) -> dict[str, Any]:
        """Parameters of a loss with their usual values.

        Parameters
        ----------
        name : str
            Name of the loss.

        Returns
        -------
        dict
        """
        for row in self.record["losses"]:
            if row["name"] == name:
                default = row["default"]
                return dict(default[next(iter(default))]) if isinstance(default, dict) else {}
        raise ValueError(f"loss {name!r} is none of {', '.join(self.names)}")

    def _summary(self) -> str:
        return f"{len(self.names)} losses"

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        heads = ["name", "title", "parameters", "equation", "law", "source", "practice"]
        rows = [
            [
                row["name"],
                row["title"],
                ", ".join(f"{key}={value!r}" for key, value in self.parameters(row["name"]).items()),
                *(row[head] for head in heads[3:]),
            ]
            for row in self.record["losses"]
        ]
        return heads, rows


def losses() -> LossTable:
    """All losses that `solve` and `audit` know.

    Returns
    -------
    LossTable

    Examples
    --------
    >>> import equipoise
    >>> equipoise.losses().parameters("focal")["gamma"]
    2.0
    """
    return LossTable(_core.losses())
