"""Audits of trained models, calibration, and the way back from class weights."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import (
    ClassWeight,
    check_unmasked,
    checked_flag,
    doubles,
    is_within,
    names_of,
    of_tensor,
    positive,
    weights_of,
    weights_of_samples,
)
from ._results import MeanProbabilities, pandas
from ._solve import checked_penalty

if TYPE_CHECKING:
    import pandas as pd


class AuditResult(MeanProbabilities):
    """What logits and labels say.

    Attributes
    ----------
    classes : list of str
        Names of the classes.
    loss : float
        The loss in the reduction that was asked for.
    stationary : bool
        Whether outflow equals inflow in every class, to the tolerance.
    verdict : list of str
        Three lines: whether the model is fine, which class is worst, and what to try.
    findings : list of str
        What it says, in sentences. Laws such as I3 are those of docs/theory.md, which has their proofs; the weighted size of a class
        is the sum of its samples' weights.
    mean_probability : ndarray of shape (n_classes, n_classes)
        `P[c, k]`, the mean over samples of class `c` of the predicted probability of class `k`.
    shortfall, recall : ndarray of shape (n_classes,)
        ``1 - P[k, k]``, and the share of each class's samples that are correctly classified; NaN of a class without samples.
    accuracy : float
        Share of samples that are correctly classified.
    calibration : dict
        Calibration errors, Brier score and log loss; `prior_corrected` the same after undoing class weights, or `None`.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        record = found["record"]
        super().__init__(record)
        self.verdict: list[str] = found["verdict"]
        self.findings: list[str] = found["findings"]
        self._line: str = found["summary"]
        self.classes: list[str] = record["classes"]
        self.loss = float(record["loss"])
        self.stationary = bool(record["stationary"])
        self.mean_probability: NDArray[np.float64] = np.array(record["mean_probability"], dtype=np.float64)
        self.shortfall: NDArray[np.float64] = np.array(record["shortfall"], dtype=np.float64)
        self.recall: NDArray[np.float64] = np.array(record["recall"], dtype=np.float64)
        self.accuracy = float(record["accuracy"])
        self.calibration: dict[str, Any] = record["calibration"]
        self.prior_corrected: dict[str, Any] | None = record.get("prior_corrected")

    def _summary(self) -> str:
        return "\n".join([self._line, *self.verdict, *(f"* {finding}" for finding in self.findings)])

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        record = self.record
        heads = ["class", "samples", "weight", "outflow", "inflow", "residual", "mean_probability", "recall"]
        rows = [
            [
                name,
                record["class_counts"][k],
                record["class_weights"][k],
                record["ledger"][k]["outflow"],
                record["ledger"][k]["inflow"],
                record["ledger"][k]["residual"],
                float(self.mean_probability[k, k]),
                float(self.recall[k]),
            ]
            for k, name in enumerate(self.classes)
        ]
        return heads, rows


def columns_of(values: Any, name: str) -> NDArray[np.float64]:
    """Logits or probabilities as two axes."""
    table = doubles(values, name)
    if table.ndim == 1:
        table = table.reshape(-1, 1)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"{name} must have one or two axes and at least one sample; got shape {table.shape}")
    return table


def _column_of(values: Any, name: str) -> NDArray[np.float64]:
    """Numbers with one axis as a column; a single one needs none."""
    numbers = doubles(values, name)
    if numbers.ndim > 1:
        raise ValueError(f"{name} must have one axis, one number for each class; got shape {numbers.shape}")
    return numbers.reshape(-1, 1)


_REDUCTIONS = ("weighted-mean", "mean", "element-mean", "sum")
# What the compiled part takes for a row to leave out.
_LEFT_OUT = -1


def numbered_labels(
    y: Any, columns: int, classes: ArrayLike | None, ignore_index: Any
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """The number of each label's class, as a column, and the classes: given, or 0 to K - 1."""
    check_unmasked(y, "y")
    y = np.asarray(of_tensor(y))
    names = classes_of_columns(max(columns, 2), classes)
    if y.ndim == 2 and y.shape[1] > 1:
        return doubles(_of_indicators(y, len(names)).reshape(-1, 1), "y"), names
    from sklearn.utils import column_or_1d

    y = np.asarray(column_or_1d(y))
    if len(y) == 0:
        raise ValueError("y has no labels; give one for each row")
    is_of_columns = classes is None or _are_of_columns(y, names)
    numbers = _whole(y, ignore_index) if is_of_columns else _places(y, names, ignore_index)
    return doubles(numbers.reshape(-1, 1), "y"), names


def classes_of_columns(count: int, classes: ArrayLike | None) -> NDArray[Any]:
    """The classes in the order of the columns."""
    if classes is None:
        return np.arange(count)
    names = np.asarray(classes)
    if names.shape != (count,):
        raise ValueError(f"classes of shape {names.shape} for {count} columns; give one for each, in their order")
    if len(set(names.tolist())) != count:
        raise ValueError(f"classes must differ; got {names.tolist()}")
    return names


def _of_indicators(y: NDArray[Any], count: int) -> NDArray[Any]:
    """The place of the one in each row."""
    is_one_hot = y.dtype.kind in "iubf" and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()
    if not is_one_hot or y.shape[1] != count:
        raise ValueError(
            f"y has shape {y.shape}: give one label for each row, or one 1 among {count - 1} zeros in each; models of several "
            "labels for a sample are audited by the command `equipoise audit`"
        )
    places: NDArray[Any] = y.argmax(axis=1)
    return places


def _are_of_columns(y: NDArray[Any], names: NDArray[Any]) -> bool:
    """Whether labels are numbers of columns whose classes have names, none of which could be meant by a number."""
    is_digits = [isinstance(name, str) and name.lstrip("-").isdigit() for name in names.tolist()]
    return y.dtype.kind in "iu" and names.dtype.kind == "U" and not any(is_digits)


def _whole(y: NDArray[Any], ignore_index: Any) -> NDArray[Any]:
    """Labels that are numbers of columns."""
    is_whole = y.dtype.kind == "O" and all(isinstance(label, Integral) for label in y.tolist())
    if y.dtype.kind not in "iubf" and not is_whole:
        raise ValueError(
            f"labels of type {y.dtype} need classes=, their names in the order of the columns; "
            "without it labels are numbers of columns, from 0"
        )
    if y.dtype.kind == "f" and not (y == np.floor(y)).all():
        raise ValueError("labels must be whole numbers, those of columns from 0; y holds others, or NaN")
    # Not in their own type: of unsigned numbers none is below 0, and of whole numbers some are above all of `int64`.
    numbers = y.astype(np.float64)
    return numbers if ignore_index is None else np.where(y == ignore_index, _LEFT_OUT, numbers)


def _places(y: NDArray[Any], names: NDArray[Any], ignore_index: Any) -> NDArray[Any]:
    """The places of labels among the names of classes."""
    place = {name: number for number, name in enumerate(names.tolist())}
    if ignore_index is not None:
        place[ignore_index] = _LEFT_OUT
    unknown = sorted({str(label) for label in y.tolist() if label not in place})
    if unknown:
        raise ValueError(f"y contains labels that are no classes: {unknown}")
    return np.array([place[label] for label in y.tolist()])


def checked_options(
    reduction: Any = "weighted-mean", tol: Any = 0.01, recalibrate: Any = False, alternatives: Any = False, l2: Any = 0.0
) -> dict[str, Any]:
    """How to audit, as the compiled part takes it."""
    if not is_within(tol, 0, np.finfo(float).max):
        raise ValueError(f"tol must be a number of at least 0; got {tol!r}")
    if reduction not in _REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(map(repr, _REDUCTIONS))}; got {reduction!r}")
    return {
        "reduction": reduction,
        "tolerance": float(tol),
        "recalibrate": checked_flag(recalibrate, "recalibrate"),
        "alternatives": checked_flag(alternatives, "alternatives"),
        "l2": checked_penalty(l2),
    }


def audited(
    arrays: dict[str, NDArray[Any]], names: NDArray[Any], loss: tuple[str, dict[str, Any]], class_weight: ClassWeight, **options: Any
) -> AuditResult:
    """The audit of checked scores and numbers of classes, with the options of `checked_options`."""
    checked = checked_options(**options)
    given = {"arrays": arrays, "classes": names_of(names)}
    return AuditResult(_core.audit(given, loss, weights_of(class_weight, names), checked))


def audit(
    y: Any,
    *,
    logits: Any = None,
    probabilities: Any = None,
    loss: str = "softmax",
    class_weight: ClassWeight = None,
    sample_weight: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    features: Any = None,
    coef: Any = None,
    intercept: Any = None,
    l2: float = 0.0,
    reduction: str = "weighted-mean",
    tol: float = 0.01,
    recalibrate: bool = False,
    alternatives: bool = False,
    ignore_index: int | str | None = None,
    **parameters: Any,
) -> AuditResult:
    """Say what logits and labels of a trained model show: balance, effect of weights, whether training had converged.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Numbers of the classes, from 0 (-1 and -100 for rows to ignore), or classes as `classes` has them; or indicators of shape
        (n_samples, n_classes), one 1 in each row.
    logits, probabilities : array-like of shape (n_samples, n_classes), or (n_samples,) of one logit for two classes
        What the model predicts; give one of them. Tensors of PyTorch are taken, too, as by every argument that is an array.
    loss : str
        The loss that the model was trained with, as `losses()` has it; its parameters follow as keywords.
    class_weight : dict, 'balanced', float, array-like or None
        The class weights it was trained with.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the samples.
    classes : array-like of shape (n_classes,), optional
        The classes in the order of the columns.
    features, coef, intercept : array-like, optional
        Inputs of the last layer, its weights (n_classes, n_features) and biases: the layer is compared with the exact one.
    l2 : float
        Penalty under which the last layer was trained.
    reduction : {'weighted-mean', 'mean', 'element-mean', 'sum'}
        What the loss is divided by.
    tol : float
        Largest relative difference of outflow and inflow that counts as none.
    recalibrate : bool
        Solve for the intercepts alone, and say what they would change.
    alternatives : bool
        Where the logits are not stationary, try the other losses and the usual class weights, as the command line always does, and
        name one that fits (`record["alternatives"]` has all of them). That takes many times as long as the audit.
    ignore_index : int or str, optional
        The label of further rows to ignore.
    **parameters
        Parameters of the loss.

    Returns
    -------
    AuditResult

    Examples
    --------
    >>> import equipoise
    >>> result = equipoise.audit([0, 0, 1], logits=[[2.0, 0.0], [0.5, 0.0], [0.0, 1.0]])
    >>> result.accuracy, result.stationary
    (1.0, False)
    """
    _core.check_loss((loss, dict(parameters)))
    if (logits is None) == (probabilities is None):
        raise ValueError("give logits or probabilities, one of them")
    if features is None and not (coef is None and intercept is None):
        raise ValueError("coef and intercept are those of a last layer: give its inputs, features, too")
    name = "logits" if probabilities is None else "probabilities"
    scores = columns_of(logits if probabilities is None else probabilities, name)
    labels, names = numbered_labels(y, scores.shape[1], classes, ignore_index)
    arrays: dict[str, NDArray[np.float64]] = {name: scores, "labels": labels}
    if sample_weight is not None:
        arrays["sample_weight"] = weights_of_samples(sample_weight, scores).reshape(-1, 1)
    if features is not None:
        arrays["features"] = columns_of(features, "features")
    if coef is not None:
        arrays["weight"] = np.atleast_2d(doubles(coef, "coef"))
    if intercept is not None:
        arrays["bias"] = _column_of(intercept, "intercept")
    options = {"reduction": reduction, "tol": tol, "recalibrate": recalibrate, "alternatives": alternatives, "l2": l2}
    return audited(arrays, names, (loss, dict(parameters)), class_weight, **options)


def calibration(
    y: Any,
    *,
    logits: Any = None,
    probabilities: Any = None,
    loss: str = "softmax",
    class_weight: ClassWeight = None,
    sample_weight: ArrayLike | None = None,
    classes: ArrayLike | None = None,
) -> pd.DataFrame:
    """Whether predicted probabilities are frequencies, before and after undoing class weights.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Numbers of the classes, from 0, or names where `classes` has them.
    logits, probabilities : array-like of shape (n_samples, n_classes), or (n_samples,) of one logit for two classes
        What the model predicts; give one of them.
    loss : str
        The loss that the model was trained with.
    class_weight : dict, 'balanced', float, array-like or None
        The class weights it was trained with.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the samples.
    classes : array-like of shape (n_classes,), optional
        The classes in the order of the columns.

    Returns
    -------
    pandas.DataFrame
        One row per score (expected calibration error, its root mean square and maximum over 15 bins, Brier score, log loss),
        columns `as_predicted` and, where class weights differ, `prior_corrected`.

    Examples
    --------
    >>> import equipoise
    >>> scores = equipoise.calibration([0, 1], probabilities=[[0.75, 0.25], [0.25, 0.75]])
    >>> float(scores.loc["brier", "as_predicted"])
    0.125
    """
    library = pandas("calibration")
    result = audit(
        y,
        logits=logits,
        probabilities=probabilities,
        loss=loss,
        class_weight=class_weight,
        sample_weight=sample_weight,
        classes=classes,
    )

    def column(scores: dict[str, Any]) -> dict[str, float]:
        error = scores["calibration_error"]
        return {
            "expected_calibration_error": error["l1"],
            "root_mean_square": error["l2"],
            "largest_of_a_bin": error["max"],
            "brier": scores["brier"],
            "log_loss": scores["log_loss"],
        }

    columns = {"as_predicted": column(result.calibration)}
    if result.prior_corrected is not None:
        columns["prior_corrected"] = column(result.prior_corrected)
    frame: pd.DataFrame = library.DataFrame(columns)
    return frame


# How far beyond 0 and 1 a probability may be, as in audits.
_ROUNDING = 1e-6


def prior_correct(probabilities: ArrayLike, class_weight: ArrayLike) -> NDArray[np.float64]:
    """Undo what class weights did to probabilities: ``p_k / w_k``, made to sum to one.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, n_classes)
        Predicted probabilities, up to rounding as `audit` takes them.
    class_weight : array-like of shape (n_classes,)
        The weights the model was trained with, positive.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)

    Examples
    --------
    >>> import equipoise
    >>> equipoise.prior_correct([[0.5, 0.5]], [1.0, 4.0])
    array([[0.8, 0.2]])
    """
    if isinstance(class_weight, Mapping):
        raise ValueError("class_weight must be one number for each column of probabilities, in their order; got a dict")
    table, weights = doubles(probabilities, "probabilities"), doubles(class_weight, "class_weight")
    if table.ndim != 2 or weights.shape != (table.shape[1],):
        raise ValueError(f"class_weight has shape {weights.shape} for probabilities of shape {table.shape}; give one per column")
    weights = np.array(positive(weights.tolist(), list(range(len(weights)))))
    if not ((table >= -_ROUNDING) & (table <= 1 + _ROUNDING)).all() or not (table > 0).any(axis=1).all():
        raise ValueError("probabilities must be numbers from 0 to 1, in every row one of them above 0")
    corrected = np.maximum(table, 0) / (weights / weights.max())
    total: NDArray[np.float64] = corrected / corrected.sum(axis=1, keepdims=True)
    return total
