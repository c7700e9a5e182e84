"""Progress of long work: a callback, or a bar of tqdm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Union

ProgressCallback = Callable[[int, int, str], object]
Progress = Union[ProgressCallback, bool, None]


@contextmanager
def callback_of(progress: Progress, unit: str) -> Iterator[ProgressCallback | None]:
    """The callback itself, one that moves a bar, or none."""
    if not isinstance(progress, bool):
        yield progress
        return
    if not progress:
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install tqdm, or give a callback") from error
    bar: Any
    with tqdm(unit=f" {unit}") as bar:

        def move(done: int, total: int, about: str) -> None:
            bar.total = total or None
            bar.set_postfix_str(about, refresh=False)
            bar.update(max(done - bar.n, 0))

        yield move
