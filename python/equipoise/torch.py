"""The losses of the table for PyTorch, and a monitor for training loops. Needs `pip install torch`.

Every loss is a function and an `nn.Module` in plain PyTorch: autograd differentiates it, and it runs on the device of its
inputs. Logits of half precision, as autocast makes them, are taken to single precision first, as PyTorch's own losses do there.
Logits are of shape (N, K), targets are N whole numbers (of any integer type, or bool) from 0 to K - 1. Logits of pixels or tokens,
of shape (N, K, ..), are brought there by ``logits.movedim(1, -1).reshape(-1, K)``. There is no `ignore_index`: leave such rows out
before.
`weight` is by class, as in `torch.nn.functional.cross_entropy`; `reduction` is 'mean' (the sum divided by the sum of the
samples' weights, as there), 'sum' or 'none'. Losses over one-vs-all columns are summed over columns first.

Parameters are in the ranges of `equipoise.losses()`, as of `solve` and `audit`. What is given by class (`weight`, `counts`, `weights`)
is a list, an array or a tensor; numbers on other devices than the processor are not looked at, which would take time in every step.

Where a loss reads class sizes, `counts` are those of the training set; without it, those of the batch, and LDAM takes the smallest class
that the batch has. `half()` and the like leave the `counts` of a module as they are. LGL-INR is a sum over
classes of class means, which no weight changes: it has no 'none', and classes that a batch lacks are left out of it, as in the
authors' code. That code adds 1e-7 in its logarithms, where this computes with the logit instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from . import _core
from ._arrays import is_within, names_of, weights_of
from ._audit import audited, checked_options, classes_of_columns, columns_of, numbered_labels
from ._losses import losses as _losses

try:
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
except ImportError as error:
    raise ImportError("equipoise.torch needs PyTorch: pip install torch") from error

if TYPE_CHECKING:
    import pandas as pd

    from ._audit import AuditResult

__all__ = [
    "BalanceMonitor",
    "BalancedSoftmaxLoss",
    "EqualizationLoss",
    "FocalLoss",
    "InrLoss",
    "LabelSmoothingLoss",
    "LdamLoss",
    "LogisticLoss",
    "LogitAdjustedLoss",
    "PosWeightLoss",
    "SeesawLoss",
    "SigmoidFocalLoss",
    "SoftSelectionLoss",
    "SoftmaxLoss",
    "VectorScalingLoss",
    "balanced_softmax",
    "equalization",
    "focal",
    "inr",
    "label_smoothing",
    "ldam",
    "logistic",
    "logit_adjusted",
    "pos_weight",
    "seesaw",
    "sigmoid_focal",
    "soft_selection",
    "softmax",
    "vector_scaling",
]


_F = TypeVar("_F", bound=Callable[..., Any])


def _checked(*, columns: int) -> Callable[[_F], _F]:
    """The loss of inputs whose shapes, types and parameters are checked, with at least so many columns of logits. Logits in half
    precision are taken to single: sums over samples and class sizes leave its range."""

    def of(loss: _F) -> _F:
        ranges = _RANGES[loss.__name__.replace("_", "-")]

        @wraps(loss)
        def checked(logits: Tensor, target: Tensor, **parameters: Any) -> Tensor:
            if logits.ndim == 1 and columns == 1:
                logits = logits.unsqueeze(1)
            _check_shapes(logits, target, columns)
            _check_numbers(ranges, parameters)
            for name in _BY_CLASS:
                given = parameters.get(name)
                # Names of weights are for the loss that knows them.
                if given is not None and not (name == "weights" and isinstance(given, str)):
                    parameters[name] = _by_class(name, given, max(logits.shape[1], 2))
            is_half = logits.dtype in (torch.float16, torch.bfloat16)
            value: Tensor = loss(logits.float() if is_half else logits, target.long(), **parameters)
            return value

        return cast(_F, checked)

    return of


def _check_shapes(logits: Tensor, target: Tensor, columns: int) -> None:
    """Refuses what would broadcast to a loss of something else."""
    if logits.ndim > 2:
        raise ValueError(
            f"logits must be of shape (N, K); got {tuple(logits.shape)}: "
            "take positions to rows, as logits.movedim(1, -1).reshape(-1, K) does, and targets by reshape(-1)"
        )
    if logits.ndim < 2 or logits.shape[1] < columns:
        raise ValueError(f"logits must be of shape (N, K) with K at least {columns}; got {tuple(logits.shape)}")
    if target.is_floating_point() or target.is_complex():
        raise TypeError(f"targets must be numbers of classes; got {target.dtype}: give target.long()")
    if target.shape != logits.shape[:1]:
        raise ValueError(f"target must be of shape ({len(logits)},), one class for each row of logits; got {tuple(target.shape)}")


# The largest value of each number that a loss depends on, by loss; the smallest is 0.
_RANGES: dict[str, dict[str, float]] = {
    row["name"]: {number["name"]: number["max"] for number in row["ranges"]} for row in _losses().record["losses"]
}
# What has one number for each class.
_BY_CLASS = ("weight", "counts", "weights")
_Ranges = Mapping[str, float]


def _check_numbers(ranges: _Ranges, parameters: Mapping[str, Any]) -> None:
    """Refuses what `equipoise.solve` refuses of a loss. A tensor may be learned, on any device, and is taken as it is."""
    if _is_traced():
        return
    for name, largest in ranges.items():
        value = parameters.get(name, 0.0)
        if not isinstance(value, Tensor) and not is_within(value, 0, largest):
            raise ValueError(f"{name} must be a number from 0 to {largest:g}; got {value!r}")


def _by_class(name: str, given: Any, classes: int) -> Tensor:
    """One number for each class, as a tensor."""
    numbers = _numbers_of(name, given)
    if tuple(numbers.shape) != (classes,):
        raise ValueError(f"{name} must be {classes} numbers, one for each class; got shape {tuple(numbers.shape)}")
    # Of other devices it would have to wait for the numbers, in every step.
    if numbers.device.type == "cpu" and not _is_traced():
        _check_positive(name, numbers)
    return numbers


def _numbers_of(name: str, given: Any) -> Tensor:
    """Numbers as a tensor."""
    try:
        numbers = torch.as_tensor(given)
        # Single precision, which PyTorch takes of a list, rounds large sizes.
        is_single = name == "counts" and numbers.is_floating_point() and not isinstance(given, Tensor)
        return torch.as_tensor(given, dtype=torch.float64) if is_single else numbers
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} must be one number for each class; got {given!r}") from None


def _check_positive(name: str, numbers: Tensor) -> None:
    """Refuses what is no size or weight of a class. PyTorch's own weights may be 0, too."""
    allowed = numbers >= 0 if name == "weight" else numbers > 0
    if not bool((allowed & torch.isfinite(numbers)).all()):
        least = "of at least 0" if name == "weight" else "above 0"
        raise ValueError(f"{name} must be numbers {least}; got {numbers.tolist()}")


def _is_traced() -> bool:
    """Whether a compiler traces this: it takes no branch on the numbers of a tensor, and modules have been checked before."""
    compiler = getattr(torch, "compiler", None)
    return bool(compiler is not None and hasattr(compiler, "is_compiling") and compiler.is_compiling())


def _reduce(values: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """A loss per sample, each weighted by its class, reduced as `cross_entropy` does."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none'; got {reduction!r}")
    sample_weight = None if weight is None else weight.to(values)[target]
    values = values if sample_weight is None else values * sample_weight
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    return values.sum() / (len(values) if sample_weight is None else sample_weight.sum())


def _sizes(counts: Any, logits: Tensor, target: Tensor) -> Tensor:
    """Class sizes: those given, or those of the batch. A single column is that of two classes."""
    if counts is None:
        return torch.bincount(target, minlength=max(logits.shape[1], 2)).to(logits)
    return torch.as_tensor(counts).to(logits)


def _own(logits: Tensor, target: Tensor) -> Tensor:
    """1 in each sample's own column; logistic losses of two classes may have one column, that of class 1."""
    own = F.one_hot(target, max(logits.shape[1], 2)).to(logits)
    return _of_columns(own.T, logits).T


def _softplus(z: Tensor) -> Tensor:
    """``log(1 + exp(z))``; `F.softplus` is off by 2e-9 above 20."""
    return -F.logsigmoid(-z)


def _of_columns(by_class: Tensor, logits: Tensor) -> Tensor:
    """Of numbers by class, those of the columns: a single column is that of class 1."""
    return by_class[1:] if logits.shape[1] == 1 else by_class


def _one_vs_all(logits: Tensor, own: Tensor, factor: Tensor | float = 1.0) -> Tensor:
    """``factor * softplus(-+z)`` of every column, summed over columns."""
    return (factor * F.binary_cross_entropy_with_logits(logits, own, reduction="none")).sum(1)


# PyTorch ignores the target -100 unless told otherwise, and means would be over rows that do not count.
_IGNORED_BY_NOBODY = -(2**63)


def _cross_entropy(logits: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    values = F.cross_entropy(logits, target, reduction="none", ignore_index=_IGNORED_BY_NOBODY)
    return _reduce(values, target, weight, reduction)


@_checked(columns=2)
def softmax(logits: Tensor, target: Tensor, *, weight: Any = None, reduction: str = "mean") -> Tensor:
    """``-log softmax(z)_y``: `cross_entropy`."""
    return _cross_entropy(logits, target, weight, reduction)


@_checked(columns=1)
def logistic(logits: Tensor, target: Tensor, *, weight: Any = None, reduction: str = "mean") -> Tensor:
    """``sum_k softplus(-z_k) if k = y else softplus(z_k)``; (N,) or (N, 1) logits are those of class 1 of two."""
    return _reduce(_one_vs_all(logits, _own(logits, target)), target, weight, reduction)


@_checked(columns=1)
def pos_weight(
    logits: Tensor,
    target: Tensor,
    *,
    weights: Any = "balanced",
    counts: Any = None,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Logistic loss whose own columns count `weights`; 'balanced' is ``(N - N_k) / N_k``."""
    if weights is None or (isinstance(weights, str) and weights != "balanced"):
        raise ValueError(f"weights must be 'balanced', or one number for each class; got {weights!r}")
    if isinstance(weights, str):
        sizes = _sizes(counts, logits, target)
        positive = (sizes.sum() - sizes) / sizes
    else:
        positive = torch.as_tensor(weights).to(logits)
    own = _own(logits, target)
    # Products of 0 and the infinite weight of an absent class would be no number.
    factor = torch.where(own > 0, _of_columns(positive, logits).expand_as(own), torch.ones_like(own))
    return _reduce(_one_vs_all(logits, own, factor), target, weight, reduction)


@_checked(columns=1)
def equalization(
    logits: Tensor,
    target: Tensor,
    *,
    rare: float = 0.01,
    counts: Any = None,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Logistic loss in which columns of classes rarer than `rare` (a share of samples) are not pushed down by others."""
    sizes = _sizes(counts, logits, target)
    is_rare = _of_columns(sizes < rare * sizes.sum(), logits)
    own = _own(logits, target)
    counted = 1 - (1 - own) * is_rare.to(logits)
    return _reduce(_one_vs_all(logits, own, counted), target, weight, reduction)


@_checked(columns=2)
def focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    probability: str = "plain",
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-(1 - q)^gamma log p_y`` with ``q = p_y``, or ``p_y^weight`` with `probability='of_weighted_loss'`."""
    if probability not in ("plain", "of_weighted_loss"):
        raise ValueError(f"probability must be 'plain' or 'of_weighted_loss'; got {probability!r}")
    against = _log_odds_against(logits, target)
    log_p = F.logsigmoid(-against)
    if probability == "plain" or weight is None:
        factor = torch.exp(gamma * F.logsigmoid(against))
    else:
        log_q = log_p * weight.to(logits)[target]
        # Where p_y rounds to 1, a power below 1 has no derivative; the loss and its gradient are 0 there.
        is_one = log_q == 0
        factor = (-torch.expm1(log_q.masked_fill(is_one, -1.0))) ** gamma
        factor = factor.masked_fill(is_one, 0.0)
    return _reduce(-factor * log_p, target, weight, reduction)


def _log_odds_against(logits: Tensor, target: Tensor) -> Tensor:
    """``log((1 - p_y) / p_y)``, which keeps its digits where ``1 - p_y`` is tiny."""
    own = target.unsqueeze(1)
    others = logits.scatter(1, own, -float("inf"))
    return others.logsumexp(1) - logits.gather(1, own).squeeze(1)


def _power_logistic(logits: Tensor, target: Tensor, own: tuple[float, float], others: tuple[float, float]) -> Tensor:
    """``p^e softplus(z)`` of every column with ``p = sigmoid(z)``, own columns from the other side; factor and power each."""
    is_own = _own(logits, target)
    z = logits * (1 - 2 * is_own)
    factor, power = (other + (mine - other) * is_own for mine, other in zip(own, others, strict=True))
    return (factor * torch.exp(power * F.logsigmoid(z)) * _softplus(z)).sum(1)


@_checked(columns=1)
def sigmoid_focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float = 0.25,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``alpha (1 - p_y)^gamma softplus(-z_y) + (1 - alpha) sum_k p_k^gamma softplus(z_k)``."""
    values = _power_logistic(logits, target, (alpha, gamma), (1 - alpha, gamma))
    return _reduce(values, target, weight, reduction)


@_checked(columns=1)
def soft_selection(
    logits: Tensor,
    target: Tensor,
    *,
    alpha: float = 1.0,
    gamma: float = 2.0,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``softplus(-z_y) + alpha / (K - 1) sum_k p_k^gamma softplus(z_k)``."""
    others = max(logits.shape[1] - 1, 1)
    values = _power_logistic(logits, target, (1.0, 0.0), (alpha / others, gamma))
    return _reduce(values, target, weight, reduction)


@_checked(columns=2)
def label_smoothing(
    logits: Tensor,
    target: Tensor,
    *,
    smoothing: float = 0.1,
    weights: str = "term",
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``sum_k t_k (-log p_k)``, ``t = (1 - e) 1[k = y] + e / K``; class weights multiply each 'term' or the 'sample'."""
    if weights not in ("term", "sample"):
        raise ValueError(f"weights must be 'term' or 'sample'; got {weights!r}")
    log_p = F.log_softmax(logits, dim=1)
    own = -log_p.gather(1, target.unsqueeze(1)).squeeze(1)
    if weights == "sample" or weight is None:
        return _reduce((1 - smoothing) * own - smoothing * log_p.mean(1), target, weight, reduction)
    by_class: Tensor = weight.to(logits)
    values = (1 - smoothing) * by_class[target] * own - smoothing * (log_p * by_class).mean(1)
    if reduction == "mean":
        return values.sum() / by_class[target].sum()
    return _reduce(values, target, None, reduction)


@_checked(columns=2)
def logit_adjusted(
    logits: Tensor,
    target: Tensor,
    *,
    strength: float = 1.0,
    counts: Any = None,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-log softmax(z + strength log pi)_y`` with the class frequencies `pi`."""
    sizes = _sizes(counts, logits, target)
    # 0 at strength 0, where a product with the logarithm of an absent class would be no number.
    return _cross_entropy(logits + torch.xlogy(strength, sizes / sizes.sum()), target, weight, reduction)


@_checked(columns=2)
def balanced_softmax(
    logits: Tensor, target: Tensor, *, counts: Any = None, weight: Any = None, reduction: str = "mean"
) -> Tensor:
    """``-log softmax(z + log N_k)_y``: logit adjustment of strength 1."""
    return logit_adjusted(logits, target, counts=counts, weight=weight, reduction=reduction)


@_checked(columns=2)
def ldam(
    logits: Tensor,
    target: Tensor,
    *,
    margin: float = 0.5,
    scale: float = 30.0,
    counts: Any = None,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-log softmax(scale (z - D))_y`` with ``D_y = margin (min N / N_y)^(1/4)``, else 0.

    Without `counts` the smallest size is that of the classes which the batch has.
    """
    sizes = _sizes(counts, logits, target)
    smallest = sizes.masked_fill(sizes == 0, float("inf")).min()
    margins = margin * (smallest / sizes) ** 0.25
    moved = scale * (logits - F.one_hot(target, logits.shape[1]).to(logits) * margins[target].unsqueeze(1))
    return _cross_entropy(moved, target, weight, reduction)


@_checked(columns=2)
def vector_scaling(
    logits: Tensor,
    target: Tensor,
    *,
    strength: float = 1.0,
    gamma: float = 0.15,
    counts: Any = None,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-log softmax((N_k / max N)^gamma z_k + strength log pi_k)_y``."""
    sizes = _sizes(counts, logits, target)
    moved = logits * (sizes / sizes.max()) ** gamma + torch.xlogy(strength, sizes / sizes.sum())
    return _cross_entropy(moved, target, weight, reduction)


@_checked(columns=2)
def seesaw(
    logits: Tensor,
    target: Tensor,
    *,
    mitigation: float = 0.8,
    compensation: float = 2.0,
    floor: float = 0.01,
    counts: Any = None,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-log softmax(z + log S)_y`` with ``S_j = min(1, N_j / N_y)^mitigation max(1, p_j / p_y)^compensation`` held constant."""
    sizes = _sizes(counts, logits, target)
    with torch.no_grad():
        log_p = F.log_softmax(logits, dim=1)
        own = log_p.gather(1, target.unsqueeze(1)).clamp(min=float(np.log(floor)) if floor > 0 else -float("inf"))
        moved = torch.xlogy(mitigation, (sizes.unsqueeze(0) / sizes[target].unsqueeze(1)).clamp(max=1))
        moved = moved + compensation * (log_p - own).clamp(min=0)
        moved = moved * (1 - F.one_hot(target, logits.shape[1]).to(logits))
    return _cross_entropy(logits + moved, target, weight, reduction)


@_checked(columns=2)
def inr(
    logits: Tensor,
    target: Tensor,
    *,
    beta: float = 1.0,
    detached: bool = False,
    weight: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """LGL-INR: ``sum_k mean_k softplus(-z_k) + sum_c omega_c mean_c softplus(z_k)``, ``omega_c ~ exp(beta P[c, k])``.

    `detached` holds `omega` constant in the gradient. A class that the batch lacks is in no sum. `weight` changes nothing, since
    means are over each class's own samples; 'mean' and 'sum' are the same.
    """
    if reduction not in ("mean", "sum"):
        raise ValueError(f"LGL-INR is no sum over samples: reduction must be 'mean' or 'sum'; got {reduction!r}")
    classes = logits.shape[1]
    sizes = _sizes(None, logits, target)
    present = sizes > 0

    def class_means(values: Tensor) -> Tensor:
        # Not as a product of matrices, which autocast would take back to half precision.
        sums = values.new_zeros(classes, values.shape[1]).index_add(0, target, values)
        return sums / sizes.clamp(min=1).unsqueeze(1)

    # Rows: true class; columns: logit.
    probability = class_means(torch.sigmoid(logits))
    losses = class_means(_softplus(logits))
    own = class_means(_softplus(-logits)).diagonal().sum()
    allowed = present.unsqueeze(1) & ~torch.eye(classes, dtype=torch.bool, device=logits.device)
    scores = (beta * (probability.detach() if detached else probability)).masked_fill(~allowed, -float("inf"))
    # A column in which no other class occurs has nothing to weigh.
    lone = ~allowed.any(0)
    omega = torch.softmax(scores.masked_fill(lone.unsqueeze(0), 0.0), dim=0) * allowed.to(logits)
    return own + (omega * losses).sum()


def _moved(fn: Callable[[Tensor], Tensor], numbers: Tensor) -> Tensor:
    """Numbers on the device that `fn`, which moves or casts a module, takes others to, in the type they have."""
    device = fn(torch.empty(0, device=numbers.device)).device
    if numbers.is_meta:
        return torch.empty_like(numbers, device=device)
    # Apple's processors have no doubles.
    is_single = device.type == "mps" and numbers.dtype == torch.float64
    return (numbers.float() if is_single else numbers).to(device)


def _buffer(name: str, given: Any) -> Tensor | None:
    """Numbers by class that move with a module."""
    if given is None:
        return None
    numbers = _numbers_of(name, given)
    if numbers.ndim != 1:
        raise ValueError(f"{name} must be one number for each class; got shape {tuple(numbers.shape)}")
    return numbers


class _Loss(nn.Module):  # type: ignore[misc, unused-ignore]
    """A loss with its parameters; `weight` and `counts` move with the module.

    `half()` and the like cast `weight` alone: half precision does not reach large class sizes, and rounds others.
    """

    _function: Callable[..., Tensor]
    _defaults: dict[str, Any] = {}
    counts: Tensor | None

    def __init__(self, weight: Any = None, *, reduction: str = "mean", **parameters: Any) -> None:
        super().__init__()
        unknown = sorted(set(parameters) - set(self._defaults))
        if unknown:
            raise TypeError(f"{type(self).__name__} takes no {unknown[0]}; its parameters are {sorted(self._defaults)}")
        self.reduction = reduction
        self.parameters_of_loss = {**self._defaults, **parameters}
        counts = self.parameters_of_loss.pop("counts", None)
        self._reads_counts = "counts" in self._defaults
        self.register_buffer("weight", _buffer("weight", weight))
        self.register_buffer("counts", _buffer("counts", counts))
        self._check()

    def _check(self) -> None:
        """Refuses settings that no batch has a loss under, by the loss of one."""
        weights = self.parameters_of_loss.get("weights")
        explicit = None if isinstance(weights, str) else _buffer("weights", weights)
        by_class: list[Any] = [given for given in (self.weight, self.counts, explicit) if given is not None]
        classes = len(by_class[0]) if by_class else 2
        with torch.no_grad():
            self(torch.zeros(classes, classes), torch.arange(classes))

    def _apply(self, fn: Callable[[Tensor], Tensor], *arguments: Any, **options: Any) -> _Loss:
        counts, self.counts = self.counts, None
        try:
            super()._apply(fn, *arguments, **options)  # type: ignore[no-untyped-call, unused-ignore]
        finally:
            self.counts = counts
        if counts is not None:
            self.counts = _moved(fn, counts)
        return self

    def extra_repr(self) -> str:
        """The parameters."""
        return ", ".join(f"{name}={value!r}" for name, value in self.parameters_of_loss.items())

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of logits (N, K) and N class numbers."""
        sizes = {"counts": self.counts} if self._reads_counts else {}
        function = type(self)._function
        return function(
            logits, target, weight=self.weight, reduction=self.reduction, **sizes, **self.parameters_of_loss
        )


def _module(name: str, function: Callable[..., Tensor], table_name: str, **others: Any) -> Any:
    """The module of a function; usual values of its parameters are those of the table of losses."""
    defaults = {**_losses().parameters(table_name), **others}
    doc = f"{function.__doc__}\n\nParameters: weight, reduction, {', '.join(defaults)}." if defaults else function.__doc__
    return type(name, (_Loss,), {"_function": staticmethod(function), "_defaults": defaults, "__doc__": doc, "__module__": __name__})


SoftmaxLoss = _module("SoftmaxLoss", softmax, "softmax")
LogisticLoss = _module("LogisticLoss", logistic, "logistic")
FocalLoss = _module("FocalLoss", focal, "focal")
SigmoidFocalLoss = _module("SigmoidFocalLoss", sigmoid_focal, "sigmoid-focal")
LabelSmoothingLoss = _module("LabelSmoothingLoss", label_smoothing, "label-smoothing")
LogitAdjustedLoss = _module("LogitAdjustedLoss", logit_adjusted, "logit-adjusted", counts=None)
BalancedSoftmaxLoss = _module("BalancedSoftmaxLoss", balanced_softmax, "balanced-softmax", counts=None)
LdamLoss = _module("LdamLoss", ldam, "ldam", counts=None)
VectorScalingLoss = _module("VectorScalingLoss", vector_scaling, "vector-scaling", counts=None)
PosWeightLoss = _module("PosWeightLoss", pos_weight, "pos-weight", counts=None)
EqualizationLoss = _module("EqualizationLoss", equalization, "equalization", counts=None)
SeesawLoss = _module("SeesawLoss", seesaw, "seesaw", counts=None)
SoftSelectionLoss = _module("SoftSelectionLoss", soft_selection, "soft-selection")


class InrLoss(_Loss):
    __doc__ = inr.__doc__
    _function = staticmethod(inr)
    _defaults = {"beta": 1.0, "detached": False}


def _check_weights(class_weight: Any, classes: Sequence[str] | None) -> None:
    """Refuses class weights that fit no batch."""
    if hasattr(class_weight, "to_dict"):
        class_weight = class_weight.to_dict()
    names: Any
    if classes is not None:
        names = classes_of_columns(len(classes), classes)
    elif isinstance(class_weight, Mapping):
        names = np.array(list(class_weight), dtype=object)
    else:
        names = np.arange(2 if class_weight is None or np.ndim(class_weight) == 0 else len(class_weight))
    weights_of(class_weight, names)


class BalanceMonitor:
    """Records outflow, inflow and mean probabilities of every class, epoch by epoch.

    >>> monitor = BalanceMonitor(loss="softmax", class_weight=[1.0, 5.0])  # doctest: +SKIP
    >>> for epoch in range(epochs):                                         # doctest: +SKIP
    ...     for x, y in loader:
    ...         loss = criterion(logits := model(x), y)
    ...         ...
    ...         monitor.update(logits, y)
    ...     monitor.end_epoch()
    >>> print(monitor.audit())                                              # doctest: +SKIP

    Parameters
    ----------
    loss : str
        Name of the loss in `equipoise.losses()`; its parameters follow as keywords.
    class_weight : sequence of float, dict, 'balanced', float or None
        Weights of the classes; a dict has their names, where there are names, and otherwise their numbers.
    classes : sequence of str, optional
        Names of the classes.
    **parameters
        Parameters of the loss; and `reduction`, `tol`, `recalibrate`, `alternatives` and `ignore_index` as of `equipoise.audit`.

    Attributes
    ----------
    history : list of dict
        One entry for each epoch and part: `epoch`, `part`, and `result`, an `AuditResult`.
    """

    def __init__(
        self, loss: str = "softmax", *, class_weight: Any = None, classes: Sequence[str] | None = None, **parameters: Any
    ) -> None:
        self.ignore_index = parameters.pop("ignore_index", None)
        self.options = {name: parameters.pop(name) for name in ("reduction", "tol", "recalibrate", "alternatives") if name in parameters}
        _core.check_loss((loss, parameters))
        checked_options(**self.options)
        _check_weights(class_weight, classes)
        self.loss = loss
        self.class_weight = class_weight
        self.classes = classes
        self.parameters = parameters
        self.history: list[dict[str, Any]] = []
        self.epoch = 0
        # Of the first batch.
        self._columns: int | None = None
        self._seen: dict[str, list[tuple[Any, Any]]] = {}
        self._last: dict[str, AuditResult] = {}

    def update(self, logits: Tensor, target: Tensor, part: str = "training") -> None:
        """Note a batch; `part` may be 'held-out', too. Copies logits to the processor's memory as `float64`.

        Raises
        ------
        ValueError
            The batch cannot be audited, or all of its rows are to be ignored: it is not kept.
        """
        if not isinstance(part, str):
            raise ValueError(f"part must be a name such as 'training'; got {part!r}")
        scores = columns_of(torch.as_tensor(logits), "logits")
        if self._columns not in (None, scores.shape[1]):
            raise ValueError(f"logits have {scores.shape[1]} columns, and those of earlier batches {self._columns}")
        # Minus infinity is the logit of a masked class.
        if np.isnan(scores).any() or (scores == np.inf).any():
            raise ValueError("logits are not finite: the batch is not kept; look at the learning rate, or at its inputs")
        labels, names = numbered_labels(target, scores.shape[1], self.classes, self.ignore_index)
        if len(labels) != len(scores):
            raise ValueError(f"target has {len(labels)} labels for {len(scores)} rows of logits; give one for each")
        unknown = labels[~np.isin(labels, [*range(len(names)), -1, -100])]
        if len(unknown) > 0:
            raise ValueError(f"target holds {unknown[0]:g}, but classes are 0 to {len(names) - 1}")
        weights_of(self.class_weight, names)
        given = {"arrays": {"logits": scores, "labels": labels}, "classes": names_of(names)}
        _core.check_scores(given, (self.loss, self.parameters))
        self._columns = scores.shape[1]
        # Copies: an array on the processor may be the model's own memory.
        self._seen.setdefault(part, []).append((scores.copy(), labels.copy()))

    def end_epoch(self) -> dict[str, AuditResult]:
        """Audit what was noted since the last epoch, part by part; the results are of the parts that it had. Where an audit fails, the
        epoch is left out of `history`."""
        if not self._seen:
            raise RuntimeError("no batch was noted in this epoch: call update(logits, target) for each")
        seen, self._seen = self._seen, {}
        epoch, self.epoch = self.epoch, self.epoch + 1
        results = {part: self._audited(batches) for part, batches in seen.items()}
        self._last.update(results)
        self.history += [{"epoch": epoch, "part": part, "result": result} for part, result in results.items()]
        return results

    def _audited(self, batches: list[tuple[Any, Any]]) -> AuditResult:
        """The audit of some batches, whose labels are numbers of columns."""
        logits, labels = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
        names = classes_of_columns(max(logits.shape[1], 2), self.classes)
        arrays = {"logits": logits, "labels": labels}
        return audited(arrays, names, (self.loss, self.parameters), self.class_weight, **self.options)

    def audit(self, part: str = "training") -> AuditResult:
        """The audit of the last epoch that had this part."""
        if part not in self._last:
            raise RuntimeError(f"no epoch with part {part!r} has ended; there are {sorted(self._last)}")
        return self._last[part]

    def to_frame(self) -> pd.DataFrame:
        """One row for each epoch, part and class."""
        from ._results import pandas

        rows = [
            {"epoch": entry["epoch"], "part": entry["part"], **row}
            for entry in self.history
            for row in entry["result"].to_frame().to_dict("records")
        ]
        frame: pd.DataFrame = pandas().DataFrame(rows)
        return frame
