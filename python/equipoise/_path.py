"""Logistic or softmax regression for many penalties."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from . import _core
from ._arrays import ClassWeight
from ._estimators import LogisticRegression, SoftmaxRegression
from ._solve import Certificate, StepCallback, head_arrays
from .exceptions import NotConvergedError, SeparableDataError, SeparableDataWarning


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
        Largest entry of the gradient of the mean loss at which each search ends; 0 goes on to rounding.
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
    ) -> LogisticRegressionPath:
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
        """
        self.Cs_: NDArray[np.float64] = (
            np.logspace(-4, 4, self.Cs) if isinstance(self.Cs, Integral) else np.asarray(self.Cs, dtype=np.float64)
        )
        if self.Cs_.ndim != 1 or len(self.Cs_) == 0 or not (self.Cs_ > 0).all():
            raise ValueError(f"Cs must be a number of values, or a list of positive values of C; got {self.Cs!r}")
        self._template = self._model(1.0)
        given, weights, sizes = self._template._check_fit(X, y, sample_weight)
        penalties = np.array([self._template._penalty(C, weights, sizes) for C in self.Cs_.tolist()])
        falling = np.argsort(-penalties, kind="stable")
        found = _core.solve_penalties(
            given,
            self._template._loss(),
            weights,
            penalties[falling].tolist(),
            self._template._settings(),
            callback,
            self.fit_intercept,
        )
        solved = [(found[place][0].to_dict(), found[place][1]) for place in np.argsort(falling)]
        self.classes_ = self._template.classes_
        self.certificates_ = [Certificate(record) for record, _ in solved]
        rows = 1 if self.loss == "logistic" and len(self.classes_) == 2 else len(self.classes_)
        shape = (len(solved), rows, self._template.n_features_in_)
        self.coefs_: NDArray[np.float64] = np.full(shape, np.nan)
        self.intercepts_: NDArray[np.float64] = np.full(shape[:2], np.nan)
        for place, (record, head) in enumerate(solved):
            if record["status"] == "stationary" and head is not None:
                self.coefs_[place], self.intercepts_[place] = head_arrays(head)
            elif record["status"] == "separable":
                warnings.warn(SeparableDataWarning.of(record["separation"], self.loss), stacklevel=2)
            else:
                text = f"C={self.Cs_[place]:g}: {record['why']}; {record['advice']}"
                warnings.warn(text, ConvergenceWarning, stacklevel=2)
        return self

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
            if hasattr(self._template, name):
                setattr(model, name, getattr(self._template, name))
        model.classes_ = self.classes_
        model.coef_, model.intercept_ = self.coefs_[place], self.intercepts_[place]
        model.certificate_ = certificate
        model.class_weight_ = np.array(model.certificate_.record["class_weights"])
        model.n_iter_ = np.array([max(model.certificate_.iterations, 1)], dtype=np.int32)
        return model
