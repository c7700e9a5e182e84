"""Labels, features and class weights as the compiled part takes them."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core

ClassWeight = Mapping[Any, float] | ArrayLike | str | float | None
CLASS_WEIGHTS = "a dict, 'balanced', a number from 0 to below 1, one number for each class, or None"


def features_of(X: Any) -> NDArray[Any]:
    """A table as an array of `float64` or `float32`, rows one after another; not copied where it is one.

    Columns one after another (Fortran order) are copied, once: every pass of a search reads the features of a few hundred samples
    as one stretch of memory, and would otherwise gather them anew each time.
    """
    if is_plain_table(X):
        return np.asarray(X)
    from sklearn.utils import check_array

    check_unmasked(X, "Input X")
    X = check_array(X, dtype=exact_types(X), order="C", input_name="X")
    return np.require(X, requirements=["C", "A"])


def is_plain_table(X: Any) -> bool:
    """Whether an array passes scikit-learn's checks as it is: finite numbers, rows one after another."""
    if not (type(X) is np.ndarray and X.ndim == 2 and X.size > 0 and X.dtype in (np.float64, np.float32)):
        return False
    if not (X.flags.c_contiguous and X.flags.aligned):
        return False
    # A sum of squares is finite only where every number is. One that leaves the range of numbers is for scikit-learn to judge.
    numbers = X.reshape(-1)
    with np.errstate(over="ignore"):
        return bool(np.isfinite(np.dot(numbers, numbers)))


def exact_types(X: Any) -> list[type[np.floating[Any]]]:
    """The types that features are taken in. Halves and small whole numbers, such as pixels, are exact in single precision."""
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub" and dtype.itemsize <= 2:
        return [np.float32]
    return [np.float64, np.float32]


def check_unmasked(values: Any, name: str) -> None:
    """Refuses a masked array with masked entries: NumPy's functions, and scikit-learn's, would read what lies under the mask."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name} has masked entries; fill them in, or leave their rows out")


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
        from sklearn.utils import assert_all_finite, column_or_1d

        check_unmasked(y, "Input y")
        y = column_or_1d(y, warn=True)
        if np.asarray(y).dtype.kind == "f":
            assert_all_finite(y, input_name="y")
    return classes_of(np.asarray(y))


def classes_of(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint32]]:
    """The same of an array with one axis, which scikit-learn finds to be classes."""
    from sklearn.utils.multiclass import check_classification_targets

    if not is_plain_labels(y):
        check_classification_targets(y)
    classes, codes = numbered(y)
    if len(classes) == 1:
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data contains only one "
            f"class: {classes[0]!r}"
        )
    if is_plain_labels(y) and 2 * len(classes) >= len(y):
        # It warns where labels look like measurements.
        check_classification_targets(y)
    return classes, codes


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


def plain_samples(
    X: Any, y: Any, sample_weight: Any
) -> tuple[_core.Samples, NDArray[Any], list[float]] | None:
    """Samples, classes and their sizes of arrays that pass scikit-learn's checks as they are; `None` of others."""
    if not (type(X) is np.ndarray and type(y) is np.ndarray):
        return None
    found = _core.Samples.plain(X, y, checked_weights(sample_weight, X))
    if found is None:
        return None
    given, numbers, sizes = found
    classes = np.array(numbers, dtype=y.dtype)
    return given, classes, checked_sizes(sizes, classes)


def checked_weights(sample_weight: Any, X: Any) -> NDArray[np.float64] | None:
    """Sample weights, `None` where all are 1."""
    if sample_weight is None:
        return None
    weights = weights_of_samples(sample_weight, X)
    return None if (weights == 1.0).all() else weights


def weights_of_samples(sample_weight: Any, X: Any) -> NDArray[np.float64]:
    """One weight for each row of `X`, as scikit-learn checks them."""
    from sklearn.utils.validation import _check_sample_weight

    sample_weight = of_tensor(sample_weight)
    check_unmasked(sample_weight, "sample_weight")
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    return np.require(weights, requirements=["C", "A"])


def sizes_of(
    sample_weight: NDArray[np.float64] | None, codes: NDArray[np.uint32], classes: NDArray[Any]
) -> list[float]:
    """The sum of the sample weights of each class."""
    sizes = np.bincount(codes, weights=sample_weight, minlength=len(classes)).astype(np.float64)
    return checked_sizes(sizes.tolist(), classes)


def checked_sizes(sizes: list[float], classes: NDArray[Any]) -> list[float]:
    """The same sums, none of which may be 0."""
    if 0.0 in sizes:
        raise ValueError(
            f"sample_weight is 0 for every sample of class {classes.tolist()[sizes.index(0.0)]!r}; leave the class out, or give "
            "one of its samples a weight"
        )
    return sizes


def names_of(classes: NDArray[Any]) -> list[str]:
    """Classes as text."""
    return [str(name) for name in classes.tolist()]


def of_tensor(values: Any) -> Any:
    """A tensor of PyTorch as an array: NumPy takes none that has a gradient, and has no bfloat16. Anything else as it is."""
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return (values.double() if values.is_floating_point() else values).numpy()


def doubles(values: Any, name: str) -> NDArray[np.float64]:
    """Numbers as `float64`, rows one after another."""
    values = of_tensor(values)
    check_unmasked(values, name)
    if hasattr(values, "tocsr"):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense data is required. Use '.toarray()' to convert to a dense numpy array."
        )
    if np.iscomplexobj(values):
        raise ValueError(f"Complex data not supported: {name}")
    return np.require(values, dtype=np.float64, requirements=["C", "A"])


def weights_of(class_weight: ClassWeight, classes: NDArray[Any]) -> list[float] | float | str | None:
    """Class weights as the compiled part takes them: none, 'balanced', an effective number, or one number per class."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == "balanced"):
        return class_weight
    class_weight = of_tensor(class_weight)
    check_unmasked(class_weight, "class_weight")
    if hasattr(class_weight, "to_dict"):
        # A series of pandas, whose index has the classes.
        class_weight = class_weight.to_dict()
    if isinstance(class_weight, Mapping):
        names = classes.tolist()
        absent = [name for name in names if name not in class_weight]
        # As in scikit-learn: a class without a weight has 1, unless another name may be meant for it.
        if absent and len(names) - len(absent) != len(class_weight):
            raise ValueError(f"The classes, {absent}, are not in class_weight")
        return positive([class_weight.get(name, 1.0) for name in names], names)
    if isinstance(class_weight, Real) and not isinstance(class_weight, bool) and is_within(class_weight, 0, np.nextafter(1, 0)):
        return float(class_weight)
    if isinstance(class_weight, (str, Real, np.bool_)):
        raise ValueError(f"class_weight must be {CLASS_WEIGHTS}; got {class_weight!r}")
    weights = np.asarray(class_weight)
    if weights.shape != (len(classes),):
        raise ValueError(
            f"class_weight has shape {weights.shape} for {len(classes)} classes; give one number for each of {classes.tolist()}"
        )
    return positive(weights.tolist(), classes.tolist())


def positive(weights: list[Any], names: list[Any]) -> list[float]:
    """Class weights, which are positive and within the range that is computed with."""
    for weight, name in zip(weights, names, strict=True):
        if not is_within(weight, 1e-100, 1e100):
            raise ValueError(f"class_weight of class {name!r} must be a number from 1e-100 to 1e100; got {weight!r}")
    return [float(weight) for weight in weights]


def mass_of(weights: list[float] | float | str | None, class_sizes: list[float]) -> float:
    """The sum over samples of their weights times those of their classes."""
    sizes = np.array(class_sizes)
    if isinstance(weights, list) and len(weights) == len(sizes):
        return float(np.dot(weights, sizes))
    if isinstance(weights, float):
        return float(np.dot((1 - weights) / (1 - weights**sizes), sizes))
    # Balanced weights leave the sum as it is.
    return float(sizes.sum())


def is_within(value: Any, low: float, high: float) -> bool:
    """Whether a number, and no text or array, lies between two others."""
    if not isinstance(value, Real):
        return False
    number: Any = value
    return bool(low <= number <= high)


def checked_flag(value: Any, name: str) -> bool:
    """`True` or `False`, and nothing that Python takes for one of them."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False; got {value!r}")
    return bool(value)


def checked_seed(seed: Any) -> int:
    """A seed, which is a whole number."""
    if not (isinstance(seed, Integral) and is_within(seed, 0, 2**64 - 1)):
        raise ValueError(f"seed must be a whole number of at least 0, below 2**64; got {seed!r}")
    return int(seed)
