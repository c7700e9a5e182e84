"""Logistic or softmax regression for many penalties."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from . import _core
from ._arrays import ClassWeight, check_unmasked
from ._estimators import LogisticRegression, SoftmaxRegression
from ._solve import Certificate, StepCallback, head_arrays, no_answer
from .exceptions import NotConvergedError, SeparableDataError, SeparableDataWarning

if TYPE_CHECKING:
    from typing_extensions import Self


class LogisticRegressionPath(BaseEstimator):  # type: ignore[misc]
    """One classifier for each value of `C`, over the same data, which are checked and laid out once.

    Values are solved from the strongest penalty to the weakest, each search beginning where the last ones lead. Every one ends
    at a certified minimum of its own.

    Parameters
    ----------
    Cs : int or sequence of float
        Values of `C`; of a number, so many from 1e-4 to 1e4, evenly spaced on a logarithmic scale.
    loss : {'logistic', 'softmax'}
        One-vs-all (or binary) logistic, or softmax.
    class_weight : dict, 'balanced', float or None
        Weights by class, as of `LogisticRegression`.
    fit_intercept : bool
        Whether logits have intercepts.
    tol : float
        Largest entry of the gradient of the mean loss at which each search ends, as of `LogisticRegression`.
    max_iter : int
        Steps of each search at most.
    time_limit : float, optional
        Seconds of each search at most.

    Attributes
    ----------
    Cs_ : ndarray of shape (n_penalties,)
        The values.
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all text.
    coefs_ : ndarray of shape (n_penalties, n_rows, n_features)
        Coefficients; NaN where there is no stationary point, which is warned of.
    intercepts_ : ndarray of shape (n_penalties, n_rows)
        Intercepts.
    certificates_ : list of Certificate
        One for each value.

    Examples
    --------
    >>> from equipoise import LogisticRegressionPath
    >>> path = LogisticRegressionPath(Cs=[0.1, 10.0]).fit([[0], [0], [0], [1], [1], [1]], [0, 0, 1, 0, 1, 1])
    >>> bool(abs(path.coefs_[0, 0, 0]) < abs(path.coefs_[1, 0, 0]))
    True
    >>> path.at(10.0).predict([[1]])
    array([1])
    """

    Cs_: NDArray[np.float64]
    classes_: NDArray[Any]
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]
    coefs_: NDArray[np.float64]
    intercepts_: NDArray[np.float64]
    certificates_: list[Certificate]

    def __init__(
        self,
        Cs: int | ArrayLike = 10,
        *,
        loss: Literal["logistic", "softmax"] = "logistic",
        class_weight: ClassWeight = None,
        fit_intercept: bool = True,
        tol: float = 0.0,
        max_iter: int = 5000,
        time_limit: float | None = None,
    ) -> None:
        self.Cs = Cs
        self.loss = loss
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.time_limit = time_limit

    def _model(self, C: float) -> LogisticRegression | SoftmaxRegression:
        if self.loss not in ("logistic", "softmax"):
            raise ValueError(f"loss must be 'logistic' or 'softmax'; got {self.loss!r}")
        kind = LogisticRegression if self.loss == "logistic" else SoftmaxRegression
        return kind(
            C=C,
            class_weight=self.class_weight,
            fit_intercept=self.fit_intercept,
            tol=self.tol,
            max_iter=self.max_iter,
            time_limit=self.time_limit,
        )

    def fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None, *, callback: StepCallback | None = None
    ) -> Self:
        """Solve for every value of `C`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Classes.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the samples.
        callback : callable, optional
            As of `LogisticRegression.fit`; steps are counted anew for each value.

        Returns
        -------
        self
            A fit that raises an exception, or is interrupted, leaves the path as it was.
        """
        Cs = self._checked_values()
        template = self._model(1.0)
        checked = template._check_fit(X, y, sample_weight)
        penalties = np.array([template._penalty(C, checked.weights, checked.sizes) for C in Cs.tolist()])
        falling = np.argsort(-penalties, kind="stable")
        found = _core.solve_penalties(
            checked.samples,
            template._loss(),
            checked.weights,
            penalties[falling].tolist(),
            template._settings(),
            callback,
            self.fit_intercept,
        )
        solved = [(found[place][0].to_dict(), found[place][1]) for place in np.argsort(falling)]
        known = checked.known
        rows = 1 if self.loss == "logistic" and len(known["classes_"]) == 2 else len(known["classes_"])
        coefs = np.full((len(solved), rows, known["n_features_in_"]), np.nan)
        intercepts = np.full((len(solved), rows), np.nan)
        for place, (record, head) in enumerate(solved):
            if record["status"] == "stationary" and head is not None:
                coefs[place], intercepts[place] = head_arrays(head)
            elif record["status"] == "separable":
                warnings.warn(SeparableDataWarning.of(record["separation"], self.loss), stacklevel=2)
            else:
                warnings.warn(f"C={Cs[place]:g}: {no_answer(record)}", ConvergenceWarning, stacklevel=2)
        # All at once, so that a fit without an answer changes nothing.
        self.__dict__.pop("feature_names_in_", None)
        self.__dict__.update(known)
        self.Cs_, self.coefs_, self.intercepts_ = Cs, coefs, intercepts
        self.certificates_ = [Certificate(record) for record, _ in solved]
        return self

    def _checked_values(self) -> NDArray[np.float64]:
        """The values of `C`."""
        text = f"Cs must be a number of values, at least 1, or a list of positive values of C; got {self.Cs!r}"
        if isinstance(self.Cs, Integral):
            if self.Cs < 1:
                raise ValueError(text)
            return np.logspace(-4, 4, int(self.Cs))
        check_unmasked(self.Cs, "Cs")
        try:
            values = np.asarray(self.Cs, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(text) from None
        if values.ndim != 1 or len(values) == 0 or not (values > 0).all():
            raise ValueError(text)
        return values

    def at(self, C: float) -> LogisticRegression | SoftmaxRegression:
        """The fitted classifier of one value of `C`.

        Parameters
        ----------
        C : float
            One of `Cs_`.

        Returns
        -------
        LogisticRegression or SoftmaxRegression

        Raises
        ------
        SeparableDataError, NotConvergedError
            There is no stationary point at this value.
        """
        if not hasattr(self, "certificates_"):
            raise NotFittedError("This LogisticRegressionPath instance is not fitted yet. Call 'fit' before 'at'.")
        places = np.flatnonzero(self.Cs_ == C)
        if len(places) == 0:
            raise ValueError(f"C={C!r} is not on the path; its values are {self.Cs_.tolist()}")
        place = int(places[0])
        certificate = self.certificates_[place]
        if certificate.status == "separable":
            raise SeparableDataError.of(certificate.separation or {}, self.loss)
        if certificate.status != "stationary":
            raise NotConvergedError(f"C={C:g}: {certificate.why}")
        model = self._model(C)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(model, name, getattr(self, name))
        model.classes_ = self.classes_
        model.coef_, model.intercept_ = self.coefs_[place], self.intercepts_[place]
        model.certificate_ = certificate
        model.class_weight_ = np.array(model.certificate_.record["class_weights"])
        model.n_iter_ = np.array([max(model.certificate_.iterations, 1)], dtype=np.int32)
        return model
