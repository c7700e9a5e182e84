"""Checking the claims of the project's theory."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from . import _core
from ._arrays import checked_flag, checked_seed, is_within
from ._progress import Progress, callback_of
from ._results import Result


class VerifyResult(Result):
    """Verdicts on claims.

    Attributes
    ----------
    holds : bool
        Whether all of them hold.
    verdicts : list of dict
        One for each claim, as `equipoise verify --format json` writes it.
    """

    def __init__(self, verdicts: list[dict[str, Any]]) -> None:
        super().__init__({"verdicts": verdicts})
        self.verdicts = verdicts
        self.holds = all(verdict["holds"] for verdict in verdicts)

    def _summary(self) -> str:
        held = sum(verdict["holds"] for verdict in self.verdicts)
        return f"{held} of {len(self.verdicts)} claims hold"

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        heads = ["claim", "title", "holds", "setups", "worst_residual", "tolerance", "controls_violated", "statement"]
        rows = [
            [
                verdict["id"],
                verdict["title"],
                verdict["holds"],
                verdict["setups"],
                verdict["worst"]["residual"],
                verdict["tolerance"],
                f"{verdict['control']['violated']} of {verdict['control']['points']}",
                verdict["statement"],
            ]
            for verdict in self.verdicts
        ]
        return heads, rows


def verify(
    ids: str | Iterable[str] | None = None,
    seed: int = 1,
    *,
    quick: bool = True,
    case: int | None = None,
    progress: Progress = None,
) -> VerifyResult:
    """Check claims of the theory (docs/theory.md) on drawn problems, to solver precision.

    Parameters
    ----------
    ids : str, iterable of str, or None
        Claims such as 'B5', or families such as 'B'; none means all.
    seed : int
        Seed of every set-up.
    quick : bool
        A sample of the set-ups; `False` checks all of them, which takes minutes.
    case : int, optional
        Only the set-up of this number.
    progress : callable or True, optional
        Called with (set-ups done, in all, claim); `True` shows a bar of tqdm.

    Returns
    -------
    VerifyResult

    Examples
    --------
    >>> import equipoise
    >>> equipoise.verify("B1", case=0).holds
    True
    """
    seed = checked_seed(seed)
    known = [claim for claim, _ in _core.claims()]
    asked = known if ids is None else list(ids) if isinstance(ids, Iterable) and not isinstance(ids, str) else [ids]
    if not asked:
        raise ValueError("ids is empty; give None for all claims")
    if not all(isinstance(name, str) for name in asked):
        raise ValueError(f"ids must be names of claims such as 'B5'; got {asked!r}")
    if case is not None and not (isinstance(case, Integral) and is_within(case, 0, 2**63 - 1)):
        raise ValueError(f"case must be a whole number of at least 0, or None; got {case!r}")
    wanted: list[str] = []
    for name in (name.upper() for name in asked):
        family = [claim for claim in known if name and claim.rstrip("0123456789") == name]
        wanted += family or [name]
    with callback_of(progress, "set-ups") as callback:
        return VerifyResult(_core.verify(wanted, seed, checked_flag(quick, "quick"), case, callback))
