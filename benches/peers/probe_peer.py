"""Solves a linear probe with one peer; keeps the head of every iteration in heads/, and prints its processor and wall seconds at
once, so that they are known if it is killed.

    probe_peer.py DIRECTORY sklearn|torch SOLVER[:double] L2 LIMIT

scikit-learn computes in the precision of the features: that of the file, or double.
"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")


# Iterations in a row after which a loss that falls no more, to the last digit of single precision, has ended.
PATIENCE = 5


class Stopped(Exception):
    """The limit is reached."""


class Log:
    """Times and heads; what it takes itself is not counted."""

    def __init__(self, directory, classes, limit):
        self.directory, self.classes, self.limit, self.count, self.own = directory, classes, limit, 0, [0.0, 0.0]
        self.begun = time.process_time(), time.perf_counter()

    def keep(self, head):
        """Of a head, `K x (d + 1)`."""
        now = time.process_time(), time.perf_counter()
        spent = [now[i] - self.begun[i] - self.own[i] for i in (0, 1)]
        if self.directory is not None:
            np.save(self.directory / "heads" / f"{self.count}.npy", head)
            print(*spent, flush=True)
        self.count += 1
        after = time.process_time(), time.perf_counter()
        self.own = [self.own[i] + after[i] - now[i] for i in (0, 1)]
        if spent[1] > self.limit:
            raise Stopped


def sklearn(solver, x, y, l2, log):
    """scikit-learn, whose optimisers are wrapped so that every iterate is seen."""
    from sklearn.linear_model import LogisticRegression, _logistic

    minimize, newton = _logistic.optimize.minimize, _logistic._newton_cg
    of_classes = lambda w: w.reshape(log.classes, -1, order="F").copy()

    def watched_minimize(*arguments, callback=None, **options):
        def watched(w):
            log.keep(of_classes(w))
            if callback is not None:
                callback(w)

        return minimize(*arguments, callback=watched, **options)

    def watched_newton(grad_hess, *arguments, **options):
        def watched(w, *more):
            log.keep(of_classes(w))
            return grad_hess(w, *more)

        return newton(watched, *arguments, **options)

    _logistic.optimize.minimize, _logistic._newton_cg = watched_minimize, watched_newton
    try:
        model = LogisticRegression(
            C=1.0 / (l2 * len(x)), class_weight="balanced", solver=solver, tol=1e-14, max_iter=5000
        ).fit(x, y)
        log.keep(np.column_stack([model.coef_, model.intercept_]))
    finally:
        _logistic.optimize.minimize, _logistic._newton_cg = minimize, newton


def torch(_, x, y, l2, log):
    """PyTorch's L-BFGS with a strong Wolfe line search, in single precision."""
    import torch as t

    x, y = t.from_numpy(x), t.from_numpy(y)
    weights = len(y) / (log.classes * t.bincount(y, minlength=log.classes).float())
    head = t.zeros(log.classes, x.shape[1] + 1, requires_grad=True)
    optimizer = t.optim.LBFGS([head], max_iter=1, history_size=10, line_search_fn="strong_wolfe", tolerance_grad=0, tolerance_change=0)

    def loss():
        optimizer.zero_grad()
        logits = x @ head[:, :-1].T + head[:, -1]
        value = t.nn.functional.cross_entropy(logits, y, weight=weights) + 0.5 * l2 * head[:, :-1].square().sum()
        value.backward()
        return value

    least, without_progress = np.inf, 0
    while without_progress < PATIENCE:
        value = float(optimizer.step(loss))
        log.keep(head.detach().numpy().copy())
        without_progress = 0 if value < least else without_progress + 1
        least = min(least, value)


def main():
    directory, peer, solver, l2, limit = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5])
    x, y = np.load(directory / "x.npy"), np.load(directory / "y.npy")
    classes = len(np.unique(y))
    solver, _, precision = solver.partition(":")
    if precision == "double":
        x = x.astype(np.float64)
    fit = {"sklearn": sklearn, "torch": torch}[peer]
    # Imports, thread pools and the like are not what is measured.
    few = np.concatenate([np.flatnonzero(y == c)[:2] for c in range(classes)])
    try:
        fit(solver, x[few], y[few], 1e-1, Log(None, classes, 1.0))
    except Stopped:
        pass
    log = Log(directory, classes, limit)
    try:
        fit(solver, x, y, l2, log)
    except Stopped:
        pass


main()
