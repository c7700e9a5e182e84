"""Solving a loss over a linear head, and the certificate of what was found."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import (
    ClassWeight,
    checked_flag,
    checked_weights,
    feature_names_of,
    features_of,
    is_within,
    labels_of,
    names_of,
    plain_samples,
    sizes_of,
    weights_of,
)
from ._results import MeanProbabilities, ReadLater, Result
from .exceptions import NotConvergedError, SeparableDataError


# More steps than any search takes, and few enough for the compiled part.
MAX_STEPS = 2**63 - 1
LARGEST_PENALTY = 1e100
StepCallback = Callable[[int, float, float, float], object]


def checked_penalty(l2: Any) -> float:
    """A penalty within the range that is computed with."""
    if not is_within(l2, 0, LARGEST_PENALTY):
        raise ValueError(f"l2 must be a number from 0 to {LARGEST_PENALTY:g}; got {l2!r}")
    return float(l2)


def settings(tol: float, max_iter: int, time_limit: float | None) -> dict[str, Any]:
    """Limits of a search as the compiled part takes them."""
    if not (isinstance(tol, Real) and 0 <= tol < np.inf):
        raise ValueError(f"tol must be a number of at least 0; got {tol!r}")
    if not isinstance(max_iter, Integral) or max_iter < 1:
        raise ValueError(f"max_iter must be a whole number of at least 1; got {max_iter!r}")
    if time_limit is not None and not (isinstance(time_limit, Real) and 0 < time_limit < np.inf):
        raise ValueError(f"time_limit must be a positive number of seconds, or None; got {time_limit!r}")
    return {"tolerance": float(tol), "max_iterations": min(int(max_iter), MAX_STEPS), "time_limit": time_limit}


def head_arrays(head: tuple[bytearray, list[float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients (rows x features) and intercepts."""
    intercepts = np.array(head[1], dtype=np.float64)
    return np.frombuffer(head[0], dtype=np.float64).reshape(len(intercepts), -1), intercepts


def no_answer(record: dict[str, Any]) -> str:
    """Why a search has no answer, and what to do, unless the reason ends in advice of its own."""
    why, advice = str(record["why"]), record["advice"]
    says_what_to_do = why.rpartition("; ")[2].startswith(("rescale ", "subtract "))
    return why if says_what_to_do else f"{why}; {advice}"


class Certificate(ReadLater, Result):
    """How a search ended, checked at the numbers that are handed out.

    Attributes
    ----------
    status : {'stationary', 'separable', 'not_converged'}
        How it ended.
    gradient : float
        Largest entry of the gradient of the mean loss at the coefficients that are handed out, recomputed in double-double
        arithmetic, also where the search did not converge; NaN where there are no finite ones.
    relative_gradient : float
        The same relative to the magnitude of its terms.
    loss, data_loss : float
        The objective with and without the penalty; NaN where there is no stationary point.
    iterations : int
        Steps of the search.
    seconds : float
        Wall time of solving.
    dependent_columns : list of dict
        Columns of the table that others determine, each with the relation in words.
    condition : float or None
        Condition number of the standardised independent columns.
    separation : dict or None
        The proof that the classes are separable.
    why : str or None
        Why there is no answer.
    record : dict
        All of it, as the command line writes it in JSON, but for `input` (what a file was read as) and the coefficients; of a
        classifier also but for what `solve` measures over the samples (`mean_probability`, `shortfall`, `ledger`, `neglect`,
        `calibration`, `classification`, `remaining_balance`). Of a search that did not converge it has `recomputed` besides, the
        gradient where it ended.
    """

    record: dict[str, Any]

    def _take(self, record: dict[str, Any]) -> None:
        # The head is handed out as arrays, by what has this certificate.
        self.record = {name: value for name, value in record.items() if name not in ("coefficients", "intercepts")}
        recomputed = record.get("recomputed") or {}
        self.status: str = record["status"]
        self.gradient = float(recomputed.get("gradient_inf", np.nan))
        self.relative_gradient = float(recomputed.get("relative_gradient", record.get("relative_gradient", np.nan)))
        self.loss = float(record.get("loss", np.nan))
        self.data_loss = float(record.get("data_loss", np.nan))
        self.iterations = int(record.get("iterations", 0))
        self.seconds = float(record["seconds"])
        self.dependent_columns: list[dict[str, Any]] = record.get("dependent_columns", [])
        self.condition: float | None = record.get("condition")
        self.separation: dict[str, Any] | None = record.get("separation")
        self.why: str | None = record.get("why")

    def _summary(self) -> str:
        if self.status == "stationary":
            return f"stationary, gradient {self.gradient:.1e}, {self.relative_gradient:.1e} of its terms, {self.iterations} steps"
        return f"{self.status}{f': {self.why}' if self.why else ''}"

    def __repr__(self) -> str:
        return f"Certificate({self._summary()})"

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        heads = ["status", "gradient", "relative_gradient", "loss", "data_loss", "iterations", "seconds", "condition"]
        values = [getattr(self, head) for head in heads]
        dependent = "; ".join(column["relation"] for column in self.dependent_columns)
        return [*heads, "dependent_columns"], [[*(np.nan if value is None else value for value in values), dependent]]


class SolveResult(ReadLater, MeanProbabilities):
    """A stationary point and what holds there.

    Attributes
    ----------
    classes : list of str
        Names of the classes.
    coef : ndarray of shape (n_rows, n_features)
        One row per logit.
    intercept : ndarray of shape (n_rows,)
        Intercepts.
    certificate : Certificate
        How it was found.
    mean_probability : ndarray of shape (n_classes, n_classes)
        `P[c, k]`, the mean over samples of class `c` of the predicted probability of class `k`.
    shortfall : ndarray of shape (n_classes,)
        `s_k = 1 - P[k, k]`.
    """

    certificate: Certificate
    shortfall: NDArray[np.float64]

    def __init__(self, record: _core.Record, head: tuple[bytearray, list[float]]) -> None:
        super().__init__(record)
        self.coef, self.intercept = head_arrays(head)

    def _take(self, record: dict[str, Any]) -> None:
        self.record = {**record, "coefficients": self.coef.tolist(), "intercepts": self.intercept.tolist()}
        self.classes = record["classes"]
        self.certificate = Certificate(record)
        self.mean_probability = np.array(record["mean_probability"])
        self.shortfall = np.array(record["shortfall"])

    def _summary(self) -> str:
        record = self.record
        return (
            f"{record['loss_name']}, stationary: loss {record['loss']:.8g}, "
            f"gradient {self.certificate.gradient:.1e}"
        )

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        record = self.record
        heads = ["class", "samples", "weight", "mean_probability", "shortfall", "outflow", "inflow", "residual"]
        rows = [
            [
                name,
                record["class_counts"][k],
                record["class_weights"][k],
                float(self.mean_probability[k, k]),
                float(self.shortfall[k]),
                line["outflow"],
                line["inflow"],
                line["residual"],
            ]
            for k, (name, line) in enumerate(zip(self.classes, record["ledger"], strict=True))
        ]
        return heads, rows


def solve(
    X: Any,
    y: Any,
    loss: str = "softmax",
    *,
    class_weight: ClassWeight = None,
    sample_weight: ArrayLike | None = None,
    l2: float = 0.0,
    fit_intercept: bool = True,
    tol: float = 0.0,
    max_iter: int = 5000,
    time_limit: float | None = None,
    callback: StepCallback | None = None,
    **parameters: Any,
) -> SolveResult:
    """Solve any loss of `losses()` over a linear head to a certified stationary point.

    Minimises ``sum_i w_i loss(z_i, y_i) / sum_i w_i + l2 / 2 * ||coef||^2`` with ``z = X coef^T + intercept`` and
    ``w_i`` the weight of the sample times that of its class. Intercepts are not penalised.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,)
        Classes.
    loss : str
        Name of the loss.
    class_weight : dict, 'balanced', float, array-like or None
        Weights by class; a float is the parameter of the effective number of samples.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the samples; 0 leaves one out.
    l2 : float
        Penalty.
    fit_intercept : bool
        Whether logits have intercepts.
    tol : float
        Largest entry of the gradient at which the search ends; 0 continues to rounding level.
    max_iter : int
        Steps at most.
    time_limit : float, optional
        Seconds at most.
    callback : callable, optional
        Called after every step with its number, the loss, the relative gradient and the seconds so far.
    **parameters
        Parameters of the loss, such as ``gamma`` of focal.

    Returns
    -------
    SolveResult

    Raises
    ------
    SeparableDataError
        The loss has no minimum.
    NotConvergedError
        The search ended without a stationary point.

    Examples
    --------
    >>> import equipoise
    >>> result = equipoise.solve([[0], [0], [0], [1], [1], [1]], [0, 0, 1, 0, 1, 1], loss="logistic")
    >>> result.intercept.round(12)
    array([-0.69314718])
    >>> result.certificate.gradient < 1e-13
    True
    """
    given, classes = given_samples(X, y, sample_weight)
    record, head = _core.solve(
        given,
        (loss, dict(parameters)),
        weights_of(class_weight, classes),
        checked_penalty(l2),
        settings(tol, max_iter, time_limit),
        callback,
        True,
        checked_flag(fit_intercept, "fit_intercept"),
    )
    if record.status == "separable":
        raise SeparableDataError.of(record.to_dict()["separation"], loss)
    if record.status != "stationary" or head is None:
        raise NotConvergedError(no_answer(record.to_dict()))
    return SolveResult(record, head)


def given_samples(X: Any, y: Any, sample_weight: ArrayLike | None) -> tuple[_core.Samples, NDArray[Any]]:
    """Checked samples as the compiled part takes them, and their classes."""
    plain = plain_samples(X, y, sample_weight)
    if plain is not None:
        return plain[0], plain[1]
    table = features_of(X)
    classes, codes = labels_of(y)
    if len(table) != len(codes):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(table), len(codes)]}")
    weights = checked_weights(sample_weight, table)
    sizes_of(weights, codes, classes)
    return _core.Samples(table, codes, names_of(classes), feature_names_of(X), weights), classes
