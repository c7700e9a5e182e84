"""What logistic and softmax losses settle to.

Certified logistic and softmax regression, what class weights do, audits of trained models, and the laws that hold where
a loss is stationary. Everything is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import torch as torch
    from ._audit import AuditResult as AuditResult
    from ._audit import audit as audit
    from ._audit import calibration as calibration
    from ._audit import prior_correct as prior_correct
    from ._balance import BalanceResult as BalanceResult
    from ._balance import balance as balance
    from ._claims import VerifyResult as VerifyResult
    from ._claims import verify as verify
    from ._estimators import InrClassifier as InrClassifier
    from ._estimators import LogisticRegression as LogisticRegression
    from ._estimators import SoftmaxRegression as SoftmaxRegression
    from ._fit_path import PathResult as PathResult
    from ._losses import LossTable as LossTable
    from ._losses import losses as losses
    from ._path import LogisticRegressionPath as LogisticRegressionPath
    from ._run import run as run
    from ._solve import Certificate as Certificate
    from ._solve import SolveResult as SolveResult
    from ._solve import solve as solve
    from ._weights import WeightDesign as WeightDesign
    from ._weights import WeightEffects as WeightEffects
    from ._weights import design_weights as design_weights
    from ._weights import weight_effects as weight_effects
    from .exceptions import NotConvergedError as NotConvergedError
    from .exceptions import SeparableDataError as SeparableDataError
    from .exceptions import SeparableDataWarning as SeparableDataWarning
    from .exceptions import UnattainableTargetError as UnattainableTargetError

_PLACES = {
    "AuditResult": "_audit",
    "BalanceResult": "_balance",
    "Certificate": "_solve",
    "InrClassifier": "_estimators",
    "LogisticRegression": "_estimators",
    "LogisticRegressionPath": "_path",
    "LossTable": "_losses",
    "NotConvergedError": "exceptions",
    "PathResult": "_fit_path",
    "SeparableDataError": "exceptions",
    "SeparableDataWarning": "exceptions",
    "SoftmaxRegression": "_estimators",
    "SolveResult": "_solve",
    "UnattainableTargetError": "exceptions",
    "VerifyResult": "_claims",
    "WeightDesign": "_weights",
    "WeightEffects": "_weights",
    "audit": "_audit",
    "balance": "_balance",
    "calibration": "_audit",
    "design_weights": "_weights",
    "losses": "_losses",
    "prior_correct": "_audit",
    "run": "_run",
    "solve": "_solve",
    "verify": "_claims",
    "weight_effects": "_weights",
}

# Without `torch`, which is imported by its name: all others are there wherever this package is.
__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name == "torch":
        return importlib.import_module(".torch", __name__)
    if name == "__version__":
        from ._core import __version__

        return __version__
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_PLACES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
