"""What all results have in common: fields, tables, a look in notebooks, a picture."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from . import _core

# Colours of the project's figures: one ramp for amounts.
_DARK = (0x1B, 0x4F, 0x72)
SERIES = ("#1b4f72", "#d35400", "#1e8449", "#7d3c98", "#b7950b", "#566573")


def pandas() -> Any:
    """The library pandas, or what to install."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_frame needs pandas: pip install pandas") from error
    return pandas


def pyplot() -> Any:
    """Matplotlib's pyplot, or what to install."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plot needs matplotlib: pip install matplotlib") from error
    return plt


def number(value: Any, digits: int = 4) -> str:
    """A cell of a table."""
    if isinstance(value, float):
        return "none" if np.isnan(value) else f"{value:.{digits}g}"
    return str(value)


# More rows and classes than these fill a screen, and a browser that holds a million cells answers nothing.
MAX_ROWS = 60
MAX_CLASSES = 40
MAX_TICKS = 24


def html_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table for notebooks."""
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(number(cell))}</td>" for cell in row) + "</tr>" for row in rows[:MAX_ROWS]
    )
    more = f"<p>{len(rows) - MAX_ROWS} more rows are in to_frame()</p>" if len(rows) > MAX_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def html_heat_map(matrix: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str], caption: str) -> str:
    """A matrix of numbers from 0 to 1 whose cells are the darker the larger they are; few classes have room."""
    if len(rows) > MAX_CLASSES:
        return f"<p>{html.escape(caption)}: {len(rows)} classes, which plot() draws</p>"

    def cell(value: float) -> str:
        share = 0.0 if np.isnan(value) else min(max(value, 0.0), 1.0)
        colour = ",".join(str(round(255 + (dark - 255) * share)) for dark in _DARK)
        ink = "#fff" if share > 0.55 else "#000"
        return f'<td style="background:rgb({colour});color:{ink}">{number(value, 3)}</td>'

    head = "<th></th>" + "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr><th>{html.escape(name)}</th>{''.join(cell(float(value)) for value in row)}</tr>"
        for name, row in zip(rows, matrix, strict=True)
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def side_of(classes: Sequence[str]) -> float:
    """Inches that so many classes take; many share them."""
    return 0.45 * min(len(classes), MAX_TICKS)


def tick_classes(axis: Any, classes: Sequence[str]) -> None:
    """Names along an axis, so many as have room."""
    places = range(0, len(classes), -(-len(classes) // MAX_TICKS))
    axis.set_ticks(places, [classes[place] for place in places])


def heat_map(matrix: NDArray[np.float64], classes: Sequence[str], ax: Axes | None, label: str) -> Axes:
    """A matrix of mean probabilities as a picture."""
    from matplotlib.colors import LinearSegmentedColormap

    if ax is None:
        side = 2.2 + side_of(classes)
        _, ax = pyplot().subplots(figsize=(side + 0.8, side), layout="constrained")
    ramp = LinearSegmentedColormap.from_list("equipoise", ["#ffffff", "#{:02x}{:02x}{:02x}".format(*_DARK)])
    image = ax.imshow(matrix, vmin=0.0, vmax=1.0, cmap=ramp)
    tick_classes(ax.xaxis, classes)
    tick_classes(ax.yaxis, classes)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    if len(classes) <= 12:
        for row in range(len(classes)):
            for column in range(len(classes)):
                value = matrix[row, column]
                ink = "white" if value > 0.55 else "black"
                ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=8)
    ax.figure.colorbar(image, ax=ax, label=label, shrink=0.8)
    return ax


class ReadLater:
    """What is read off a compiled record when it is first asked for: that takes as long as the other work of a call."""

    record: dict[str, Any]

    def __init__(self, record: _core.Record | dict[str, Any]) -> None:
        if isinstance(record, dict):
            self._take(record)
        else:
            self._compiled: _core.Record | None = record

    def _take(self, record: dict[str, Any]) -> None:
        """Sets the attributes."""
        raise NotImplementedError

    # Type checkers know the attributes, and find those that are misspelt.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            record = self.__dict__.pop("_compiled", None)
            if record is None:
                raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
            self._take(record.to_dict())
            return getattr(self, name)

    def __dir__(self) -> list[str]:
        return list({*super().__dir__(), *self.__getstate__()})

    def __getstate__(self) -> dict[str, Any]:
        # A compiled record does not leave the process.
        return self.__dict__ if self.record else {}


class Result:
    """A result: fields, `to_frame()`, `plot()`, and the whole record as a `dict`.

    Attributes
    ----------
    record : dict
        Everything that was found, as the command line writes it in JSON.
    """

    record: dict[str, Any]

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def _rows(self) -> tuple[list[str], list[list[Any]]]:
        """Headings and rows of the table."""
        raise NotImplementedError

    def _summary(self) -> str:
        """What it says, in a line or several."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """The table as a data frame.

        Returns
        -------
        pandas.DataFrame
        """
        heads, rows = self._rows()
        frame: pd.DataFrame = pandas().DataFrame(rows, columns=heads)
        return frame

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self._summary()}"

    def _repr_html_(self) -> str:
        summary = "".join(f"<p>{html.escape(line)}</p>" for line in self._summary().splitlines())
        return summary + html_table(*self._rows())


class MeanProbabilities(Result):
    """A result with a matrix of mean predicted probabilities.

    Attributes
    ----------
    classes : list of str
        Names of the classes.
    mean_probability : ndarray of shape (n_classes, n_classes)
        `P[c, k]`, the mean over samples of class `c` of the predicted probability of class `k`.
    """

    classes: list[str]
    mean_probability: NDArray[np.float64]

    def _repr_html_(self) -> str:
        caption = "mean predicted probability (row: true class)"
        return super()._repr_html_() + html_heat_map(self.mean_probability, self.classes, self.classes, caption)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The mean predicted probabilities as a heat map.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; none makes a figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        return heat_map(self.mean_probability, self.classes, ax, "mean predicted probability")
