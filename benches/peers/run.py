"""Ours beside the peers: same files, one run, interleaved; writes BENCHMARKS.md.

    python3 benches/peers/run.py [--rounds 3] [--only S1,S2] [--write]
    python3 benches/peers/run.py --growth

Builds its own Python environment, and the peers written in Rust, under target/peers. Every head is judged by the
gradient of the mean loss recomputed here, not by what its solver says. With --growth nothing is measured: the
section on that is written anew from what `cargo bench --bench scaling` left.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import common
from common import ACCURACY, CONVOLUTIONAL, ENVIRONMENT, FULL, GROWTH, PROBES, PYTHON, ROOT

L2 = 1e-8
# Most threads first: what is slow then is not tried on one.
THREADS = sorted({1, os.cpu_count() or 1}, reverse=True)
# Solvers that take longer than this many seconds run once, on all cores.
SLOW = 30.0
# Solvers are stopped after this many seconds.
LIMIT = 150.0

# Shape, loss, N, d, K.
PROBLEMS = {
    "S1": ("binary", "logistic", 100_000, 50, 2),
    "S2": ("softmax", "softmax", 50_000, 64, 10),
    "S3": ("softmax", "softmax", 50_000, 128, 100),
    "S4": ("one-vs-all", "logistic", 50_000, 64, 10),
    "S5": ("binary", "logistic", 1_000_000, 20, 2),
    "S6": ("softmax", "softmax", 100_000, 256, 1000),
    "S7": ("binary, from a mapped file", "logistic", 10_000_000, 20, 2),
    "S8": ("200 class-weight settings on S2's data", "softmax", 50_000, 64, 10),
    "S9": ("many small softmax problems", "softmax", 500, 5, 3),
}
PEERS = {
    "S1": [
        "sklearn newton-cholesky",
        "sklearn newton-cg",
        "sklearn lbfgs",
        "glum irls-ls",
        "statsmodels irls",
        "argmin newton",
        "argmin lbfgs",
        "linfa lbfgs",
    ],
    "S2": ["sklearn newton-cholesky", "sklearn newton-cg", "argmin lbfgs", "linfa lbfgs"],
    # newton-cholesky would form a Hessian of 12,900 rows: 8 times the arithmetic of all else here.
    "S3": ["sklearn newton-cg"],
    "S4": ["sklearn newton-cholesky", "glum irls-ls", "argmin newton"],
    "S5": ["sklearn newton-cholesky", "glum irls-ls", "argmin newton"],
    "S6": ["sklearn newton-cg"],
    "S7": ["sklearn newton-cholesky", "glum irls-ls"],
    "S8": ["sklearn newton-cholesky"],
    "S9": ["sklearn newton-cholesky"],
}
IN_RUST = ["argmin", "linfa"]
# Problems of a path and of a crowd: ours, and as many as a peer is given time for.
SETTINGS, SETTINGS_OF_PEERS = 200, 4
MANY, MANY_OF_PEERS, L2_OF_MANY = 10_000, 500, 1e-3
NOT_JUDGED = float("nan")


def peers_in_rust():
    target = ENVIRONMENT / "rust"
    build = ["cargo", "build", "--release", "--locked", "--target-dir", str(target)]
    subprocess.run(build, cwd=HERE / "rust", check=True)
    return str(target / "release" / "peers")


def version_of(crate):
    """A crate's version in the lock file of the peers written in Rust."""
    lock = (HERE / "rust" / "Cargo.lock").read_text()
    return f"{crate} " + lock.split(f'name = "{crate}"\nversion = "')[1].split('"')[0]


def seconds(command, threads):
    """Processor and wall seconds of one solver, or nothing when it is stopped."""
    limits = common.limited_to(threads)
    try:
        output = subprocess.run(command, capture_output=True, text=True, env=limits, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return None
    if output.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{output.stderr}")
    cpu, wall = output.stdout.split()[:2]
    return float(cpu), float(wall)


def draw(directory, samples, features, classes):
    """Correlated features (condition number of the covariance 1e4) and labels from a softmax model over them."""
    import numpy as np

    random = np.random.default_rng(20)
    turn = np.linalg.qr(random.standard_normal((features, features)))[0]
    spread = np.logspace(0, -2, features)
    latent = random.standard_normal((samples, features))
    x = (latent * spread) @ turn.T
    heads = random.standard_normal((features, classes)) * (1.5 / np.sqrt(features))
    y = np.argmax(latent @ heads + random.gumbel(size=(samples, classes)), axis=1)
    x.tofile(directory / "x.raw")
    y.astype(np.uint32).tofile(directory / "y.raw")


def draw_mapped(directory, double, samples, features):
    """The same numbers as an NPY file in single and one in double precision; one sample in eight is positive."""
    import numpy as np

    random = np.random.default_rng(7)
    files = [
        np.lib.format.open_memmap(place / "x.npy", "w+", kind, (samples, features))
        for place, kind in ((directory, np.float32), (double, np.float64))
    ]
    w = random.standard_normal(features) / np.sqrt(features)
    y = np.empty(samples, np.uint8)
    for start in range(0, samples, 500_000):
        some = slice(start, min(start + 500_000, samples))
        x = random.standard_normal((some.stop - start, features)).astype(np.float32)
        for file in files:
            file[some] = x
        y[some] = random.random(len(x)) < 1 / (1 + np.exp(-(x @ w - 2)))
    for place in (directory, double):
        np.save(place / "y.npy", y)


def gradient(directory, loss, samples, features, classes, balanced=True):
    """Infinity norm of the mean loss's gradient at the head in head.raw, penalty included; else with equal weights."""
    import numpy as np
    from scipy.special import expit, softmax

    if (directory / "x.npy").exists():
        x, y = np.load(directory / "x.npy", mmap_mode="r"), np.load(directory / "y.npy").astype(np.int64)
    else:
        x = np.fromfile(directory / "x.raw").reshape(samples, features)
        y = np.fromfile(directory / "y.raw", dtype=np.uint32).astype(np.int64)
    rows = 1 if loss == "logistic" and classes == 2 else classes
    head = np.fromfile(directory / "head.raw")
    weights, intercepts = head[: rows * features].reshape(rows, features), head[rows * features :]
    class_factors = 1.0 / (classes * np.bincount(y, minlength=classes)) if balanced else np.full(classes, 1.0 / samples)
    by_weights, by_intercepts = L2 * weights, np.zeros(rows)
    for start in range(0, samples, 50_000):
        own_x, own_y = np.asarray(x[start : start + 50_000], dtype=np.float64), y[start : start + 50_000]
        z = own_x @ weights.T + intercepts
        one_hot = own_y[:, None] == (np.array([1]) if rows == 1 else np.arange(classes))
        if loss == "softmax":
            residual = softmax(z, axis=1)
            place = np.arange(len(own_y)), own_y
            own = residual[place]
            residual[place] = -np.where(own > 0.5, residual.sum(axis=1, where=~one_hot), 1 - own)
        else:
            residual = np.where(one_hot, -expit(-z), expit(z))
        residual *= class_factors[own_y][:, None]
        by_weights += residual.T @ own_x
        by_intercepts += residual.sum(axis=0)
    return max(np.abs(by_weights).max(), np.abs(by_intercepts).max())


class Solver:
    """A command, the number of problems it solves, a way to judge the head that it leaves, and where it may run."""

    def __init__(self, command, problems=1, judge=lambda: NOT_JUDGED, threads=THREADS):
        self.command, self.problems, self.judge, self.threads = command, problems, judge, threads


def solvers(name, python, rust, ours):
    """Draws a problem's data and says who solves it how."""
    _, loss, samples, features, classes = PROBLEMS[name]
    directory = ENVIRONMENT / "data" / ("S2" if name == "S8" else name)
    directory.mkdir(parents=True, exist_ok=True)
    sizes = [loss, str(samples), str(features), str(classes), repr(L2)]
    peer = [python, str(HERE / "peer.py")]
    if name == "S9":
        sizes = [*sizes[1:4], repr(L2_OF_MANY)]
        found = {"equipoise": Solver([ours, "--many", str(MANY), *sizes], MANY)}
        for who in PEERS[name]:
            found[who] = Solver([*peer, "--many", str(MANY_OF_PEERS), *sizes], MANY_OF_PEERS)
        return found
    if name == "S8":
        draw(directory, samples, features, classes)
        found = {"equipoise": Solver([ours, "--path", str(SETTINGS), str(directory), *sizes], SETTINGS)}
        for who in PEERS[name]:
            steps = [str(SETTINGS_OF_PEERS), str(SETTINGS)]
            found[who] = Solver([*peer, "--path", *steps, str(directory), *who.split(" "), *sizes], SETTINGS_OF_PEERS)
        return found
    found = {}
    judge = lambda: gradient(directory, loss, samples, features, classes)
    if name == "S7":
        double = directory / "double"
        double.mkdir(exist_ok=True)
        draw_mapped(directory, double, samples, features)
        for who, place in (("equipoise", directory), ("equipoise, doubles", double)):
            judge_own = lambda place=place: gradient(place, loss, samples, features, classes)
            found[who] = Solver([ours, "--mapped", str(place), loss, repr(L2)], judge=judge_own)
    else:
        draw(directory, samples, features, classes)
        found["equipoise"] = Solver([ours, str(directory), *sizes], judge=judge)
    for who in PEERS[name]:
        if who.split(" ")[0] in IN_RUST:
            # One thread is all they take; linfa knows no class weights.
            judge_own = lambda balanced=who.split(" ")[0] != "linfa": gradient(
                directory, loss, samples, features, classes, balanced
            )
            found[who] = Solver([rust, str(directory), *who.split(" "), *sizes], judge=judge_own, threads=[1])
        else:
            found[who] = Solver([*peer, str(directory), *who.split(" "), *sizes], judge=judge)
    return found


def measure(name, rounds, python, rust, ours):
    """The table of one problem: every solver in turn, and all of them again in the next round."""
    shape, _, samples, features, classes = PROBLEMS[name]
    found = solvers(name, python, rust, ours)
    times, gradients = {who: {threads: [] for threads in THREADS} for who in found}, dict.fromkeys(found, NOT_JUDGED)
    for turn in range(rounds):
        for who, solver in found.items():
            for threads in solver.threads:
                if slowest(times[who]) > SLOW / solver.problems:
                    continue
                run = seconds(solver.command, threads)
                each = [entry / solver.problems for entry in run or (LIMIT, LIMIT)]
                times[who][threads].append(each)
                if run:
                    gradients[who] = solver.judge()
                print(f"{name} {who}, {threads} threads: {each} g {gradients[who]:.1e}", flush=True)
    counts = {who: solver.problems for who, solver in found.items()}
    title = f"{name}: {shape}, N = {samples:,}, d = {features}, K = {classes}"
    return title, table(times, gradients, counts)


def slowest(of_threads):
    return max((run[1] for runs in of_threads.values() for run in runs), default=0.0)


def best(of_threads):
    """Median processor and wall seconds, each at the number of threads that suits it best."""
    medians = [[statistics.median(run[i] for run in runs) for i in (0, 1)] for runs in of_threads.values() if runs]
    return [min(column) for column in zip(*medians)]


def table(times, gradients, counts):
    middle = {who: best(of_threads) for who, of_threads in times.items()}
    cpu, wall = middle["equipoise"]
    lines = [
        "| solver | problems | processor s each | wall s each | gradient | times our processor s | times our wall s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for who, (of_cpu, of_wall) in middle.items():
        more = "> " if of_wall * counts[who] >= LIMIT else ""
        judged = "" if gradients[who] != gradients[who] else f"{gradients[who]:.0e}"
        figures = [f"{more}{figure:.3g}" for figure in (of_cpu, of_wall)]
        ratios = [f"{more}{ratio:.1f}" for ratio in (of_cpu / cpu, of_wall / wall)]
        lines.append(f"| {who} | {counts[who]:,} | {' | '.join(figures)} | {judged} | {' | '.join(ratios)} |")
    return lines


def measured_parts():
    """What criterion measured: for each group and name the numbers a second, and whether they are bytes."""
    subprocess.run(["cargo", "bench", "--locked", "--bench", "parts"], cwd=ROOT, check=True)
    found = {}
    for folder in sorted((ROOT / "target" / "criterion").glob("*/*/new")):
        about = json.loads((folder / "benchmark.json").read_text())
        seconds_each = json.loads((folder / "estimates.json").read_text())["median"]["point_estimate"] / 1e9
        ((kind, amount),) = about["throughput"].items()
        found[about["group_id"], about["function_id"]] = amount / seconds_each, kind == "Bytes"
    return found


def parts_table():
    """Our pieces beside what one core of this machine can do."""
    found = measured_parts()
    lines = [
        "| piece | G/s | share of | |",
        "| --- | ---: | --- | ---: |",
    ]
    for (group, name), (speed, bytes_) in found.items():
        unit = "GB/s" if bytes_ else "GF/s"
        if group == "limits":
            lines.append(f"| {name} | {speed / 1e9:.1f} {unit} | | |")
            continue
        limit = "reading memory" if bytes_ else f"product in {name.split(' in ')[-1]}"
        fraction = speed / found["limits", limit][0]
        lines.append(f"| {group}: {name} | {speed / 1e9:.1f} {unit} | {limit} | {100 * fraction:.0f} % |")
    return [
        "",
        "## Close to the limit",
        "",
        "One thread. Operations count what the mathematics asks for (of a Hessian the lower triangle), bytes the features as",
        "doubles, once for each evaluation: what is computed besides (logarithms and exponentials of every sample, both",
        "matrix products of several columns) is not counted.",
        "",
        *lines,
    ]


def scaling_section():
    """Exponents from the record of `cargo bench --bench scaling`, which is run apart."""
    record = json.loads((ROOT / "figures" / "F22-scaling.json").read_text())
    lines = ["| loss | grows | from | to | seconds there | memory there | of the memory foreseen |", "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    for series in record["series"]:
        first, last = series["points"][0], series["points"][-1]
        fraction = max(point["memory"] / point["foreseen"] for point in series["points"])
        lines.append(
            f"| {series['loss']} | {series['axis']} | {first['size']:,} | {last['size']:,} | {last['seconds']:.2f} "
            f"| {last['memory'] / 2**20:.0f} MiB | {100 * fraction:.0f} % |"
        )
    return [
        "",
        GROWTH,
        "",
        "![Seconds along samples, features and classes](figures/F22-scaling.svg)",
        "",
        f"`cargo bench --bench scaling`, {record['threads']} threads. Held are N = 20,000, d = 20 (5 while K grows), K = 3.",
        "Beyond about a thousand classes, probabilities of all samples no longer fit into the room that softmax keeps for",
        "them, and are computed once more for every product.",
        "",
        *lines,
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(PROBLEMS))
    parser.add_argument("--write", action="store_true", help="write BENCHMARKS.md")
    parser.add_argument("--growth", action="store_true", help="write only the section on growth anew")
    options = parser.parse_args()
    if options.growth:
        common.rewrite(scaling_section())
        return
    requirements = HERE / "requirements.txt"
    python = common.environment(requirements)
    if os.path.realpath(sys.prefix) != os.path.realpath(ENVIRONMENT):
        os.execv(python, [python, *sys.argv])
    rust, ours = peers_in_rust(), common.example("contender")
    versions = common.versions(requirements)
    versions += "".join(f", {version_of(crate)}" for crate in ("argmin", "linfa-logistic"))
    lines = [
        "# Benchmarks",
        "",
        "Written by `python3 benches/peers/run.py --write`, but for a section that says otherwise; do not edit.",
        "",
        f"{datetime.date.today()}; {common.machine()}; {common.compiler()}; {versions}.",
        "",
        f"Balanced class weights (S8: from equal to balanced), L2 {L2:g} on the mean loss (S9: {L2_OF_MANY:g}), intercept "
        "free;",
        "covariance of the features with condition number 1e4 but for S7 and S9. Each solver at the tightest tolerance it",
        f"takes, on {' and '.join(map(str, THREADS))} threads; its seconds are medians over {options.rounds} interleaved "
        f"rounds (once, on all cores, above {SLOW:.0f} s;",
        f"stopped after {LIMIT:.0f} s), at the number of threads that suits each figure best. `gradient` is the infinity "
        "norm of the",
        "mean loss's gradient, recomputed outside the solvers. Reading S7's file counts for us and not for its peers. linfa knows",
        "no class weights and solves the unweighted problem.",
    ]
    for name in options.only.split(","):
        title, rows = measure(name, options.rounds, python, rust, ours)
        lines += ["", f"## {title}", "", *rows]
        print("\n".join(rows), flush=True)
    if options.write:
        apart = [line for heading in (PROBES, FULL, CONVOLUTIONAL, ACCURACY, PYTHON) for line in common.written(heading)]
        common.write(lines + parts_table() + scaling_section() + apart)


if __name__ == "__main__":
    main()
