"""Linear probes of a thousand classes, S10 and S11: the time that each solver takes to a gradient; writes BENCHMARKS.md.

    python3 benches/peers/probes.py [--only S10,S11] [--rounds 1] [--minutes 40] [--torch] [--write]
    python3 benches/peers/probes.py --tiny

Features are like those of a frozen network: unit norm, single precision, a covariance with eigenvalues that fall as a power of
their rank, classes that overlap. The penalty is 1e-5, class weights are balanced. Each peer runs once a round and keeps the
head of every iteration with its time; which of them is the first within a tolerance is found afterwards, by the gradient of
the mean loss recomputed here in double precision. Ours is run to each tolerance and to its end, its certificate, a pass of its
own, included; its runs and those of the peers take turns. Peers are stopped so that all of it takes about so many minutes, and
what a stopped one has not reached is shown as more (">") than it had taken. --tiny tries it all on a problem of seconds.
--torch adds PyTorch's L-BFGS, which is installed unless it is there; --double scikit-learn on features in double precision.
"""

import argparse
import datetime
import itertools
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

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
PEERS = ["sklearn lbfgs", "sklearn newton-cg"]
DOUBLE = ["sklearn lbfgs:double", "sklearn newton-cg:double"]
TORCH = "torch lbfgs"
# The share of the time that searches of peers may take; the rest is for drawing, for ours, and for judging heads.
PEERS_SHARE = 0.6
# Seconds beyond its limit after which a peer that has shown no further head is killed: imports, reading and a trial are in them.
PATIENCE = 60.0
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


class Found:
    """What a solver came to: processor and wall seconds, and the gradient there, for each tolerance within reach."""

    def __init__(self, at=None, stopped=None):
        self.at = at or {}
        # Processor and wall seconds at which it was stopped; None of one that ended by itself.
        self.stopped = stopped

    def say(self, who):
        for tolerance, (cpu, wall, left) in self.at.items():
            print(f"{who} to {tolerance:g}: {cpu:.1f} s of processor, {wall:.1f} s, gradient {left:.1e}", flush=True)


def ours(program, directory, tolerance):
    """Processor and wall seconds to a tolerance, and the gradient there."""
    import numpy as np

    command = [program, "--mapped", str(directory), "softmax", repr(L2), repr(tolerance)]
    run = subprocess.run(command, capture_output=True, text=True, env=common.limited_to(os.cpu_count()))
    if run.returncode != 0:
        sys.exit(run.stderr)
    cpu, wall = map(float, run.stdout.split()[:2])
    head = np.fromfile(directory / "head.raw")
    classes = len(np.unique(np.load(directory / "y.npy")))
    cut = len(head) - classes
    return cpu, wall, gradient(directory, head[:cut].reshape(classes, -1), head[cut:])


def peer(python, directory, who, limit):
    """The same of a peer for all tolerances, from the heads that it left within so many seconds."""
    import numpy as np

    heads, log = directory / "heads", directory / "times.txt"
    shutil.rmtree(heads, ignore_errors=True)
    heads.mkdir()
    command = [python, str(HERE / "probe_peer.py"), str(directory), *who.split(" "), repr(L2), str(limit)]
    killed = False
    with log.open("w") as times:
        try:
            limits = common.limited_to(os.cpu_count())
            run = subprocess.run(command, stdout=times, stderr=subprocess.PIPE, text=True, env=limits, timeout=limit + PATIENCE)
            if run.returncode != 0:
                sys.exit(run.stderr)
        except subprocess.TimeoutExpired:
            killed = True
    times = [tuple(map(float, line.split())) for line in log.read_text().splitlines()]
    if not times:
        print(f"{who}: no head within {limit + PATIENCE:.0f} s; give more --minutes", flush=True)
        return Found(stopped=(limit, limit))
    judged = {}

    def at(iteration):
        if iteration not in judged:
            head = np.load(heads / f"{iteration}.npy")
            judged[iteration] = gradient(directory, head[:, :-1], head[:, -1])
        return judged[iteration]

    found, low, last = {}, 0, len(times) - 1
    for tolerance in TOLERANCES:
        # Gradients fall but for small rises, so that the first within is found by halving.
        high = last
        if at(last) > tolerance:
            continue
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if at(middle) <= tolerance else (middle + 1, high)
        found[tolerance] = *times[low], at(low)
    found[0.0] = *times[last], at(last)
    shutil.rmtree(heads)
    stopped = times[last] if killed or times[last][1] > limit else None
    return Found(found, stopped)


def compare(name, sizes, rounds, python, program, limits):
    """Lines of the table of a problem; `limits` are the seconds of each peer."""
    directory = ENVIRONMENT / "data" / name
    draw(directory, *sizes)
    runs = {who: [] for who in ["equipoise", *limits]}
    for _ in range(rounds):
        own = Found()
        for tolerance, who in itertools.zip_longest([*TOLERANCES, 0.0], limits):
            if tolerance is not None:
                own.at[tolerance] = ours(program, directory, tolerance)
            if who is not None:
                runs[who].append(peer(python, directory, who, limits[who]))
                runs[who][-1].say(who)
        own.say("equipoise")
        runs["equipoise"].append(own)
    samples, features, classes = sizes
    columns = " | ".join(f"to {tolerance:g}: processor s | wall s | times ours" for tolerance in TOLERANCES)
    return [
        "",
        f"### {name}: N = {samples:,}, d = {features}, K = {classes}",
        "",
        f"| solver | {columns} | to its end: processor s | wall s | gradient there |",
        "| --- |" + " ---: |" * (3 * len(TOLERANCES) + 3),
        *[row(who, rounds_of, runs["equipoise"]) for who, rounds_of in runs.items()],
    ]


def row(who, rounds_of, own):
    """A line of the table; ratios are those of medians of processor seconds."""
    cells = []
    for tolerance in TOLERANCES:
        reached = [run.at[tolerance] for run in rounds_of if tolerance in run.at]
        stopped = [run.stopped for run in rounds_of if tolerance not in run.at and run.stopped]
        if len(reached) + len(stopped) < len(rounds_of):
            cells += ["not reached", "", ""]
            continue
        cpu, wall = (median([times[i] for times in reached + stopped]) for i in (0, 1))
        more, ours_took = "> " if stopped else "", median([run.at[tolerance][0] for run in own])
        cells += [f"{more}{cpu:.3g}", f"{more}{wall:.3g}", f"{more}{cpu / ours_took:.1f}"]
    more = "> " if any(run.stopped for run in rounds_of) else ""
    ends = [run.stopped or run.at[0.0] for run in rounds_of]
    cells += [f"{more}{median([times[i] for times in ends]):.3g}" for i in (0, 1)]
    gradients = [run.at[0.0][2] for run in rounds_of if run.at]
    cells.append(f"{max(gradients):.0e}" if gradients else "")
    return f"| {who} | {' | '.join(cells)} |"


def limits_of(problems, peers, rounds, minutes):
    """Seconds that each peer may take of each problem: in proportion to the root of its samples, so that all end in time."""
    roots = {name: sizes[0] ** 0.5 for name, sizes in problems.items()}
    unit = 60.0 * PEERS_SHARE * minutes / (rounds * len(peers) * sum(roots.values()))
    return {name: dict.fromkeys(peers, round(unit * root)) for name, root in roots.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join(PROBLEMS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=40.0, help="about how long it may take")
    parser.add_argument("--tiny", action="store_true", help="a problem of seconds in place of S10 and S11, within a minute")
    parser.add_argument("--torch", action="store_true", help="PyTorch's L-BFGS too")
    parser.add_argument("--double", action="store_true", help="scikit-learn on features in double precision, too")
    parser.add_argument("--write", action="store_true", help="write the section of BENCHMARKS.md")
    options = parser.parse_args()
    begun, requirements = time.monotonic(), HERE / "requirements.txt"
    python = common.environment(requirements)
    if os.path.realpath(sys.prefix) != os.path.realpath(ENVIRONMENT):
        # Without variables that slow numpy down, here as in the peers.
        os.execve(python, [python, *sys.argv], common.limited_to(os.cpu_count()))
    has_torch = subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0
    if options.torch and not has_torch:
        subprocess.run([python, "-m", "pip", "install", "-q", "torch"], check=True)
    program = common.example("contender")
    problems = TINY if options.tiny else {name: PROBLEMS[name] for name in options.only.split(",")}
    peers = PEERS + (DOUBLE if options.double else []) + ([TORCH] if options.torch else [])
    limits = limits_of(problems, peers, options.rounds, 1.0 if options.tiny else options.minutes)
    stated = ", ".join(f"{max(of_peers.values())} s of {name}" for name, of_peers in limits.items())
    print(f"each of {len(peers)} peers is stopped after {stated}; rounds: {options.rounds}", flush=True)
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
        f"cores, interleaved, medians of {options.rounds} round{'s' if options.rounds > 1 else ''}. A tolerance is a bound on the largest entry of the gradient of the mean loss,",
        "recomputed outside the solvers in double precision; ours includes reading the file and its certificate. Peers were stopped",
        f"after {stated}.",
    ]
    for name, sizes in problems.items():
        lines += compare(name, sizes, options.rounds, python, program, limits[name])
    print("\n".join(lines))
    print(f"took {(time.monotonic() - begun) / 60.0:.0f} min", flush=True)
    if options.write:
        common.rewrite(lines)


if __name__ == "__main__":
    main()
