"""Class weights that meet a target, and what every weight does."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import ClassWeight, weights_of
from ._progress import Progress, callback_of
from ._results import SERIES, Result, html_heat_map, matrix_axes, name_ticks, pyplot, room_for_names, side_of, titled
from ._solve import checked_penalty, given_samples
from .exceptions import UnattainableTargetError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class WeightDesign(Result):
    """Class weights that meet a target.

    Attributes
    ----------
    class_weight : dict
        The weights by class, for `class_weight=` of scikit-learn and of this package.
    weights : ndarray of shape (n_classes,)
        The same in the order of the classes, for `weight=torch.tensor(...)`.
    shortfall, recall : ndarray of shape (n_classes,)
        What the classes get with these weights.
    mean_probability : ndarray of shape (n_classes, n_classes)
        `P[c, k]` with these weights.
    """

    def __init__(self, record: dict[str, Any], classes: NDArray[Any]) -> None:
        super().__init__(record)
        self.weights: NDArray[np.float64] = np.array(record["class_weights"])
        self.class_weight: dict[Any, float] = dict(zip(classes.tolist(), record["class_weights"], strict=True))
        self.shortfall: NDArray[np.float64] = np.array(record["shortfall"])
        self.recall: NDArray[np.float64] = np.array(record["recall"])
        self.mean_probability: NDArray[np.float64] = np.array(record["mean_probability"])

    def _summary(self) -> str:
        record = self.record
        way = "from class sizes alone" if record["closed_form"] else f"found in {len(record['path']) - 1} steps"
        return f"class weights for {record['target']}, {way}"

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        record = self.record
        before = record.get("unweighted")
        heads = ["class", "samples", "weight", "shortfall", "recall"]
        if before:
            heads += ["shortfall_unweighted", "recall_unweighted"]
        rows = []
        for k, name in enumerate(record["classes"]):
            row = [name, record["class_counts"][k], *(float(v[k]) for v in (self.weights, self.shortfall, self.recall))]
            rows.append(row + ([before["shortfall"][k], before["recall"][k]] if before else []))
        return heads, rows

    def plot(self, ax: Axes | None = None) -> Axes:
        """Recall of each class, with these weights and without.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; none makes a figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        record = self.record
        if ax is None:
            size = (1.8 + 2 * side_of(record["classes"]), 3.2 + 0.7 * room_for_names(record["classes"]))
            _, ax = pyplot().subplots(figsize=size, layout="constrained")
        places = np.arange(len(self.weights))
        before = record.get("unweighted")
        bars = [("recall with these weights", self.recall, SERIES[0])]
        if before:
            bars.insert(0, ("recall without weights", np.array(before["recall"]), "#c3cfd9"))
        width = 0.8 / len(bars)
        for number, (label, values, colour) in enumerate(bars):
            ax.bar(places + width * (number - (len(bars) - 1) / 2), values, width, label=label, color=colour)
        ax.set_xlabel("class")
        ax.set_ylabel("recall")
        # The legend is above the bars, and within the axes: above these a figure may end.
        ax.set_ylim(0, 1.4)
        ax.set_yticks(np.linspace(0, 1, 6))
        ax.legend(loc="upper center", frameon=False, fontsize="small")
        name_ticks(record["classes"], ax.xaxis)
        titled(ax, f"Class weights for {record['target']}")
        return ax


def _target_of(target: Any, classes: NDArray[Any]) -> dict[str, Any]:
    """A target as the compiled part takes it."""
    if isinstance(target, str):
        return {"kind": target, "numbers": None, "text": target}
    try:
        kind, numbers = target
        if isinstance(numbers, dict):
            numbers = [numbers[name] for name in classes.tolist()]
        numbers = [float(number) for number in numbers]
    except (TypeError, ValueError, KeyError):
        raise ValueError(
            f"target {target!r}: give 'equal-shortfall', 'equal-recall', ('shortfall', numbers) or ('prior', numbers), "
            f"one number for each of {classes.tolist()}"
        ) from None
    return {"kind": kind, "numbers": numbers, "text": f"{kind}:{','.join(f'{number:g}' for number in numbers)}"}


def design_weights(
    X: Any,
    y: Any,
    target: Any = "equal-shortfall",
    *,
    loss: str = "softmax",
    l2: float = 0.0,
    sample_weight: ArrayLike | None = None,
    progress: Progress = None,
    **parameters: Any,
) -> WeightDesign:
    """Find class weights under which a linear classifier of these data meets a target.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,)
        Classes.
    target : {'equal-shortfall', 'equal-recall'} or tuple
        ``('shortfall', numbers)``: proportions of the shortfalls ``1 - P[k, k]``, which are one minus a class's mean probability and
        not one minus its recall; ``('prior', numbers)``: proportions of the mean predicted probabilities. Numbers are one per
        class in sorted order, or a dict by class.
    loss : {'softmax', 'logistic'}
        The loss.
    l2 : float
        Penalty ``l2 / 2 * ||coef||^2`` on the mean loss.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the samples.
    progress : callable or True, optional
        Called with (steps done, 0, text); `True` shows a bar of tqdm.
    **parameters
        Parameters of the loss.

    Returns
    -------
    WeightDesign

    Raises
    ------
    UnattainableTargetError
        No weights meet the target, or the search for them cannot be carried out.

    Examples
    --------
    >>> import equipoise
    >>> X, y = [[0]] * 40 + [[1]] * 25, [0] * 30 + [1] * 10 + [0] * 5 + [1] * 20
    >>> design = equipoise.design_weights(X, y, "equal-shortfall", loss="logistic", l2=1e-3)
    >>> bool(abs(design.shortfall[0] - design.shortfall[1]) < 1e-9)
    True
    >>> sorted(design.class_weight)
    [0, 1]
    """
    given, classes = given_samples(X, y, sample_weight)
    with callback_of(progress, "steps") as callback:
        record = _core.design_weights(
            given, (loss, dict(parameters)), _target_of(target, classes), checked_penalty(l2), callback
        )
    if record.get("attainable") is not True:
        error = UnattainableTargetError(f"target {record['target']}: {record['why']}")
        error.attainable, error.nearest = record.get("attainable"), record.get("nearest")
        raise error
    return WeightDesign(record, classes)


class WeightEffects(Result):
    """What every class weight does to every mean probability, at a stationary point.

    Attributes
    ----------
    classes : list of str
        Names of the classes.
    effects : ndarray of shape (n_classes, n_classes, n_classes)
        ``effects[j, c, k] = dP[c, k] / d log class_weight[j]``.
    residual : float
        How far from stationary the response of the coefficients leaves the gradient.
    mean_probability : ndarray of shape (n_classes, n_classes)
        `P[c, k]` at the present weights.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(record)
        self.classes: list[str] = record["classes"]
        self.effects: NDArray[np.float64] = np.array(record["effects"])
        self.residual = float(record["residual"])
        self.mean_probability: NDArray[np.float64] = np.array(record["mean_probability"])

    @property
    def own(self) -> NDArray[np.float64]:
        """``own[j, k] = dP[k, k] / d log class_weight[j]``, shape (n_classes, n_classes)."""
        own: NDArray[np.float64] = np.einsum("jkk->jk", self.effects)
        return own

    def _summary(self) -> str:
        return "change of each mean probability with the logarithm of each class weight"

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        heads = ["weight_of", "true_class", "predicted_class", "effect"]
        names = self.classes
        rows: list[list[Any]] = [
            [names[j], names[c], names[k], float(self.effects[j, c, k])]
            for j in range(len(names))
            for c in range(len(names))
            for k in range(len(names))
        ]
        return heads, rows

    def _repr_html_(self) -> str:
        caption = "dP[k,k] / d log weight (row: class whose weight grows, column: class k)"
        return f"<p>{html.escape(self._summary())}</p>" + html_heat_map(np.abs(self.own), self.classes, self.classes, caption)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Effects on the classes' own mean probabilities: blue falls, orange rises.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; none makes a figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        ax = matrix_axes(self.classes, ax)
        largest = float(np.abs(self.own).max()) or 1.0
        from matplotlib.colors import LinearSegmentedColormap

        ramp = LinearSegmentedColormap.from_list("signed", [SERIES[0], "#ffffff", SERIES[1]])
        image = ax.imshow(self.own, cmap=ramp, vmin=-largest, vmax=largest)
        ax.figure.colorbar(image, ax=ax, label="d$P_{kk}$ / d log weight", shrink=0.8)
        ax.set_xlabel("class $k$ whose $P_{kk}$ changes")
        ax.set_ylabel("class whose weight grows")
        name_ticks(self.classes, ax.xaxis, ax.yaxis)
        titled(ax, "Effects of class weights")
        return ax


def weight_effects(
    X: Any,
    y: Any,
    *,
    loss: str = "softmax",
    class_weight: ClassWeight = None,
    sample_weight: ArrayLike | None = None,
    l2: float = 0.0,
    **parameters: Any,
) -> WeightEffects:
    """Say what every class weight does to every mean probability, where the loss is stationary.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,)
        Classes.
    loss : {'softmax', 'logistic', 'inr', 'pos-weight'}
        Name of the loss.
    class_weight : dict, 'balanced', float, array-like or None
        Weights by class, at which the effects are.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the samples.
    l2 : float
        Penalty ``l2 / 2 * ||coef||^2`` on the mean loss.
    **parameters
        Parameters of the loss.

    Returns
    -------
    WeightEffects

    Examples
    --------
    >>> import equipoise
    >>> X, y = [[0]] * 40 + [[1]] * 25, [0] * 30 + [1] * 10 + [0] * 5 + [1] * 20
    >>> effects = equipoise.weight_effects(X, y, loss="logistic")
    >>> bool(effects.effects[1, 1, 1] > 0)
    True
    """
    given, classes = given_samples(X, y, sample_weight)
    record = _core.weight_effects(
        given, (loss, dict(parameters)), weights_of(class_weight, classes), checked_penalty(l2)
    )
    return WeightEffects(record)
