"""Ours beside the peers: same files, one run, interleaved; writes BENCHMARKS.md.

    python3 benches/peers/run.py [--rounds 3] [--only S1,S2] [--write]

Builds its own Python environment under target/peers. Every head is judged by the gradient of the mean loss recomputed
here, not by what its solver says.
"""

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / "target" / "peers"
L2 = 1e-8
THREADS = sorted({1, os.cpu_count() or 1})
# Solvers that take longer than this many seconds run in the first round only.
SLOW = 10.0

PROBLEMS = {
    "S1": ("binary", "logistic", 100_000, 50, 2),
    "S2": ("softmax", "softmax", 50_000, 64, 10),
    "S3": ("softmax", "softmax", 50_000, 128, 100),
    "S4": ("one-vs-all", "logistic", 50_000, 64, 10),
    "S5": ("binary", "logistic", 1_000_000, 20, 2),
}
PEERS = {
    "S1": ["sklearn newton-cholesky", "sklearn newton-cg", "sklearn lbfgs", "glum irls-ls", "statsmodels irls"],
    "S2": ["sklearn newton-cholesky", "sklearn newton-cg"],
    # newton-cholesky would form a Hessian of 12,900 rows: 8 times the arithmetic of all else here.
    "S3": ["sklearn newton-cg"],
    "S4": ["sklearn newton-cholesky", "glum irls-ls"],
    "S5": ["sklearn newton-cholesky", "glum irls-ls"],
}
MANY = (500, 5, 3, 1e-3)


def environment():
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    requirements = str(HERE / "requirements.txt")
    subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", requirements], check=True)
    return str(python)


def contender():
    build = ["cargo", "build", "--release", "--locked", "--example", "contender"]
    subprocess.run(build, cwd=ROOT, check=True)
    return str(ROOT / "target" / "release" / "examples" / "contender")


def seconds(command, threads):
    plain = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    limits = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"], str(threads))
    output = subprocess.run(command, capture_output=True, text=True, env=plain | limits)
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


def gradient(directory, loss, samples, features, classes):
    """Infinity norm of the mean loss's gradient at the head in head.raw, penalty included."""
    import numpy as np
    from scipy.special import expit, softmax

    x = np.fromfile(directory / "x.raw").reshape(samples, features)
    y = np.fromfile(directory / "y.raw", dtype=np.uint32).astype(np.int64)
    rows = 1 if loss == "logistic" and classes == 2 else classes
    head = np.fromfile(directory / "head.raw")
    weights = head[: rows * features].reshape(rows, features)
    z = x @ weights.T + head[rows * features :]
    share = (1.0 / (classes * np.bincount(y, minlength=classes)))[y]
    one_hot = y[:, None] == (np.array([1]) if rows == 1 else np.arange(classes))
    if loss == "softmax":
        residual = softmax(z, axis=1)
        own = residual[np.arange(samples), y]
        rest = residual.sum(axis=1, where=~one_hot)
        residual[np.arange(samples), y] = -np.where(own > 0.5, rest, 1 - own)
    else:
        residual = np.where(one_hot, -expit(-z), expit(z))
    residual *= share[:, None]
    by_weights = np.abs(residual.T @ x + L2 * weights).max()
    return max(by_weights, np.abs(residual.sum(axis=0)).max())


def measure(name, rounds, python, ours):
    shape, loss, samples, features, classes = PROBLEMS[name]
    directory = ENVIRONMENT / "data" / name
    directory.mkdir(parents=True, exist_ok=True)
    draw(directory, samples, features, classes)
    sizes = [str(samples), str(features), str(classes), repr(L2)]
    commands = {"equipoise": [ours, str(directory), loss, *sizes]}
    for peer in PEERS[name]:
        commands[peer] = [python, str(HERE / "peer.py"), str(directory), *peer.split(" "), loss, *sizes]
    times, gradients = {who: {threads: [] for threads in THREADS} for who in commands}, {}
    for turn in range(rounds):
        for who, command in commands.items():
            for threads in THREADS:
                runs = times[who][threads]
                if turn > 0 and runs[0][1] > SLOW:
                    continue
                runs.append(seconds(command, threads))
                gradients[who] = gradient(directory, loss, samples, features, classes)
                print(f"{name} {who}, {threads} threads: {runs[-1]} g {gradients[who]:.1e}", flush=True)
    title = f"{name}: {shape}, N = {samples:,}, d = {features}, K = {classes}"
    return title, table(times, gradients)


def best(of_threads):
    """Median processor and wall seconds, each at the number of threads that suits it best."""
    medians = [[statistics.median(run[i] for run in runs) for i in (0, 1)] for runs in of_threads.values()]
    return [min(column) for column in zip(*medians)]


def table(times, gradients):
    middle = {who: best(of_threads) for who, of_threads in times.items()}
    cpu, wall = middle["equipoise"]
    lines = [
        "| solver | processor s | wall s | gradient | times our processor s | times our wall s |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for who, (of_cpu, of_wall) in middle.items():
        lines.append(
            f"| {who} | {of_cpu:.3f} | {of_wall:.3f} | {gradients[who]:.0e} | {of_cpu / cpu:.1f} | {of_wall / wall:.1f} |"
        )
    return lines


def measure_many(rounds, python, ours):
    samples, features, classes, l2 = MANY
    sizes = [str(samples), str(features), str(classes), repr(l2)]
    count = {"equipoise": 10_000, "sklearn newton-cholesky": 500}
    commands = {
        "equipoise": [ours, "--many", str(count["equipoise"]), *sizes],
        "sklearn newton-cholesky": [
            python, str(HERE / "peer.py"), "--many", str(count["sklearn newton-cholesky"]), *sizes
        ],
    }
    times = {who: {threads: [] for threads in THREADS} for who in commands}
    for _ in range(rounds):
        for who, command in commands.items():
            for threads in THREADS:
                cpu, wall = seconds(command, threads)
                times[who][threads].append((1e6 * cpu / count[who], 1e6 * wall / count[who]))
                print(f"S9 {who}, {threads} threads: {times[who][threads][-1]} us", flush=True)
    middle = {who: best(of_threads) for who, of_threads in times.items()}
    ours_cpu, ours_wall = middle["equipoise"]
    lines = [
        "| solver | problems | processor µs each | wall µs each | times our processor | times our wall |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for who, (cpu, wall) in middle.items():
        lines.append(
            f"| {who} | {count[who]:,} | {cpu:.0f} | {wall:.0f} | {cpu / ours_cpu:.1f} | {wall / ours_wall:.1f} |"
        )
    return f"S9: many small softmax problems, N = {samples}, d = {features}, K = {classes}, L2 = {l2:g}", lines


def machine():
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    flags = open("/proc/cpuinfo").read()
    vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "neither AVX2 nor AVX-512"
    return f"{model}, {os.cpu_count()} cores, {vectors}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join([*PROBLEMS, "S9"]))
    parser.add_argument("--write", action="store_true", help="write BENCHMARKS.md")
    options = parser.parse_args()
    python = environment()
    if os.path.realpath(sys.prefix) != os.path.realpath(ENVIRONMENT):
        os.execv(python, [python, *sys.argv])
    ours = contender()
    versions = ", ".join((HERE / "requirements.txt").read_text().split()).replace("==", " ")
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()
    lines = [
        "# Benchmarks",
        "",
        "Written by `python3 benches/peers/run.py --write`; do not edit.",
        "",
        f"{datetime.date.today()}; {machine()}; {rustc}; {versions}.",
        "",
        "Balanced class weights, L2 1e-8 on the mean loss (S9: as given), intercept free, covariance of the features with",
        f"condition number 1e4. Each solver at the tightest tolerance it takes, on {' and '.join(map(str, THREADS))} "
        "threads; its seconds are",
        f"medians over {options.rounds} interleaved rounds (one round above {SLOW:.0f} s), at the number of threads that "
        "suits them best.",
        "`gradient` is the infinity norm of the mean loss's gradient, recomputed outside the solvers.",
    ]
    for name in options.only.split(","):
        title, rows = (
            measure_many(options.rounds, python, ours) if name == "S9" else measure(name, options.rounds, python, ours)
        )
        lines += ["", f"## {title}", "", *rows]
        print("\n".join(rows), flush=True)
    if options.write:
        temporary = ROOT / "BENCHMARKS.md.new"
        temporary.write_text("\n".join(lines) + "\n")
        temporary.replace(ROOT / "BENCHMARKS.md")


main()
