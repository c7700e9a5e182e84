"""Labels, features and class weights as the compiled part takes them."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ClassWeight = Mapping[Any, float] | ArrayLike | str | float | None


def features_of(X: Any) -> NDArray[Any]:
    """A table as an array of `float64` or `float32`, rows one after another; not copied where it is one."""
    if is_plain_table(X):
        return np.asarray(X)
    from sklearn.utils import check_array

    X = check_array(X, dtype=[np.float64, np.float32], order="C")
    return np.require(X, requirements=["C", "A"])


def is_plain_table(X: Any) -> bool:
    """Whether an array passes scikit-learn's checks as it is: finite numbers, rows one after another."""
    if not (type(X) is np.ndarray and X.ndim == 2 and X.size > 0 and X.dtype in (np.float64, np.float32)):
        return False
    if not (X.flags.c_contiguous and X.flags.aligned):
        return False
    # A sum of squares is finite only where every number is. One that leaves the range of numbers is for scikit-learn to judge.
    numbers = X.reshape(-1)
    return bool(np.isfinite(np.dot(numbers, numbers)))


def is_plain_labels(y: Any) -> bool:
    """Whether labels pass scikit-learn's checks as they are: one axis of whole numbers."""
    return type(y) is np.ndarray and y.ndim == 1 and y.dtype.kind in "iub"


def feature_names_of(X: Any) -> list[str] | None:
    """Names of the columns of a data frame whose columns are text."""
    names = getattr(X, "columns", None)
    if names is None or not all(isinstance(name, str) for name in names):
        return None
    return list(names)


def labels_of(y: Any) -> tuple[NDArray[Any], NDArray[np.uint32]]:
    """The classes in sorted order, and the number of each sample's."""
    if not is_plain_labels(y):
        from sklearn.utils import column_or_1d
        from sklearn.utils.multiclass import check_classification_targets

        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
    return numbered(np.asarray(y))


def numbered(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint32]]:
    """The distinct labels in sorted order, and the number of each sample's; small whole numbers are not sorted."""
    if y.dtype.kind in "iu" and len(y) > 0 and y.min() >= 0 and y.max() < 2 * len(y):
        present = np.bincount(y) > 0
        if present.all():
            return np.arange(len(present), dtype=y.dtype), y.astype(np.uint32)
        numbers = np.cumsum(present, dtype=np.uint32) - np.uint32(1)
        return np.flatnonzero(present).astype(y.dtype), numbers[y]
    classes, codes = np.unique(y, return_inverse=True)
    return classes, codes.astype(np.uint32)


def numbers_of(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.uint32]:
    """The number of each label's class."""
    present, codes = np.unique(y, return_inverse=True)
    place = {name: number for number, name in enumerate(classes.tolist())}
    unseen = [label for label in present.tolist() if label not in place]
    if unseen:
        raise ValueError(f"y contains previously unseen labels: {unseen}")
    return np.array([place[label] for label in present.tolist()], dtype=np.uint32)[codes]


def sizes_of(
    sample_weight: Any, X: Any, codes: NDArray[np.uint32], classes: NDArray[Any]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
    """Checked sample weights, `None` where all are 1, and the sum of those of each class."""
    if sample_weight is not None:
        from sklearn.utils.validation import _check_sample_weight

        sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if (sample_weight == 1.0).all():
            sample_weight = None
    sizes = np.bincount(codes, weights=sample_weight, minlength=len(classes)).astype(np.float64)
    if not sizes.all():
        raise ValueError(
            f"sample_weight is 0 for every sample of class {classes.tolist()[sizes.argmin()]!r}; leave the class out, or give "
            "one of its samples a weight"
        )
    return sample_weight, sizes


def names_of(classes: NDArray[Any]) -> list[str]:
    """Classes as text."""
    return [str(name) for name in classes.tolist()]


def doubles(values: Any) -> NDArray[np.float64]:
    """Numbers as `float64`, rows one after another."""
    return np.require(values, dtype=np.float64, requirements=["C", "A"])


def weights_of(class_weight: ClassWeight, classes: NDArray[Any]) -> list[float] | float | str | None:
    """Class weights as the compiled part takes them: none, 'balanced', an effective number, or one number per class."""
    if class_weight is None or isinstance(class_weight, str):
        return class_weight
    if isinstance(class_weight, Mapping):
        names = classes.tolist()
        unknown = [name for name in class_weight if name not in names]
        if unknown:
            raise ValueError(f"The classes, {unknown}, are not in class_weight's data; classes are {names}")
        return _positive([float(class_weight.get(name, 1.0)) for name in names], names)
    if isinstance(class_weight, (int, float)):
        return float(class_weight)
    weights = np.asarray(class_weight, dtype=np.float64).ravel().tolist()
    if len(weights) != len(classes):
        raise ValueError(
            f"class_weight has {len(weights)} numbers for {len(classes)} classes; give one for each of {classes.tolist()}"
        )
    return _positive(weights, classes.tolist())


def _positive(weights: list[float], names: list[Any]) -> list[float]:
    """Class weights, which are positive and within the range that is computed with."""
    for weight, name in zip(weights, names, strict=True):
        if not 1e-100 <= weight <= 1e100:
            raise ValueError(f"class_weight of class {name!r} must be a number from 1e-100 to 1e100; got {weight!r}")
    return weights


def mass_of(weights: list[float] | float | str | None, sizes: NDArray[np.float64]) -> float:
    """The sum over samples of their weights times those of their classes."""
    if isinstance(weights, list) and len(weights) == len(sizes):
        return float(np.dot(weights, sizes))
    if isinstance(weights, float):
        return float(np.dot((1 - weights) / (1 - weights**sizes), sizes))
    # Balanced weights leave the sum as it is.
    return float(sizes.sum())


def checked_seed(seed: Any) -> int:
    """A seed, which is a whole number."""
    if not isinstance(seed, Integral) or not 0 <= seed < 2**64:
        raise ValueError(f"seed must be a whole number of at least 0, below 2**64; got {seed!r}")
    return int(seed)
