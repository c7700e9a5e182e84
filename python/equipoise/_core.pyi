from collections.abc import Callable
from typing import Any

__version__: str

_Loss = tuple[str, dict[str, Any]]
_Weights = list[float] | float | str | None
_Head = tuple[bytearray, list[float]]

class Record:
    status: str
    iterations: int
    class_weights: list[float]
    def to_dict(self) -> dict[str, Any]: ...

class Samples:
    def __init__(
        self,
        features: Any,
        labels: Any,
        classes: list[str],
        feature_names: list[str] | None = None,
        sample_weight: Any = None,
    ) -> None: ...
    @staticmethod
    def plain(features: Any, labels: Any, sample_weight: Any) -> tuple[Samples, list[int], list[float]] | None: ...

def solve(
    samples: Samples,
    loss: _Loss,
    class_weight: _Weights,
    l2: float,
    settings: dict[str, Any],
    callback: Callable[[int, float, float, float], object] | None = None,
    measures: bool = False,
    fit_intercept: bool = True,
) -> tuple[Record, _Head | None]: ...
def solve_penalties(
    samples: Samples,
    loss: _Loss,
    class_weight: _Weights,
    penalties: list[float],
    settings: dict[str, Any],
    callback: Callable[[int, float, float, float], object] | None = None,
    fit_intercept: bool = True,
) -> list[tuple[Record, _Head | None]]: ...
def fit_path(
    samples: Samples,
    loss: _Loss,
    class_weight: _Weights,
    penalties: tuple[float, float, int] | list[float],
    test: tuple[Any, Any],
    settings: dict[str, Any],
    callback: Callable[[int, float, float, float], object] | None = None,
    fit_intercept: bool = True,
) -> tuple[Record, _Head | None] | None: ...
def design_weights(
    samples: Samples,
    loss: _Loss,
    target: dict[str, Any],
    l2: float,
    progress: Callable[[int, int, str], object] | None = None,
) -> dict[str, Any]: ...
def weight_effects(
    samples: Samples, loss: _Loss, class_weight: _Weights, l2: float
) -> dict[str, Any]: ...
def audit(
    scores: dict[str, Any], loss: _Loss, class_weight: _Weights, options: dict[str, Any]
) -> dict[str, Any]: ...
def check_scores(scores: dict[str, Any], loss: _Loss) -> None: ...
def balance(
    mean_probability: Any, sizes: list[float], class_weight: _Weights, classes: list[str], softmax: bool
) -> dict[str, Any]: ...
def claims() -> list[tuple[str, str]]: ...
def verify(
    ids: list[str],
    seed: int,
    quick: bool,
    case: int | None = None,
    progress: Callable[[int, int, str], object] | None = None,
) -> list[dict[str, Any]]: ...
def analyses() -> list[tuple[str, str]]: ...
def run(
    source: tuple[str, str] | str,
    directory: str,
    overrides: list[str],
    overwrite: bool,
    progress: Callable[[int, int, str], object] | None = None,
) -> list[str]: ...
def losses() -> list[dict[str, Any]]: ...
def check_loss(loss: _Loss) -> None: ...
def loss_value_and_gradient(
    scores: dict[str, Any], loss: _Loss, class_weight: _Weights
) -> tuple[float, bytearray]: ...
