"""The balance of mean probabilities alone."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import ClassWeight, doubles, names_of, weights_of
from ._results import MeanProbabilities


class BalanceResult(MeanProbabilities):
    """Outflow and inflow of every class, and where the outflows lie among those that are possible.

    Attributes
    ----------
    classes : list of str
        Names of the classes.
    mean_probability : ndarray of shape (n_classes, n_classes)
        The matrix `P` that was given.
    flows : ndarray of shape (n_classes, n_classes)
        ``F[c, k] = m_c P[c, k]``, in units of weighted samples.
    worst_residual : float
        Largest relative difference of a class's outflow and inflow; 0 at a stationary point.
    polytope : dict or None
        Of softmax: `admissible`, `why` not, bounds `lowest` and `highest` on `P`, `largest_outflow` of each class and, of three
        classes, `pair_flows`.
    """

    def __init__(self, record: dict[str, Any], matrix: NDArray[np.float64], classes: list[str]) -> None:
        super().__init__(record)
        self.classes = classes
        self.mean_probability = matrix
        self.flows: NDArray[np.float64] = np.array(record["flows"])
        self.worst_residual = float(record["worst_residual"])
        self.polytope: dict[str, Any] | None = record.get("polytope")

    def _summary(self) -> str:
        text = f"outflow and inflow differ by at most {self.worst_residual:.2g} of the larger"
        if self.polytope and not self.polytope["admissible"]:
            text += f"\nno stationary softmax has these outflows: {self.polytope['why']}"
        return text

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        heads = ["class", "mass", "mean_probability", "outflow", "inflow", "difference", "residual"]
        rows = [
            [
                name,
                self.record["mass"][k],
                float(self.mean_probability[k, k]),
                line["outflow"],
                line["inflow"],
                line["difference"],
                line["residual"],
            ]
            for k, (name, line) in enumerate(zip(self.classes, self.record["ledger"], strict=True))
        ]
        return heads, rows


def balance(
    P: ArrayLike,
    counts: ArrayLike,
    *,
    class_weight: ClassWeight = None,
    classes: ArrayLike | None = None,
    loss: Literal["softmax", "logistic"] = "softmax",
) -> BalanceResult:
    """Outflow ``m_k (1 - P[k, k])`` and inflow ``sum_{c != k} m_c P[c, k]`` of every class, with ``m_c = class_weight[c] * counts[c]``.

    Where the loss is stationary they are equal.

    Parameters
    ----------
    P : array-like of shape (n_classes, n_classes)
        Mean predicted probabilities, row: true class.
    counts : array-like of shape (n_classes,)
        Samples of each class.
    class_weight : dict, 'balanced', float, array-like or None
        Weights of the classes, as of `solve`.
    classes : array-like of shape (n_classes,), optional
        Names of the classes.
    loss : {'softmax', 'logistic'}
        Whether rows of P sum to one, or columns are one-vs-all.

    Returns
    -------
    BalanceResult

    Examples
    --------
    >>> import equipoise
    >>> result = equipoise.balance([[0.8, 0.2], [0.4, 0.6]], counts=[20, 10])
    >>> result.worst_residual < 1e-15
    True
    """
    matrix, sizes = doubles(P, "P"), doubles(counts, "counts")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or sizes.shape != (len(matrix),):
        raise ValueError(
            f"P must have one row and one column per class, and counts one number; got shapes {matrix.shape} and {sizes.shape}"
        )
    if not ((sizes >= 1e-50) & (sizes <= 1e50)).all():
        raise ValueError(f"counts must be numbers from 1e-50 to 1e50; got {sizes.tolist()}")
    if not ((matrix >= 0) & (matrix <= 1)).all():
        raise ValueError("P must hold probabilities, from 0 to 1")
    if loss not in ("softmax", "logistic"):
        raise ValueError(f"loss must be 'softmax' or 'logistic'; got {loss!r}")
    if loss == "softmax" and not np.allclose(matrix.sum(axis=1), 1, atol=1e-6):
        raise ValueError("rows of P must sum to 1; of one-vs-all probabilities say loss='logistic'")
    labels = np.arange(len(sizes)) if classes is None else np.asarray(classes)
    if labels.shape != sizes.shape or len(set(labels.tolist())) != len(labels):
        raise ValueError(f"classes must be {len(sizes)} different names, one for each; got {labels.tolist()}")
    weights = weights_of(class_weight, labels)
    names = names_of(labels)
    record = _core.balance(matrix, sizes.tolist(), weights, names, loss == "softmax")
    return BalanceResult(record, matrix, names)
