"""The Python package beside scikit-learn's LogisticRegression: the same interface, the same arrays, interleaved.

    python benches/python/fits.py [--rounds 3] [--only S1,path] [--scale 0.01] [--write]
    python benches/python/fits.py --calls

Run it with the Python that has the package as a release wheel (`scripts/python-tests --wheel` leaves one under target/python-fresh)
and scikit-learn. Every fit is a process of its own. What is measured is kept in target/python-fits, so that a run that is broken off
goes on there; `--anew` begins again. `--scale` takes that share of the samples, to try it out. `--write` puts the tables into
BENCHMARKS.md. `--calls` measures only what a call takes beyond the solver, and what the copy of an array in Fortran order takes.
"""

import argparse
import datetime
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
sys.path += [str(HERE.parents[1]), str(HERE.parents[1] / "peers")]
import common  # noqa: E402
from run import L2, L2_OF_MANY, PROBLEMS, draw  # noqa: E402

NAMES = ["S1", "S2", "S4", "S5", "S9", "path"]
CONTENDERS = ["equipoise", "scikit-learn"]
SETTINGS = 200
# Fits of one small problem, and of the table of calls.
MANY = 500
CALLS = 300
TOLERANCE = 1e-8
# A process is given this many seconds; one that takes longer than the second number is not repeated.
LIMIT, SLOW = 150.0, 20.0
KEPT = common.ROOT / "target" / "python-fits"


def drawn(name, scale):
    """Kind, loss, features, labels and penalty of a problem; drawn once."""
    kind, loss, samples, features, classes = PROBLEMS["S2" if name == "path" else name]
    samples = max(int(samples * scale), 100 * classes)
    directory = KEPT / f"{samples}x{features}x{classes}"
    if not (directory / "whole").exists():
        directory.mkdir(parents=True, exist_ok=True)
        draw(directory, samples, features, classes)
        (directory / "whole").touch()
    X = np.fromfile(directory / "x.raw").reshape(samples, features)
    y = np.fromfile(directory / "y.raw", dtype=np.uint32).astype(np.int64)
    return kind, loss, X, y, L2_OF_MANY if name == "S9" else L2


def peer(l2, samples, **options):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1 / (l2 * samples), solver="newton-cholesky", tol=TOLERANCE, max_iter=5000, **options)


def classifier(who, kind, loss, samples, l2):
    import equipoise
    from sklearn.multiclass import OneVsRestClassifier

    if who == "equipoise":
        return equipoise.SoftmaxRegression(l2=l2) if loss == "softmax" else equipoise.LogisticRegression(l2=l2)
    return OneVsRestClassifier(peer(l2, samples)) if kind == "one-vs-all" else peer(l2, samples)


def head_of(model):
    if hasattr(model, "estimators_"):
        return np.vstack([one.coef_ for one in model.estimators_]), np.hstack([one.intercept_ for one in model.estimators_])
    return model.coef_, model.intercept_


def gradient(loss, head, X, y, l2):
    """Largest entry of the gradient of the mean loss by coefficients and intercepts."""
    from scipy.special import expit, softmax

    coef, intercept = head
    logits = X @ coef.T + intercept
    residual = softmax(logits, axis=1) if loss == "softmax" else expit(logits)
    residual -= y[:, None] == (np.array([1]) if len(coef) == 1 else np.arange(len(coef)))
    by_coef = residual.T @ X / len(y) + l2 * coef
    return float(max(np.abs(by_coef).max(), np.abs(residual.mean(axis=0)).max()))


def clock():
    return time.process_time(), time.perf_counter()


def along_path(who, X, y, values):
    """As many of the values of C as there is time for, from strong penalties to weak; how many, and the last classifier."""
    import equipoise

    if who == "equipoise":
        found = equipoise.LogisticRegressionPath(values, loss="softmax").fit(X, y)
        return len(values), found.at(values[-1])
    model, begin = peer(1.0, 1, warm_start=True), time.perf_counter()
    for count, C in enumerate(values, 1):
        model.set_params(C=C).fit(X, y)
        if time.perf_counter() - begin > 0.8 * LIMIT:
            break
    return count, model


def fitted(name, who, scale, count):
    """What one process measures."""
    kind, loss, X, y, l2 = drawn(name, scale)
    model = classifier(who, kind, loss, len(y), l2)
    # Libraries are loaded and threads begun before.
    small = np.concatenate([np.flatnonzero(y == k)[:50] for k in np.unique(y)])
    model.fit(X[small], y[small])
    begin, done = clock(), 1
    if name == "path":
        done, model = along_path(who, X, y, np.logspace(-4, 4, SETTINGS)[:count])
        l2 = 1 / (np.logspace(-4, 4, SETTINGS)[done - 1] * len(y))
    elif name == "S9":
        for done in range(1, MANY + 1):
            model.fit(X, y)
    else:
        model.fit(X, y)
    cpu, wall = (end - start for start, end in zip(begin, clock(), strict=True))
    return {"cpu": cpu, "wall": wall, "gradient": gradient(loss, head_of(model), X, y, l2), "fits": done}


def calls():
    """Least microseconds of a call beyond the solver, by the name of the call."""
    import equipoise
    from equipoise import _core
    from equipoise._solve import given_samples, settings

    random = np.random.default_rng(0)
    X, y = random.standard_normal((500, 5)), np.arange(500) % 3
    model = equipoise.SoftmaxRegression(l2=1e-3)

    def least(call, seconds):
        times = []
        for _ in range(CALLS):
            begin = time.perf_counter()
            found = call()
            times.append(time.perf_counter() - begin - seconds(found))
        return 1e6 * min(times)

    def measuring():
        """Seconds that the compiled part takes to measure over the samples, the least of many less the least of many."""
        given, _ = given_samples(X, y, None)
        took = {True: [], False: []}
        for _ in range(CALLS):
            for measures, times in took.items():
                begin = time.perf_counter()
                _core.solve(given, ("softmax", {}), None, 1e-3, settings(0.0, 5000, None), None, measures)
                times.append(time.perf_counter() - begin)
        return min(took[True]) - min(took[False])

    measured = measuring()
    solve = least(lambda: equipoise.solve(X, y, l2=1e-3), lambda result: result.certificate.seconds)
    return {
        "SoftmaxRegression.fit": least(lambda: model.fit(X, y), lambda model: model.certificate_.seconds),
        "SoftmaxRegression.predict_proba of one row": least(lambda: model.predict_proba(X[:1]), lambda _: 0.0),
        "solve, without its measures over the samples": solve - 1e6 * measured,
        "those measures (mean probabilities, ledger, calibration, confusion)": 1e6 * measured,
    }


def copies(scale):
    """Of features in Fortran order: milliseconds of the copy and of a whole fit by the processor, and megabytes of the copy."""
    lines = []
    for name in ["S1", "S2"]:
        kind, loss, X, y, l2 = drawn(name, scale)
        table, model = np.asfortranarray(X), classifier("equipoise", kind, loss, len(y), l2)
        took = {"copy": [], "fit": []}
        for _ in range(5):
            for what, call in [("copy", lambda: np.ascontiguousarray(table)), ("fit", lambda: model.fit(table, y))]:
                begin = time.process_time()
                call()
                took[what].append(1e3 * (time.process_time() - begin))
        tracemalloc.start()
        model.fit(table, y)
        most = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        copy, fit = min(took["copy"]), min(took["fit"])
        lines.append(f"| {name}: {len(y)} x {X.shape[1]} | {copy:.3g} | {fit:.3g} | {copy / fit:.1%} | {most:.3g} |")
    return lines


def calls_table(scale):
    """What calls take beyond the solver, and copies beside fits."""
    lines = ["", f"A call on {500} x 5 numbers of three classes beyond the solver, the least of {CALLS}:", ""]
    lines += ["| call | microseconds |", "| --- | ---: |"]
    lines += [f"| {call} | {microseconds:.0f} |" for call, microseconds in calls().items()]
    lines += ["", "Features in Fortran order, which are copied once; processor milliseconds, the least of 5:", ""]
    lines += ["| problem | copy | fit, copy included | share | most memory of Python, MB |", "| --- | ---: | ---: | ---: | ---: |"]
    return lines + copies(scale)


class Measurements:
    """What has been measured on this machine with these libraries, kept line by line."""

    def __init__(self, scale, anew):
        import equipoise
        import sklearn

        libraries = f"equipoise {equipoise.__version__}, scikit-learn {sklearn.__version__}, numpy {np.__version__}"
        self.circumstances = f"{common.machine()}; Python {sys.version.split()[0]}, {libraries}"
        self.scale, self.file = scale, KEPT / "measured.jsonl"
        lines = [] if anew or not self.file.exists() else self.file.read_text().splitlines()
        known = [json.loads(line) for line in lines]
        self.known = [one for one in known if one["circumstances"] == self.circumstances and one["scale"] == scale]

    def find(self, **key):
        return next((one for one in self.known if all(one.get(name) == value for name, value in key.items())), None)

    def of(self, name, who, number, count=SETTINGS):
        """A measurement, by a process of its own where it is not known. Without numbers where that took too long."""
        key = {"name": name, "who": who, "number": number, "count": count}
        found = self.find(**key)
        if found is None:
            options = ["--one", name, who, str(count), "--scale", str(self.scale)]
            command = [sys.executable, "-W", "ignore", str(HERE), *options]
            try:
                output = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
                if output.returncode != 0:
                    sys.exit(output.stderr)
                found = {**key, **json.loads(output.stdout)}
            except subprocess.TimeoutExpired:
                found = key
            found |= {"scale": self.scale, "circumstances": self.circumstances}
            self.known.append(found)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text("".join(json.dumps(one) + "\n" for one in self.known))
        return found

    def rounds(self, name, rounds):
        """Measurements of all contenders, interleaved; slow ones once."""
        found = {who: [] for who in CONTENDERS}
        for number in range(rounds):
            for who, ones in found.items():
                if number == 0 or ("wall" in ones[0] and ones[0]["wall"] <= SLOW):
                    ones.append(self.of(name, who, number))
        return found


def row(title, who, measured):
    """A line of the table: medians over rounds."""
    if "wall" not in measured[0]:
        return f"| {title} | {who} | stopped | after {LIMIT:.0f} | |"
    cpu, wall = (statistics.median(one[key] for one in measured) for key in ("cpu", "wall"))
    return f"| {title} | {who} | {cpu:.3g} | {wall:.3g} | {measured[0]['gradient']:.0e} |"


def rows(name, rounds, measurements):
    """The lines of a problem. A peer that has time for some values of C only is held against ours on the same values."""
    if name != "path":
        kind = PROBLEMS[name][0]
        title = f"{name}: {kind}" + (f", {MANY} fits" if name == "S9" else "")
        return [row(title, who, ones) for who, ones in measurements.rounds(name, rounds).items()]
    ours, theirs = (measurements.of(name, who, 0) for who in CONTENDERS)
    title = f"{SETTINGS} values of C on S2's data"
    lines = [row(title, "equipoise", [ours])]
    if theirs.get("fits", 0) < SETTINGS and "fits" in theirs:
        title = f"the first {theirs['fits']} of them"
        lines.append(row(title, "equipoise", [measurements.of(name, "equipoise", 0, theirs["fits"])]))
    return [*lines, row(title, "scikit-learn", [theirs])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--anew", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--calls", action="store_true")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    if options.one:
        name, who, count = options.one
        print(json.dumps(fitted(name, who, options.scale, int(count))))
        return
    if options.calls:
        print("\n".join(calls_table(options.scale)))
        return
    measurements = Measurements(options.scale, options.anew)
    section = [
        "",
        common.PYTHON,
        "",
        "Written by `python benches/python/fits.py --write`; do not edit.",
        "",
        f"{datetime.date.today()}; {measurements.circumstances}.",
        "",
        f"`fit` of the package and of scikit-learn's `LogisticRegression` (newton-cholesky, tolerance {TOLERANCE:g}; in `OneVsRestClassifier`",
        f"where one-vs-all) on the same arrays, all threads, L2 {L2:g} on the mean loss (S9: {L2_OF_MANY:g}); medians over {options.rounds}",
        f"interleaved rounds, once above {SLOW:.0f} s. Values of C from 1e-4 to 1e4, each search from the last ones'; scikit-learn's with",
        f"`warm_start`, for {0.8 * LIMIT:.0f} s. `gradient` is the largest entry of that of the mean loss, computed by NumPy for both.",
        "",
        "| problem | | processor s | wall s | gradient |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    print("\n".join(section))
    for name in options.only.split(","):
        lines = rows(name, options.rounds, measurements)
        print("\n".join(lines), flush=True)
        section += lines
    lines = calls_table(options.scale)
    print("\n".join(lines))
    if options.write:
        if options.scale != 1.0:
            sys.exit("--write: goes with whole problems; leave --scale out")
        common.rewrite(section + lines)


if __name__ == "__main__":
    main()
