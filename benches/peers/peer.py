"""Solves one problem with one peer and prints processor and wall seconds; the head goes to head.raw."""

import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")


def read(directory, samples, features):
    if (directory / "x.npy").exists():
        return np.load(directory / "x.npy").astype(np.float64), np.load(directory / "y.npy").astype(np.int64)
    x = np.fromfile(directory / "x.raw").reshape(samples, features)
    y = np.fromfile(directory / "y.raw", dtype=np.uint32).astype(np.int64)
    return x, y


def sklearn_model(solver, samples, l2, tolerance=1e-14, steps=5000):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        C=1.0 / (l2 * samples), class_weight="balanced", solver=solver, tol=tolerance, max_iter=steps
    )


def fit_sklearn(solver, loss, x, y, classes, l2):
    if loss == "softmax" or classes == 2:
        model = sklearn_model(solver, len(x), l2).fit(x, y)
        return model.coef_, model.intercept_
    coefficients, intercepts = [], []
    weights = balanced(y, classes)[y]
    for target in range(classes):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0 / (l2 * len(x)), solver=solver, tol=1e-14, max_iter=5000)
        model.fit(x, y == target, sample_weight=weights)
        coefficients.append(model.coef_[0])
        intercepts.append(model.intercept_[0])
    return np.array(coefficients), np.array(intercepts)


def balanced(y, classes):
    return len(y) / (classes * np.bincount(y, minlength=classes))


def fit_glum(solver, loss, x, y, classes, l2):
    from glum import GeneralizedLinearRegressor

    targets = [1] if classes == 2 else range(classes)
    weights = balanced(y, classes)[y]
    heads = []
    for target in targets:
        model = GeneralizedLinearRegressor(
            family="binomial", alpha=l2, l1_ratio=0, solver=solver, gradient_tol=1e-14, max_iter=200
        )
        model.fit(x, (y == target).astype(float), sample_weight=weights)
        heads.append((model.coef_, model.intercept_))
    return np.array([head[0] for head in heads]), np.array([head[1] for head in heads])


def fit_statsmodels(_, loss, x, y, classes, l2):
    import statsmodels.api as sm

    weights = balanced(y, classes)[y]
    design = np.column_stack([x, np.ones(len(x))])
    model = sm.GLM((y == 1).astype(float), design, family=sm.families.Binomial(), freq_weights=weights)
    parameters = model.fit(tol=1e-16, maxiter=50).params
    return parameters[None, :-1], parameters[-1:]


FITS = {"sklearn": fit_sklearn, "glum": fit_glum, "statsmodels": fit_statsmodels}


def many(count, samples, features, classes, l2):
    """Small softmax problems like those of `contender --many`."""
    from sklearn.linear_model import LogisticRegression

    problems = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        y = np.arange(samples) % classes
        centres = random.standard_normal((classes, features))
        problems.append((centres[y] + random.standard_normal((samples, features)), y))
    LogisticRegression(C=1.0 / (l2 * samples), solver="newton-cholesky", tol=1e-10).fit(*problems[0])
    begin = time.process_time(), time.perf_counter()
    for x, y in problems:
        LogisticRegression(
            C=1.0 / (l2 * samples), class_weight="balanced", solver="newton-cholesky", tol=1e-10
        ).fit(x, y)
    print(time.process_time() - begin[0], time.perf_counter() - begin[1])


def path(steps, of, directory, peer, solver, samples, features, classes, l2):
    """The first settings of a path of class weights like that of `contender --path`, each begun at the last one's end."""
    x, y = read(directory, samples, features)
    counts = np.bincount(y, minlength=classes).astype(float)
    model = sklearn_model(solver, samples, l2).set_params(warm_start=True)
    begin = time.process_time(), time.perf_counter()
    for step in range(steps):
        powers = counts ** (-step / (of - 1))
        weights = powers * samples / (powers @ counts)
        model.set_params(class_weight=dict(enumerate(weights))).fit(x, y)
    print(time.process_time() - begin[0], time.perf_counter() - begin[1])


def main():
    if sys.argv[1] == "--path":
        steps, of, directory, peer, solver = int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), *sys.argv[5:7]
        path(steps, of, directory, peer, solver, *map(int, sys.argv[8:11]), float(sys.argv[11]))
        return
    if sys.argv[1] == "--many":
        many(*map(int, sys.argv[2:6]), float(sys.argv[6]))
        return
    directory, peer, solver, loss = Path(sys.argv[1]), *sys.argv[2:5]
    samples, features, classes = map(int, sys.argv[5:8])
    l2 = float(sys.argv[8])
    x, y = read(directory, samples, features)
    fit = FITS[peer]
    # Imports, thread pools and the like are not what is measured.
    few = np.concatenate([np.flatnonzero(y == c)[:20] for c in range(classes)])
    fit(solver, loss, x[few], y[few], classes, 1e-2)
    begin = time.process_time(), time.perf_counter()
    coefficients, intercepts = fit(solver, loss, x, y, classes, l2)
    print(time.process_time() - begin[0], time.perf_counter() - begin[1])
    np.concatenate([coefficients.ravel(), intercepts.ravel()]).astype(np.float64).tofile(directory / "head.raw")


main()
