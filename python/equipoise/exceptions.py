"""What has no answer, by type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from typing_extensions import Self


class _Separation(Exception):
    """A proof that no finite coefficients minimise a loss.

    Attributes
    ----------
    direction : ndarray of shape (n_rows, n_features)
        Coefficients along which the loss falls for ever: one row, or one per class.
    intercept : ndarray of shape (n_rows,)
        Their intercepts.
    because : str or None
        What a single feature says by itself, in words.
    classes : list of str
        Classes of the samples that are separated.
    """

    direction: NDArray[np.float64]
    intercept: NDArray[np.float64]
    because: str | None
    classes: list[str]

    @classmethod
    def of(cls, separation: dict[str, Any], loss: str) -> Self:
        """Of the proof in a record."""
        reason = separation.get("because") or f"a linear head separates classes {', '.join(separation['classes'])}"
        error = cls(
            f"{reason}: the {loss} loss has no minimum, coefficients would grow for ever. "
            "Give a penalty (a finite C, or l2=1e-3), or leave out the features that separate."
        )
        head = separation["direction"]
        error.direction = np.array(head["coefficients"], dtype=np.float64)
        error.intercept = np.array(head["intercepts"], dtype=np.float64)
        error.because = separation.get("because")
        error.classes = list(separation["classes"])
        return error


class SeparableDataError(_Separation, ValueError):
    """The classes are separable and there is no penalty: no finite coefficients minimise the loss."""


class SeparableDataWarning(_Separation, UserWarning):
    """The same as a warning: coefficients are those of the direction, and probabilities are refused."""


class NotConvergedError(RuntimeError):
    """A search ended without a stationary point and without coefficients to go on with."""


class UnattainableTargetError(ValueError):
    """No class weights meet the target, or none were found; the text says which.

    Attributes
    ----------
    attainable : bool or None
        `False` where it is ruled out; `None` where the search could not be carried out.
    nearest : dict or None
        The nearest weights, with what they reach.
    """

    attainable: bool | None = None
    nearest: dict[str, Any] | None = None
