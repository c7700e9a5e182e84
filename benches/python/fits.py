"""The Python package beside scikit-learn's LogisticRegression, through the same interface, on the same arrays, in one run.

    python benches/python/fits.py [--rounds 3] [--only S1,S9] [--overhead]

Needs the package as a release wheel (`pip install ./python`) and scikit-learn. Prints a table in Markdown: the least processor and wall
seconds of `fit` over the rounds, interleaved, and the largest entry of the gradient of the mean loss at the coefficients, by the same
NumPy lines for both. `--overhead` prints what a call takes beyond the solver.
"""

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.multiclass import OneVsRestClassifier

import equipoise

sys.path.append(str(Path(__file__).resolve().parents[1] / "peers"))
sys.path.append(str(Path(__file__).resolve().parents[1]))
from run import L2, L2_OF_MANY, PROBLEMS, draw  # noqa: E402

SETTINGS = 200
MANY = 500
TOLERANCE = 1e-8


def peer(l2, samples, **options):
    return Peer(C=1 / (l2 * samples), solver="newton-cholesky", tol=TOLERANCE, max_iter=5000, **options)


def gradient(loss, model_rows, X, y, classes, l2):
    """Largest entry of the gradient of the mean loss by coefficients and intercepts."""
    coef, intercept = model_rows
    logits = X @ coef.T + intercept
    if loss == "softmax":
        logits -= logits.max(axis=1, keepdims=True)
        residual = np.exp(logits)
        residual /= residual.sum(axis=1, keepdims=True)
        targets = np.eye(classes)
    else:
        residual = 1 / (1 + np.exp(-logits))
        targets = np.eye(classes) if len(coef) > 1 else np.array([[0.0], [1.0]])
    residual -= targets[y]
    by_coef = residual.T @ X / len(y) + l2 * coef
    return max(np.abs(by_coef).max(), np.abs(residual.mean(axis=0)).max())


def timed(fit):
    begin = time.process_time(), time.perf_counter()
    model = fit()
    return time.process_time() - begin[0], time.perf_counter() - begin[1], model


def rows_of(model):
    if isinstance(model, OneVsRestClassifier):
        parts = [(one.coef_[0], one.intercept_[0]) for one in model.estimators_]
        return np.array([part[0] for part in parts]), np.array([part[1] for part in parts])
    return model.coef_, model.intercept_


def contenders(name, X, y):
    """Ours and the peer's, as functions that fit."""
    kind, loss, _, _, classes = PROBLEMS[name]
    ours = equipoise.SoftmaxRegression(l2=L2) if loss == "softmax" else equipoise.LogisticRegression(l2=L2)
    theirs = peer(L2, len(y))
    if kind == "one-vs-all":
        theirs = OneVsRestClassifier(theirs)
    return {"equipoise": lambda: ours.fit(X, y), "scikit-learn": lambda: theirs.fit(X, y)}


def many(X, y):
    """Fits of many small problems."""

    def fits(model):
        for _ in range(MANY):
            model.fit(X, y)
        return model

    return {
        "equipoise": lambda: fits(equipoise.SoftmaxRegression(l2=L2_OF_MANY)),
        "scikit-learn": lambda: fits(peer(L2_OF_MANY, len(y))),
    }


def path(X, y):
    """Many values of C."""
    Cs = np.logspace(-4, 4, SETTINGS)

    def peers():
        model = Peer(solver="newton-cholesky", tol=TOLERANCE, max_iter=5000, warm_start=True)
        for C in Cs:
            model.set_params(C=C).fit(X, y)
        return model

    def ours():
        found = equipoise.LogisticRegressionPath(Cs, loss="softmax").fit(X, y)
        return found.at(Cs[-1])

    return {"equipoise": ours, "scikit-learn": peers}


def report(title, functions, rounds, judge):
    best = {}
    for _ in range(rounds):
        for name, fit in functions.items():
            cpu, wall, model = timed(fit)
            known = best.get(name, (np.inf, np.inf, None))
            best[name] = (min(cpu, known[0]), min(wall, known[1]), model)
    for name, (cpu, wall, model) in best.items():
        print(f"| {title} | {name} | {cpu:.3f} | {wall:.3f} | {judge(model):.1e} |", flush=True)


def overhead():
    """What a call takes beyond the solver, in microseconds: the least of many."""
    random = np.random.default_rng(0)
    X, y = random.standard_normal((500, 5)), np.arange(500) % 3
    model = equipoise.SoftmaxRegression(l2=1e-3)
    least = np.inf
    for _ in range(300):
        _, wall, fitted = timed(lambda: model.fit(X, y))
        least = min(least, wall - fitted.certificate_.seconds)
    print(f"fit beyond the solver: {1e6 * least:.0f} microseconds, scikit-learn's checks of input included")
    from equipoise import _core
    from equipoise._solve import samples, settings

    given = samples(X, y.astype(np.uint32), np.arange(3), None, None)
    least = np.inf
    for _ in range(300):
        _, wall, (record, _) = timed(
            lambda: _core.solve(given, ("softmax", {}), None, 1e-3, settings(0.0, 1000, None))
        )
        least = min(least, wall - record["seconds"])
    print(f"the compiled call beyond the solver: {1e6 * least:.0f} microseconds")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="S1,S2,S4,S5,S9,path")
    parser.add_argument("--overhead", action="store_true")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    if arguments.overhead:
        overhead()
        return
    print("| problem | | processor s | wall s | gradient |\n| --- | --- | ---: | ---: | ---: |")
    for name in arguments.only.split(","):
        kind, loss, samples, features, classes = PROBLEMS["S2" if name == "path" else name]
        with tempfile.TemporaryDirectory() as directory:
            draw(Path(directory), samples, features, classes)
            X = np.fromfile(Path(directory) / "x.raw").reshape(samples, features)
            y = np.fromfile(Path(directory) / "y.raw", dtype=np.uint32).astype(np.int64)
        if name == "path":
            l2 = 1 / (1e4 * samples)
            report(
                f"{SETTINGS} values of C on S2",
                path(X, y),
                1,
                lambda model: gradient("softmax", rows_of(model), X, y, classes, l2),
            )
            continue
        functions, l2 = (many(X, y), L2_OF_MANY) if name == "S9" else (contenders(name, X, y), L2)
        title = f"{name}: {kind}" + (f", {MANY} times" if name == "S9" else "")
        report(
            title,
            functions,
            arguments.rounds,
            lambda model: gradient(loss, rows_of(model), X, y, classes, l2),
        )


if __name__ == "__main__":
    main()
