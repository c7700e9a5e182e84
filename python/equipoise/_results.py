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


def pandas(caller: str = "to_frame") -> Any:
    """The library pandas, or what to install for the function that was called."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError(f"{caller} needs pandas: pip install pandas") from error
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
# Letters of a class's name beside an axis; tables have all of them.
MAX_LETTERS = 16
MIN_LETTERS = 7


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


def both_ends(name: str, most: int) -> str:
    """A name of so many letters at most: of a longer one both ends, since names of one kind begin alike and differ in the end."""
    if len(name) <= most:
        return name
    last = (most - 1) // 2
    return f"{name[: most - 1 - last]}…{name[len(name) - last :]}"


def side_of(classes: Sequence[str]) -> float:
    """Inches that so many classes take; many share them."""
    return 0.45 * min(len(classes), MAX_TICKS)


def room_for_names(classes: Sequence[str]) -> float:
    """Inches that names beside an axis take."""
    return 0.08 * min(max(map(len, classes), default=0), MAX_LETTERS)


def titled(ax: Axes, title: str) -> None:
    """Gives axes that are laid out a title as wide as they are at most, unless they have one."""
    if not ax.get_title():
        title = both_ends(title, 34)
        room = points_along(ax.xaxis) / (_LETTER * len(title))
        ax.set_title(title, fontsize=min(max(room, 6.0), 10.0))


# A letter's width beside its height, and a line's height beside its letters'.
_LETTER = 0.62
_LINE = 1.35


def points_along(axis: Any) -> float:
    """The length of an axis in points, as letters are measured."""
    box = axis.axes.get_window_extent()
    pixels = box.width if axis.axis_name == "x" else box.height
    return float(pixels) * 72 / float(axis.axes.figure.dpi)


def laid_out(ax: Axes) -> None:
    """Has the figure place its axes, so that what is around them has room. A user's figure without a layout gets one."""
    figure: Any = ax.figure.canvas.figure
    has_grid = all(other.get_subplotspec() is not None for other in figure.axes)
    if figure.get_layout_engine() is None and has_grid:
        # Not the constrained one, after which `tight_layout` of a user would be an error.
        figure.set_layout_engine("tight")
    figure.draw_without_rendering()


def name_ticks(classes: Sequence[str], *axes: Any) -> None:
    """Names along axes, so many as have room when the names have theirs."""
    for _ in range(2):
        for axis in axes:
            tick_classes(axis, classes)
        laid_out(axes[0].axes)


def tick_classes(axis: Any, classes: Sequence[str]) -> None:
    """So many names as have room; long ones are cut in the middle, and turned where they are wider than their place."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    usual: Any = rcParams
    size = FontProperties(size=usual[f"{axis.axis_name}tick.labelsize"]).get_size_in_points()
    length = points_along(axis)
    most = max(1, min(MAX_TICKS, int(length / (_LINE * size))))
    places = range(0, len(classes), -(-len(classes) // most))
    letters = min(max(int(0.4 * length / (_LETTER * size)), MIN_LETTERS), MAX_LETTERS)
    # A dollar sign would begin a formula.
    names = [both_ends(classes[place], letters).replace("$", r"\$") for place in places]
    axis.set_ticks(places, names)
    if axis.axis_name == "x":
        # Names keep a distance, and bars stand apart from the ends of their axis.
        each = 0.85 * length / max(len(places), 1)
        is_turned = max(map(len, names), default=0) * _LETTER * size > each
        is_slanted = is_turned and each > 1.6 * _LINE * size
        look = {"rotation": 45 if is_slanted else 90 if is_turned else 0, "ha": "right" if is_slanted else "center"}
        for label in axis.get_ticklabels():
            label.set(rotation_mode="anchor" if is_slanted else "default", **look)


def matrix_axes(classes: Sequence[str], ax: Axes | None) -> Axes:
    """Axes for a picture with a cell for each two classes."""
    if ax is not None:
        return ax
    side = 2.2 + side_of(classes) + room_for_names(classes)
    drawn: Axes = pyplot().subplots(figsize=(side + 0.9, side), layout="constrained")[1]
    return drawn


def write_cells(ax: Axes, texts: list[list[str]], is_dark: NDArray[np.bool_]) -> None:
    """Writes numbers into cells, where they have room."""
    letters = max(len(text) for row in texts for text in row)
    if min(points_along(ax.xaxis), points_along(ax.yaxis)) / len(texts) < (letters + 0.5) * _LETTER * _CELL_SIZE:
        return
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            ink = "white" if is_dark[row, column] else "black"
            ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=_CELL_SIZE)


_CELL_SIZE = 8
# Where no two classes share more than this, colours up to 1 would show none of what they share.
_SMALL = 0.2


def scale_of(matrix: NDArray[np.float64]) -> float:
    """The value of the darkest colour: 1, or less where all values beside the diagonal are small."""
    others = matrix[~np.eye(len(matrix), dtype=bool)]
    others = others[np.isfinite(others)]
    largest = float(others.max()) if len(others) > 0 else 1.0
    # Twice that: the largest of them is told from the diagonal.
    return 2 * largest if 1e-12 < largest < _SMALL else 1.0


def cell_of(value: float, scale: float) -> str:
    """A number in a cell, with digits that tell those apart which have different colours."""
    if scale >= 0.01:
        return f"{value:.{2 if scale >= 0.2 else 3}f}"
    return f"{value:.0e}" if 0 < value < 0.1 else f"{value:.2f}"


def heat_map(matrix: NDArray[np.float64], classes: Sequence[str], ax: Axes | None, label: str) -> Axes:
    """A matrix of mean probabilities as a picture."""
    ax = matrix_axes(classes, ax)
    # After the axes, without which it says what to install.
    from matplotlib.colors import LinearSegmentedColormap

    ramp = LinearSegmentedColormap.from_list("equipoise", ["#ffffff", "#{:02x}{:02x}{:02x}".format(*_DARK)])
    scale = scale_of(matrix)
    image = ax.imshow(matrix, vmin=0.0, vmax=scale, cmap=ramp)
    if scale < 1:
        label = f"{label}\n(darkest from {scale:.2g} on)"
    ax.figure.colorbar(image, ax=ax, label=label, shrink=0.8, extend="neither" if scale == 1 else "max")
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    name_ticks(classes, ax.xaxis, ax.yaxis)
    titled(ax, "Mean probabilities")
    write_cells(ax, [[cell_of(value, scale) for value in row] for row in matrix.tolist()], matrix > 0.55 * scale)
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
        Everything that was found, as the command line writes it in JSON; `input`, what was taken for what, is in audits alone.
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
