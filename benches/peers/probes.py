"""Linear probes of a thousand classes, S10 and S11: the time that each solver takes to a gradient; writes BENCHMARKS.md.

    python3 benches/peers/probes.py [--only S10,S11] [--rounds 3] [--torch] [--write]
    python3 benches/peers/probes.py --tiny

Features are like those of a frozen network: unit norm, single precision, a covariance with eigenvalues that fall as a power of
their rank, classes that overlap. The penalty is 1e-5, class weights are balanced. Each peer runs once a round and keeps the
head of every iteration with its time; which of them is the first within a tolerance is found afterwards, by the gradient of
the mean loss recomputed here in double precision. Ours is run to each tolerance and to its end, its certificate, a pass of its
own, included. --tiny tries it all on a problem of seconds. --torch adds PyTorch's L-BFGS, which is installed for it.
"""

import argparse
import datetime
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import common
from common import ENVIRONMENT, PROBES

L2 = 1e-5
CONDITION = 1e4
# How far apart classes are, in units of their spread: about half of the samples are nearest to the centre of their own.
APART = 0.2
TOLERANCES = [1e-4, 1e-6, 1e-8]
# N, d, K.
PROBLEMS = {"S10": (40_000, 512, 1000), "S11": (160_000, 512, 1000)}
TINY = {"tiny": (3000, 64, 100)}
PEERS = ["sklearn lbfgs", "sklearn lbfgs:double", "sklearn newton-cg", "sklearn newton-cg:double"]
TORCH = "torch lbfgs"
# Peers are stopped after this many seconds; what they had by then counts.
LIMIT = 900.0
BLOCK = 20_000


def draw(directory, samples, features, classes):
    """Writes x.npy (single precision, rows of norm 1) and y.npy, a block of samples at a time."""
    import numpy as np

    directory.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(10)
    power = np.log(CONDITION) / np.log(features)
    spread = np.arange(1, features + 1) ** (-power / 2)
    turn = np.linalg.qr(random.standard_normal((features, features)))[0]
    common_mean = random.standard_normal(features) * np.sqrt((spread**2).sum() / features)
    centres = APART * random.standard_normal((classes, features)) * spread
    x = np.lib.format.open_memmap(directory / "x.npy", "w+", np.float32, (samples, features))
    y = random.permutation(np.arange(samples) % classes)
    for start in range(0, samples, BLOCK):
        some = slice(start, min(start + BLOCK, samples))
        latent = centres[y[some]] + random.standard_normal((some.stop - start, features)) * spread
        rows = common_mean + latent @ turn.T
        x[some] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    x.flush()
    np.save(directory / "y.npy", y.astype(np.int64))


def gradient(directory, coefficients, intercepts):
    """Infinity norm of the gradient of the mean loss, penalty included, in double precision."""
    import numpy as np
    from scipy.special import softmax

    x, y = np.load(directory / "x.npy", mmap_mode="r"), np.load(directory / "y.npy")
    coefficients, intercepts = coefficients.astype(np.float64), intercepts.astype(np.float64)
    of_class = 1.0 / (len(intercepts) * np.bincount(y, minlength=len(intercepts)))
    by_coefficients, by_intercepts = L2 * coefficients, np.zeros(len(intercepts))
    for start in range(0, len(y), BLOCK):
        rows, labels = np.asarray(x[start : start + BLOCK], dtype=np.float64), y[start : start + BLOCK]
        residual = softmax(rows @ coefficients.T + intercepts, axis=1)
        own = np.arange(len(labels)), labels
        # Not p - 1, which would round away the residual of a sample that is fitted well.
        residual[own] = 0.0
        residual[own] = -residual.sum(axis=1)
        residual *= of_class[labels][:, None]
        by_coefficients += residual.T @ rows
        by_intercepts += residual.sum(axis=0)
    return max(np.abs(by_coefficients).max(), np.abs(by_intercepts).max())


def ours(program, directory):
    """Processor and wall seconds to each tolerance and to the end, and the gradient there."""
    import numpy as np

    found = {}
    for tolerance in [*TOLERANCES, 0.0]:
        command = [program, "--mapped", str(directory), "softmax", repr(L2), repr(tolerance)]
        limits = common.limited_to(os.cpu_count())
        run = subprocess.run(command, capture_output=True, text=True, env=limits)
        if run.returncode != 0:
            sys.exit(run.stderr)
        cpu, wall = map(float, run.stdout.split()[:2])
        head = np.fromfile(directory / "head.raw")
        classes = len(np.unique(np.load(directory / "y.npy")))
        cut = len(head) - classes
        left = gradient(directory, head[:cut].reshape(classes, -1), head[cut:])
        found[tolerance] = cpu, wall, left
        print(f"equipoise to {tolerance:g}: {cpu:.1f} s of processor, {wall:.1f} s, gradient {left:.1e}", flush=True)
    return found


def peer(python, directory, who):
    """The same of a peer, from the heads that it left; nothing for a tolerance that it did not reach."""
    import numpy as np

    heads = directory / "heads"
    shutil.rmtree(heads, ignore_errors=True)
    heads.mkdir()
    command = [python, str(HERE / "probe_peer.py"), str(directory), *who.split(" "), repr(L2), str(LIMIT)]
    run = subprocess.run(command, capture_output=True, text=True, env=common.limited_to(os.cpu_count()))
    if run.returncode != 0:
        sys.exit(run.stderr)
    times = [tuple(map(float, line.split())) for line in run.stdout.splitlines()]
    judged = {}

    def at(iteration):
        if iteration not in judged:
            head = np.load(heads / f"{iteration}.npy")
            judged[iteration] = gradient(directory, head[:, :-1], head[:, -1])
        return judged[iteration]

    found, last = {}, len(times) - 1
    for tolerance in TOLERANCES:
        # Gradients fall but for small rises, so that the first within is found by halving.
        low, high = 0, last
        if at(last) > tolerance:
            continue
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if at(middle) <= tolerance else (middle + 1, high)
        found[tolerance] = *times[low], at(low)
    found[0.0] = *times[last], at(last)
    shutil.rmtree(heads)
    for tolerance, (cpu, wall, left) in found.items():
        print(f"{who} to {tolerance:g}: {cpu:.1f} s of processor, {wall:.1f} s, gradient {left:.1e}", flush=True)
    return found


def measure(name, sizes, rounds, python, program, peers):
    directory = ENVIRONMENT / "data" / name
    draw(directory, *sizes)
    runs = {who: [] for who in ["equipoise", *peers]}
    for _ in range(rounds):
        for who in runs:
            runs[who].append(ours(program, directory) if who == "equipoise" else peer(python, directory, who))
    samples, features, classes = sizes
    lines = [
        "",
        f"### {name}: N = {samples:,}, d = {features}, K = {classes}",
        "",
        "| solver | "
        + " | ".join(f"to {tolerance:g}: processor s | wall s" for tolerance in TOLERANCES)
        + " | to its end: processor s | wall s | gradient there |",
        "| --- |" + " ---: |" * (2 * len(TOLERANCES) + 3),
    ]
    for who, rounds_of in runs.items():
        cells = []
        for tolerance in [*TOLERANCES, 0.0]:
            reached = [run[tolerance] for run in rounds_of if tolerance in run]
            if len(reached) < len(rounds_of):
                cells += ["not reached", ""]
                continue
            cells += [f"{statistics.median(run[i] for run in reached):.3g}" for i in (0, 1)]
        cells.append(f"{max(run[0.0][2] for run in rounds_of):.0e}")
        lines.append(f"| {who} | {' | '.join(cells)} |")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join(PROBLEMS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="a problem of seconds in place of S10 and S11")
    parser.add_argument("--torch", action="store_true", help="PyTorch's L-BFGS too")
    parser.add_argument("--write", action="store_true", help="write the section of BENCHMARKS.md")
    options = parser.parse_args()
    requirements = HERE / "requirements.txt"
    python = common.environment(requirements)
    if os.path.realpath(sys.prefix) != os.path.realpath(ENVIRONMENT):
        os.execv(python, [python, *sys.argv])
    if options.torch:
        subprocess.run([python, "-m", "pip", "install", "-q", "torch"], check=True)
    program = common.example("contender")
    problems = TINY if options.tiny else {name: PROBLEMS[name] for name in options.only.split(",")}
    peers = [*PEERS, TORCH] if options.torch else PEERS
    lines = [
        "",
        PROBES,
        "",
        "Written by `python3 benches/peers/probes.py --write`; do not edit.",
        "",
        f"{datetime.date.today()}; {common.machine()}; {common.compiler()}; {common.versions(requirements)}.",
        "",
        "Features of unit norm in single precision, mapped from a file by us and held by the peers (`:double`: in double",
        "precision, which scikit-learn then computes in); eigenvalues of their",
        f"covariance fall as a power to a condition of {CONDITION:g}; classes overlap. Balanced class weights, L2 {L2:g}, intercept free, all",
        f"cores, medians of {options.rounds} interleaved rounds. A tolerance is a bound on the largest entry of the gradient of the mean loss,",
        "recomputed outside the solvers in double precision; ours includes reading the file and its certificate.",
    ]
    for name, sizes in problems.items():
        lines += measure(name, sizes, options.rounds, python, program, peers)
    print("\n".join(lines))
    if options.write:
        common.rewrite(lines)


if __name__ == "__main__":
    main()
