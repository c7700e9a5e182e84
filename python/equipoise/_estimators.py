"""Classifiers with the conventions of scikit-learn."""

from __future__ import annotations

import copy
import warnings
from numbers import Integral, Real
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _core
from ._arrays import (
    ClassWeight,
    check_unmasked,
    checked_seed,
    checked_weights,
    classes_of,
    exact_types,
    is_plain_table,
    is_within,
    mass_of,
    names_of,
    numbers_of,
    plain_samples,
    sizes_of,
    weights_of,
)
from ._audit import prior_correct
from ._fit_path import PathResult, penalties_of
from ._solve import LARGEST_PENALTY, Certificate, StepCallback, head_arrays, no_answer, settings
from .exceptions import NotConvergedError, SeparableDataError, SeparableDataWarning

if TYPE_CHECKING:
    from typing_extensions import Self


class Checked(NamedTuple):
    """What a fit solves, and what it then says of the samples."""

    samples: _core.Samples
    weights: list[float] | float | str | None
    # The sum of the sample weights of each class.
    sizes: list[float]
    # The fitted attributes that describe the samples. They are set with the others, so that a fit without an answer changes nothing.
    known: dict[str, Any]


class _LinearClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """What the classifiers share; each names its loss."""

    classes_: NDArray[Any]
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    n_iter_: NDArray[np.int32]
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]
    certificate_: Certificate
    class_weight_: NDArray[np.float64]
    path_: PathResult
    l2_: float

    _loss_name: str
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "C": [Interval(Real, 0, None, closed="right")],
        "l2": [Interval(Real, 0, LARGEST_PENALTY, closed="both"), None],
        "class_weight": [dict, StrOptions({"balanced"}), Interval(Real, 0, 1, closed="left"), "array-like", None],
        "fit_intercept": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "time_limit": [Interval(Real, 0, None, closed="neither"), None],
        "separable": [StrOptions({"error", "warn"})],
    }

    def __init__(
        self,
        *,
        C: float = 1.0,
        l2: float | None = None,
        class_weight: ClassWeight = None,
        fit_intercept: bool = True,
        tol: float = 0.0,
        max_iter: int = 5000,
        time_limit: float | None = None,
        separable: Literal["error", "warn"] = "error",
    ) -> None:
        self.C = C
        self.l2 = l2
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.time_limit = time_limit
        self.separable = separable

    def _loss(self) -> tuple[str, dict[str, Any]]:
        """Name and parameters of the loss."""
        return self._loss_name, {}

    def _has_usual_parameters(self) -> bool:
        """Whether parameters plainly are in range: scikit-learn's own checks of them take longer than a small fit."""
        return (
            type(self.C) is float
            and self.C > 0
            and type(self.tol) is float
            and 0 <= self.tol < np.inf
            and (self.l2 is None or (type(self.l2) is float and 0 <= self.l2 <= LARGEST_PENALTY))
            and (self.class_weight is None or type(self.class_weight) is dict or self._is_balanced())
            and type(self.fit_intercept) is bool
            and type(self.max_iter) is int
            and self.max_iter >= 1
            and self.time_limit is None
            and self.separable in ("error", "warn")
        )

    def _is_balanced(self) -> bool:
        return isinstance(self.class_weight, str) and self.class_weight == "balanced"

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        callback: StepCallback | None = None,
    ) -> Self:
        """Solve for the coefficients.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features; `float64` and `float32` arrays whose rows lie one after another (C order) are not copied. Others, such as
            those in Fortran order, are, once. Sparse matrices are refused.
        y : array-like of shape (n_samples,)
            Classes.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the samples; a whole weight counts as so many equal rows, and 0 as none.
        callback : callable, optional
            Called after every step with its number, the loss, the relative gradient and the seconds so far. Ctrl-C
            stops a search between two steps.

        Returns
        -------
        self
            A fit that raises an exception, or is interrupted, leaves the classifier as it was.
        """
        given, weights, sizes, known = self._check_fit(X, y, sample_weight)
        penalty = self._penalty(self.C, weights, sizes) if self.l2 is None else float(self.l2)
        options = (self._settings(), callback, False, self.fit_intercept)
        record, head = _core.solve(given, self._loss(), weights, penalty, *options)
        self._take(record, head, known)
        return self

    def fit_path(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        l2s: int | ArrayLike = 25,
        l2_range: tuple[float, float] = (1e-7, 1e-1),
        test: float | tuple[Any, Any] = 0.1,
        seed: int = 1,
        callback: StepCallback | None = None,
    ) -> Self:
        """Try many penalties, test each on held-out samples, and fit with the best.

        Penalties are solved from the largest to the smallest, each search beginning where the last ones lead. The best one has
        the least held-out log loss (`PathResult.log_loss`); of several with the same, it is the largest. `C` and `l2` of the classifier are not used. The
        numbers are those of the command ``equipoise solve --l2 A..B:N --test``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Classes.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the samples, also of those that are held out.
        l2s : int or array-like of shape (n_penalties,)
            Penalties ``l2 / 2 * ||coef||^2`` on the mean loss; of a number, so many, evenly spaced on a logarithmic scale over
            `l2_range`.
        l2_range : tuple of float
            Smallest and largest penalty where `l2s` is a number.
        test : float or tuple (X, y)
            The share of every class that is held out, between 0 and 1: the best penalty is then solved for over all samples.
            Or samples to test on, over which nothing is solved.
        seed : int
            Seed of the share.
        callback : callable, optional
            As of `fit`; steps are counted anew for each penalty. `tol`, `max_iter` and `time_limit` are of each search, too.

        Returns
        -------
        self
            Fitted; `path_` has a row for each penalty, and `l2_` is the best one.

        Examples
        --------
        >>> import numpy as np
        >>> from equipoise import SoftmaxRegression
        >>> random = np.random.default_rng(0)
        >>> y = random.integers(0, 3, 300)
        >>> X = random.standard_normal((300, 5)) + y[:, None]
        >>> model = SoftmaxRegression().fit_path(X, y, l2s=5, test=0.2)
        >>> len(model.path_.log_loss), bool(model.l2_ == model.path_.best)
        (5, True)
        """
        checked = self._check_fit(X, y, sample_weight)
        penalties = penalties_of(l2s, l2_range)
        held_out = self._held_out(test, seed, checked.known)
        options = (self._settings(), callback, self.fit_intercept)
        found = _core.fit_path(checked.samples, self._loss(), checked.weights, penalties, held_out, *options)
        if found is None:
            limits = f"max_iter (now {self.max_iter})" + ("" if self.time_limit is None else f" or time_limit ({self.time_limit:g} s)")
            raise NotConvergedError(f"no penalty of the path has an answer; give larger penalties, or raise {limits}")
        record, head = found
        path = PathResult(record.to_dict()["sweep"])
        self._take(record, head, {**checked.known, "path_": path, "l2_": path.best})
        return self

    def _held_out(self, test: Any, seed: int, known: dict[str, Any]) -> tuple[Any, Any]:
        """The share and the seed, or features and the numbers of classes."""
        if not isinstance(test, tuple) and is_within(test, 0, 1) and test not in (0, 1):
            return float(test), checked_seed(seed)
        if not (isinstance(test, tuple) and len(test) == 2):
            raise ValueError(f"test must be a share between 0 and 1, or a pair (X, y) of samples; got {test!r}")
        check_unmasked(test[0], "X of test")
        check_unmasked(test[1], "y of test")
        X, y = validate_data(self._apart(known), *test, reset=False, dtype=exact_types(test[0]), order="C")
        return np.require(X, requirements=["C", "A"]), numbers_of(y, known["classes_"])

    def _apart(self, known: dict[str, Any]) -> Self:
        """A copy on which scikit-learn notes, or finds, what is known of the samples."""
        apart = copy.copy(self)
        for name in _OF_SAMPLES:
            apart.__dict__.pop(name, None)
        apart.__dict__.update(known)
        return apart

    def _check_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> Checked:
        """Checked samples, class weights and class sizes."""
        if not self._has_usual_parameters():
            self._validate_params()
        plain = plain_samples(X, y, sample_weight)
        if plain is not None:
            given, classes, sizes = plain
            return Checked(given, weights_of(self.class_weight, classes), sizes, {"classes_": classes, "n_features_in_": X.shape[1]})
        check_unmasked(X, "Input X")
        check_unmasked(y, "Input y")
        apart = self._apart({})
        X, y = validate_data(apart, X, y, dtype=exact_types(X), order="C", accept_large_sparse=False)
        classes, codes = classes_of(y)
        sample_weight = checked_weights(sample_weight, X)
        sizes = sizes_of(sample_weight, codes, classes)
        known = {"classes_": classes, **{name: vars(apart)[name] for name in _OF_SAMPLES if name in vars(apart)}}
        names = known.get("feature_names_in_")
        table = np.require(X, requirements=["C", "A"])
        given = _core.Samples(table, codes, names_of(classes), None if names is None else list(names), sample_weight)
        return Checked(given, weights_of(self.class_weight, classes), sizes, known)

    def _penalty(
        self, C: float, weights: list[float] | float | str | None, sizes: list[float]
    ) -> float:
        """`1 / (C * sum of all weights)`: scikit-learn's objective divided by that sum."""
        total = mass_of(weights, sizes)
        mass = float(C) * total
        if not mass * LARGEST_PENALTY >= 1:
            least = 1 / (LARGEST_PENALTY * total)
            raise ValueError(f"C={C!r} is too small for weights that sum to {total:.2g}; give at least {least:.1e}")
        return 1.0 / mass

    def _settings(self) -> dict[str, Any]:
        return settings(self.tol, self.max_iter, self.time_limit)

    def _take(self, record: _core.Record, head: tuple[bytearray, list[float]] | None, known: dict[str, Any]) -> None:
        """Sets what was found and what is known of the samples, with a warning where that is no minimum; or raises an exception."""
        if record.status == "separable":
            rows = 0 if head is None else len(head[1])
            self._warn_of_separation(record.to_dict()["separation"], rows, len(known["classes_"]))
        elif record.status != "stationary":
            found = record.to_dict()
            text = no_answer(found)
            if head is None or not np.isfinite(np.frombuffer(head[0])).all():
                raise NotConvergedError(text)
            warnings.warn(f"no stationary point: {text}", ConvergenceWarning, stacklevel=3)
        assert head is not None
        fitted = known
        fitted["coef_"], fitted["intercept_"] = head_arrays(head)
        fitted["certificate_"] = Certificate(record)
        fitted["class_weight_"] = np.array(record.class_weights)
        fitted["n_iter_"] = np.array([max(record.iterations, 1)], dtype=np.int32)
        attributes = self.__dict__
        # Of an earlier fit, to other samples or by `fit_path`.
        for name in ("feature_names_in_", "path_", "l2_"):
            attributes.pop(name, None)
        attributes.update(fitted)

    def _warn_of_separation(self, separation: dict[str, Any], rows: int, classes: int) -> None:
        """Warns where there is a direction of all `rows` and the user wants it; raises otherwise."""
        name = self._loss()[0]
        whole = separation.get("column_class") is None or classes == 2
        if self.separable == "error" or rows == 0 or not whole:
            raise SeparableDataError.of(separation, name)
        warnings.warn(SeparableDataWarning.of(separation, name), stacklevel=4)

    def _logits(self, X: Any) -> NDArray[np.float64]:
        """One column per row of the coefficients."""
        check_is_fitted(self)
        named = hasattr(self, "feature_names_in_")
        if named or not is_plain_table(X) or X.shape[1] != self.n_features_in_:
            check_unmasked(X, "Input X")
            X = validate_data(self, X, dtype=exact_types(X), reset=False)
        logits: NDArray[np.float64] = X @ self.coef_.T + self.intercept_
        return logits

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Logits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes, (n_samples, n_classes) for more
            Of two classes, the logit of the second less that of the first.
        """
        logits = self._logits(X)
        if len(self.classes_) > 2:
            return logits
        return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]

    def predict(self, X: Any) -> NDArray[Any]:
        """The class with the largest logit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        scores = self.decision_function(X)
        numbers = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        predicted: NDArray[Any] = self.classes_[numbers]
        return predicted

    def _probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows that sum to one, from logits."""
        raise NotImplementedError

    def _log_probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Their logarithms, which are finite where a probability is too small for a number."""
        raise NotImplementedError

    def _check_has_probabilities(self) -> None:
        """Refuses where there is a direction of separation alone."""
        check_is_fitted(self)
        if self.certificate_.status == "separable":
            raise SeparableDataError.of(self.certificate_.separation or {}, self._loss()[0])

    def predict_proba(self, X: Any, *, prior_corrected: bool = False) -> NDArray[np.float64]:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        prior_corrected : bool
            Undo what class weights did: ``p_k / class_weight_[k]``, made to sum to one.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        self._check_has_probabilities()
        probabilities = self._probabilities(self._logits(X))
        return prior_correct(probabilities, self.class_weight_) if prior_corrected else probabilities

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Logarithms of the probabilities, from the logits: finite also where a probability is too small for a number.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        self._check_has_probabilities()
        return self._log_probabilities(self._logits(X))


# Set by scikit-learn's checks of samples.
_OF_SAMPLES = ("n_features_in_", "feature_names_in_")


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """To full relative precision in the likeliest class, too, whose logarithm is about minus the sum of the other probabilities."""
    likeliest = logits.argmax(axis=1)[:, None]
    below: NDArray[np.float64] = logits - np.take_along_axis(logits, likeliest, axis=1)
    others = np.exp(below)
    np.put_along_axis(others, likeliest, 0.0, axis=1)
    return np.asarray(below - np.log1p(others.sum(axis=1, keepdims=True)), dtype=np.float64)


def _expit(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import expit

    return np.asarray(expit(logits), dtype=np.float64)


class _SigmoidClassifier(_LinearClassifier):
    """Probabilities of logistic columns."""

    def _probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        if logits.shape[1] == 1:
            return np.column_stack([_expit(-logits[:, 0]), _expit(logits[:, 0])])
        # One column per class: each is a probability by itself, and together they are made to sum to one. Logarithms keep
        # rows whose probabilities are all tiny.
        from scipy.special import softmax

        return np.asarray(softmax(-np.logaddexp(0.0, -logits), axis=1), dtype=np.float64)

    def _log_probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        if logits.shape[1] == 1:
            return -np.logaddexp(0.0, np.column_stack([logits[:, 0], -logits[:, 0]]))
        return _log_softmax(-np.logaddexp(0.0, -logits))


def _own_methods(estimator: type[_LinearClassifier]) -> None:
    """Give a class its own copies of public methods that it shares: Python's errors name the class that a function was defined in."""
    for base in estimator.__mro__[1:]:
        if base.__module__ != __name__:
            continue
        for name, function in vars(base).items():
            is_public = name == "__init__" or not name.startswith("_")
            if not (isinstance(function, FunctionType) and is_public) or name in vars(estimator):
                continue
            code, names = function.__code__, function.__globals__
            own = FunctionType(code, names, name, function.__defaults__, function.__closure__)
            own.__kwdefaults__, own.__annotations__ = function.__kwdefaults__, function.__annotations__
            own.__doc__ = function.__doc__
            own.__dict__.update(function.__dict__)
            own.__qualname__ = f"{estimator.__qualname__}.{name}"
            setattr(estimator, name, own)


_PENALTY = """
    C : float
        Inverse of the penalty, as in scikit-learn: the penalty on the mean loss is ``1 / (C * sum of weights)``;
        `inf` for none.
    l2 : float, optional
        The penalty ``l2 / 2 * ||coef||^2`` on the mean loss itself, in place of `C`."""
_CLASS_WEIGHT = """
    class_weight : dict, 'balanced', float or None
        Weights by class, as in scikit-learn; a float ``B`` from 0 to below 1 is that of the effective number of samples."""
_SEARCH = """
    fit_intercept : bool
        Whether logits have intercepts. Without them outflow and inflow of a class are in general not equal, also at the minimum
        (docs/theory.md, H1).
    tol : float
        Largest entry of the gradient of the mean loss at which the search ends; with 0 it ends where rounding lets no step lower
        the gradient any more. `certificate_` says what is left.
    max_iter : int
        Steps at most; a search that ends there warns (`sklearn.exceptions.ConvergenceWarning`).
    time_limit : float, optional
        Seconds at most.
    separable : {'error', 'warn'}
        What to do about separable classes without a penalty, for which no finite coefficients exist: raise
        `SeparableDataError`, or warn with `SeparableDataWarning` and keep the direction along which the loss falls, which
        predicts classes but no probabilities. One-vs-all models of three or more classes raise the error also with 'warn' where
        only some of the classes are separable from the rest: such a direction says nothing about the other classes.
"""
_ATTRIBUTES = """
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts, never penalised; zeros without ``fit_intercept``.
    certificate_ : Certificate
        Status, gradient at these very coefficients in double-double arithmetic, dependent columns, separation.
    class_weight_ : ndarray of shape (n_classes,)
        Weights of the classes as numbers.
    n_iter_ : ndarray of shape (1,)
        Steps of the search.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all text.
    path_ : PathResult
        Of `fit_path`: what each penalty does on held-out samples.
    l2_ : float
        Of `fit_path`: the best penalty.
"""


class LogisticRegression(_SigmoidClassifier):
    __doc__ = f"""Binary or one-vs-all logistic regression, solved to a certified minimum.

    Minimises ``sum_i w_i sum_k log(1 + exp(-s_ik z_ik)) / sum_i w_i + l2 / 2 * ||coef||^2`` with ``s_ik = 1`` if sample
    ``i`` is of class ``k``, else ``-1``; two classes have one column, that of the second.

    Parameters
    ----------{_PENALTY}{_CLASS_WEIGHT}{_SEARCH}
    Attributes
    ----------{_ATTRIBUTES}
    Examples
    --------
    >>> from equipoise import LogisticRegression
    >>> model = LogisticRegression(C=float("inf")).fit([[0], [0], [0], [1], [1], [1]], [0, 0, 1, 0, 1, 1])
    >>> model.coef_.round(12)
    array([[1.38629436]])
    >>> model.certificate_.status
    'stationary'
    """

    _loss_name = "logistic"


class SoftmaxRegression(_LinearClassifier):
    __doc__ = f"""Multinomial logistic regression, solved to a certified minimum.

    Minimises ``sum_i w_i (log sum_k exp z_ik - z_iy) / sum_i w_i + l2 / 2 * ||coef||^2``. Every class has a row of
    coefficients, two classes as well; rows sum to zero over classes.

    Parameters
    ----------{_PENALTY}{_CLASS_WEIGHT}{_SEARCH}
    Attributes
    ----------{_ATTRIBUTES}
    Examples
    --------
    >>> from equipoise import SoftmaxRegression
    >>> model = SoftmaxRegression(l2=1e-3).fit([[0], [1], [2], [0], [1], [2]], ["a", "b", "c", "b", "c", "a"])
    >>> model.predict_proba([[0.0]]).sum().round(12)
    np.float64(1.0)
    """

    _loss_name = "softmax"

    def _probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import softmax

        return np.asarray(softmax(logits, axis=1), dtype=np.float64)

    def _log_probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return _log_softmax(logits)


class InrClassifier(_SigmoidClassifier):
    __doc__ = f"""LGL-INR: logistic regression with in-negative-class reweighting, solved to a local minimum.

    Minimises the sum over classes ``k`` of ``mean_{{i in k}} -log p_ik + sum_{{c != k}} omega_ck mean_{{i in c}}
    -log(1 - p_ik)`` with ``p = sigmoid(z)`` and ``omega_ck = exp(beta P_ck) / sum_{{j != k}} exp(beta P_jk)``, plus
    ``l2 / 2 * ||coef||^2``. It averages within each class, so class weights leave it unchanged.

    Parameters
    ----------
    beta : float
        Sharpness of the reweighting, at least 0.
    detached : bool
        Hold the weights ``omega`` constant in the gradient.{_PENALTY}{_SEARCH}
    Attributes
    ----------{_ATTRIBUTES}
    Examples
    --------
    >>> from equipoise import InrClassifier
    >>> model = InrClassifier(beta=2.0, l2=1e-2).fit([[0], [1], [2], [0], [1], [2]], [0, 1, 2, 1, 2, 0])
    >>> model.certificate_.status
    'stationary'
    """

    _loss_name = "inr"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: known for name, known in _LinearClassifier._parameter_constraints.items() if name != "class_weight"},
        "beta": [Interval(Real, 0, 1e6, closed="both")],
        "detached": ["boolean"],
    }

    def __init__(
        self,
        *,
        beta: float = 1.0,
        detached: bool = False,
        C: float = 1.0,
        l2: float | None = None,
        fit_intercept: bool = True,
        tol: float = 0.0,
        max_iter: int = 5000,
        time_limit: float | None = None,
        separable: Literal["error", "warn"] = "error",
    ) -> None:
        super().__init__(
            C=C,
            l2=l2,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
            time_limit=time_limit,
            separable=separable,
        )
        self.beta = beta
        self.detached = detached

    def _has_usual_parameters(self) -> bool:
        beta = type(self.beta) is float and 0 <= self.beta <= 1e6
        return super()._has_usual_parameters() and beta and type(self.detached) is bool

    def _loss(self) -> tuple[str, dict[str, Any]]:
        variant = "detached" if self.detached else "attached"
        return self._loss_name, {"beta": float(self.beta), "variant": variant}


for _estimator in (LogisticRegression, SoftmaxRegression, InrClassifier):
    _own_methods(_estimator)
