"""Running an analysis: an experiment as a file, a name, or a dict."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _core
from ._progress import Progress, callback_of
from ._results import pandas

if TYPE_CHECKING:
    import pandas as pd


def _toml(value: Any) -> str:
    """A value of an analysis as TOML writes it; tables in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    if hasattr(value, "tolist"):
        return _toml(value.tolist())
    raise TypeError(f"an analysis holds numbers, text, lists and dicts; got {type(value).__name__}")


def run(
    analysis: str | Path | Mapping[str, Any],
    *,
    out: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: Progress = None,
) -> pd.DataFrame:
    """Run an analysis and return its records in long form, one number a row.

    Parameters
    ----------
    analysis : str, Path or dict
        Name of a shipped analysis, an analysis file, or what such a file holds.
    out : path, optional
        Directory that keeps the records, as `equipoise run --out` does; an interrupted run goes on there.
    overrides : dict, optional
        Other values for keys of the file, by dotted name.
    overwrite : bool
        Replace the results of another analysis in `out`.
    progress : callable or True, optional
        Called with (problems done, in all, name); `True` shows a bar of tqdm.

    Returns
    -------
    pandas.DataFrame
        Columns `series`, one per axis of the sweep, `repetition`, `status`, `measure`, `row`, `column`, `value`.

    Examples
    --------
    >>> import equipoise
    >>> records = equipoise.run("binary-weights", overrides={"repetitions": 1})  # doctest: +SKIP
    """
    library = pandas("run")
    source: tuple[str, str] | str
    if isinstance(analysis, Mapping):
        text = "\n".join(f"{_toml(str(key))} = {_toml(value)}" for key, value in analysis.items())
        source = (str(analysis.get("name", "analysis")), text + "\n")
    elif isinstance(analysis, str) and analysis in dict(_core.analyses()):
        source = (analysis, "")
    elif isinstance(analysis, str) and not (analysis.endswith(".toml") or os.path.exists(analysis)):
        names = ", ".join(name for name, _ in _core.analyses())
        raise ValueError(f"analysis {analysis!r} is no file and none of {names}")
    elif isinstance(analysis, (str, Path)) and not os.path.exists(analysis):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(analysis))
    elif isinstance(analysis, (str, Path)):
        source = os.fspath(analysis)
    else:
        raise TypeError(f"analysis must be a name, a path or a dict; got {type(analysis).__name__}")
    if overrides is not None and not isinstance(overrides, Mapping):
        raise TypeError(f"overrides must be a dict; got {type(overrides).__name__}")
    changed = [f"{key}={_toml(value)}" for key, value in (overrides or {}).items()]
    with tempfile.TemporaryDirectory() as scratch, callback_of(progress, "problems") as callback:
        directory = os.fspath(out) if out is not None else os.path.join(scratch, "run")
        unsolved = _core.run(source, directory, changed, overwrite, callback)
        records: pd.DataFrame = library.read_csv(
            os.path.join(directory, "records.csv"), dtype={"series": str, "value": str}
        )
    # By Python's own reading of numbers, which gives back every digit that was written.
    records["value"] = records["value"].astype(float)
    if unsolved:
        warnings.warn(f"{len(unsolved)} problems without an answer; the first: {unsolved[0]}", stacklevel=2)
    return records
