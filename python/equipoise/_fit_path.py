"""What a sweep over penalties found, and the penalties that are asked for."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import check_unmasked
from ._results import SERIES, Result, laid_out, pyplot, titled
from ._solve import LARGEST_PENALTY

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class PathResult(Result):
    """What each penalty does on held-out samples, from the largest to the smallest.

    Attributes
    ----------
    l2s : ndarray of shape (n_penalties,)
        The penalties.
    accuracy, balanced_accuracy : ndarray of shape (n_penalties,)
        Share of the held-out samples that are correctly classified, and its mean over classes; NaN where a search had no answer.
    log_loss : ndarray of shape (n_penalties,)
        Held-out mean of ``-log p_y``, in nats; one-vs-all columns are probabilities as they are, not made to sum to one.
    iterations : ndarray of shape (n_penalties,)
        Steps of each search.
    relative_gradient : ndarray of shape (n_penalties,)
        Largest entry of the gradient where it ended, relative to its terms.
    best : float
        The penalty with the least log loss; of several with the same, the largest.
    most_accurate : float
        The penalty with the highest accuracy; of several with the same, the largest.
    test : str
        What was held out.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(record)
        self.l2s = self._column("l2")
        self.accuracy = self._column("accuracy")
        self.balanced_accuracy = self._column("balanced_accuracy")
        self.log_loss = self._column("log_loss")
        self.relative_gradient = self._column("relative_gradient")
        self.iterations = np.array([penalty["iterations"] for penalty in record["penalties"]], dtype=np.int64)
        self.best = float(record["best"])
        self.most_accurate = float(record["most_accurate"])
        self.test: str = record["test"]

    def _column(self, name: str) -> NDArray[np.float64]:
        return np.array([penalty[name] for penalty in self.record["penalties"]], dtype=np.float64)

    def _summary(self) -> str:
        return f"{len(self.l2s)} penalties, tested on {self.test}: best l2 {self.best:.3g}, most accurate {self.most_accurate:.3g}"

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        heads = ["l2", "iterations", "relative_gradient", "accuracy", "balanced_accuracy", "log_loss"]
        columns = [getattr(self, "l2s" if head == "l2" else head).tolist() for head in heads]
        return heads, [list(row) for row in zip(*columns, strict=True)]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Held-out log loss by penalty, the best one marked.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; none makes a figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        if ax is None:
            _, ax = pyplot().subplots(figsize=(5.2, 3.4), layout="constrained")
        ax.plot(self.l2s, self.log_loss, color=SERIES[0], marker="o", markersize=4)
        place = int(np.flatnonzero(self.l2s == self.best)[0])
        ax.plot(self.best, self.log_loss[place], color=SERIES[1], marker="o", markersize=9)
        text = f"best: l2 {self.best:.2g}\naccuracy {self.accuracy[place]:.3g}"
        # Away from the end of the axis that is near.
        share = place / max(len(self.l2s) - 1, 1)
        side = "right" if share < 1 / 3 else "left" if share > 2 / 3 else "center"
        ax.annotate(text, (self.best, self.log_loss[place]), (0, 14), textcoords="offset points", ha=side, color=SERIES[1])
        ax.margins(y=0.25)
        ax.set_xscale("log")
        ax.set_xlabel("penalty l2")
        ax.set_ylabel("held-out log loss (nats)")
        laid_out(ax)
        titled(ax, "Penalties on held-out samples")
        return ax


def penalties_of(l2s: Any, l2_range: tuple[float, float]) -> tuple[float, float, int] | list[float]:
    """The penalties as the compiled part takes them: from, to and how many, or falling."""
    if isinstance(l2s, Integral):
        if l2s < 2:
            raise ValueError(f"l2s must be a number of at least 2, or a list of positive penalties; got {l2s!r}")
        try:
            low, high = (float(end) for end in l2_range)
        except (TypeError, ValueError):
            low, high = np.nan, np.nan
        if not 0 < low < high <= LARGEST_PENALTY:
            raise ValueError(f"l2_range must go from a positive number to a larger one; got {l2_range!r}")
        return low, high, int(l2s)
    check_unmasked(l2s, "l2s")
    values = np.asarray(l2s, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not ((values > 0) & (values <= LARGEST_PENALTY)).all():
        raise ValueError(f"l2s must be a number of at least 2, or a list of positive penalties; got {l2s!r}")
    falling: list[float] = np.unique(values)[::-1].tolist()
    return falling
