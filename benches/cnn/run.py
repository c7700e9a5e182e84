"""Our convolutional networks beside PyTorch's: the same losses, then the time and memory of a step.

    python3 benches/cnn/run.py [--rounds 5] [--images DIRECTORY] [--write]
    python3 benches/cnn/run.py --accuracy [--images DIRECTORY] [--write]

Builds the same Python environment as benches/peers/run.py does, under target/peers, and adds PyTorch to it. First, each
loss and network is trained for 50 steps by both, from the same parameters on the same images: the losses must agree.
Then networks are trained on random images in turn, again and again, each time in a process of its own. With --write,
the section on convolutional networks in BENCHMARKS.md is written anew. Images are those of Fashion-MNIST, of which
Debian has a package, dataset-fashion-mnist.
"""

import argparse
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import common

NETWORKS = ["lenet", "vgg"]
LOSSES = ["logistic", "softmax", "inr", "focal", "logit-adjusted"]
# Relative difference of losses above which one of the two computes something else.
APART = 1e-5
STEPS = {"lenet": 60, "vgg": 20}
THREADS = sorted({1, os.cpu_count() or 1})
OURS, PEERS = "equipoise", {
    "torch, contiguous": "contiguous",
    "torch, channels last": "channels_last",
    "torch, channels last, compiled": "compiled",
}
if not shutil.which("c++"):
    del PEERS["torch, channels last, compiled"]
# Where compiled networks are kept from one process to the next.
COMPILED = {"TORCHINDUCTOR_CACHE_DIR": str(common.ENVIRONMENT / "compiled")}


def output_of(command, threads=max(THREADS)):
    """The numbers that a program prints."""
    limits = common.limited_to(threads) | COMPILED
    output = subprocess.run(command, capture_output=True, text=True, env=limits)
    if output.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{output.stderr}")
    return [float(number) for number in output.stdout.split()]


def parity(ours, peer, images):
    """A table of how far losses are apart."""
    directory = common.ENVIRONMENT / "data" / "cnn"
    directory.mkdir(parents=True, exist_ok=True)
    lines = ["| loss | " + " | ".join(NETWORKS) + " |", "| --- |" + " ---: |" * len(NETWORKS)]
    for loss in LOSSES:
        found = []
        for network in NETWORKS:
            output_of([ours, "losses", str(directory), network, loss, images])
            (apart,) = output_of([*peer, "losses", str(directory)])
            print(f"{network} {loss}: losses {apart:.1e} apart", flush=True)
            if not apart < APART:
                sys.exit(f"more than {APART:g}: one of the two computes something else")
            found.append(f"{apart:.0e}")
        lines.append(f"| {loss} | " + " | ".join(found) + " |")
    return lines


def measure(network, rounds, ours, peer):
    """A table of one network: every program on every number of threads in turn, and all of them again in the next
    round."""
    steps = str(STEPS[network])
    commands = {OURS: [ours, "speed", network, steps]}
    commands |= {who: [*peer, "speed", network, steps, setting] for who, setting in PEERS.items()}
    runs = {(threads, who): [] for threads in THREADS for who in commands}
    for _ in range(rounds):
        for threads, who in runs:
            processor, wall, images, first, most = output_of(commands[who], threads)
            runs[threads, who].append((1e3 * processor / images, 1e3 * wall / images, first / 1024, most / 1024))
            print(f"{network} {who}, {threads} threads: {runs[threads, who][-1]}", flush=True)
    middle = {key: [statistics.median(column) for column in zip(*of_key)] for key, of_key in runs.items()}
    lines = [
        "| threads | program | processor ms per image | wall ms per image | memory before, MiB | most memory, MiB "
        "| times our processor s | times our wall s |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (threads, who), (processor, wall, first, most) in middle.items():
        ratios = [a / b for a, b in zip((processor, wall), middle[threads, OURS])]
        lines.append(
            f"| {threads} | {who} | {processor:.3g} | {wall:.3g} | {first:.0f} | {most:.0f} "
            f"| {ratios[0]:.2f} | {ratios[1]:.2f} |"
        )
    return lines


# Trainings on all of Fashion-MNIST, each with its own parameters and order.
EPOCHS, SEEDS = 5, [1, 2, 3]


def accuracies(peer, images):
    """Lines on the test accuracy after training alike, ours and PyTorch's."""
    ours = common.binary()
    train = [ours, "train", "--data", images, "--network", "lenet", "--epochs", str(EPOCHS), "--format", "json"]
    accuracies = {OURS: [], "torch": []}
    for seed in SEEDS:
        record = subprocess.run([*train, "--seed", str(seed)], check=True, capture_output=True, text=True).stdout
        accuracies[OURS].append(json.loads(record)["test"]["accuracy"])
        accuracies["torch"] += output_of([*peer, "accuracy", images, str(EPOCHS), str(seed)])
        print({who: numbers[-1] for who, numbers in accuracies.items()}, flush=True)
    lines = ["", common.ACCURACY, "", "Written by `python3 benches/cnn/run.py --accuracy --write`; do not edit.", ""]
    lines += [f"lenet on all 60,000 images of Fashion-MNIST, {EPOCHS} epochs, {datetime.date.today()}."]
    lines += ["The same recipe (steps of 64, momentum, a rate from 0.05 to zero along a cosine, decay 1e-4), each from its own"]
    lines += [f"initial parameters and order; accuracy on the 10,000 test images, seeds {SEEDS}:", ""]
    lines += ["| program | seeds | mean | standard deviation |", "| --- | --- | ---: | ---: |"]
    for who, numbers in accuracies.items():
        each = ", ".join(f"{100 * number:.2f}" for number in numbers)
        mean, deviation = 100 * statistics.mean(numbers), 100 * statistics.stdev(numbers)
        lines.append(f"| {who} | {each} | {mean:.2f} | {deviation:.2f} |")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", default="/usr/share/datasets/fashion-mnist", help="directory of Fashion-MNIST")
    parser.add_argument("--accuracy", action="store_true", help="train on whole Fashion-MNIST instead (20 minutes)")
    parser.add_argument("--write", action="store_true", help="write the section of BENCHMARKS.md")
    options = parser.parse_args()
    requirements = HERE / "requirements.txt"
    peer = [common.environment(requirements), str(HERE / "torch_peer.py")]
    if options.accuracy:
        section = accuracies(peer, options.images)
        print("\n".join(section), flush=True)
        if options.write:
            common.rewrite(section)
        return
    ours = common.example("cnn_contender")
    apart = parity(ours, peer, options.images)
    section = [
        "",
        common.CONVOLUTIONAL,
        "",
        "Written by `python3 benches/cnn/run.py --write`; do not edit.",
        "",
        f"{datetime.date.today()}; {common.machine()}; {common.compiler()}; {common.versions(requirements)}.",
        "",
        "Losses of 50 steps of stochastic gradient descent (momentum, decay but of the head's bias, a rate that goes down",
        "along a cosine) on images of Fashion-MNIST whose classes differ in size by a factor of 40, ours and PyTorch's from",
        "the same parameters on the same batches, both in single precision; the largest relative difference:",
        "",
        *apart,
        "",
        f"Training on random images, 128 in a step, softmax loss, momentum, decay; rounds, interleaved: {options.rounds}. "
        "Figures are",
        "medians, ratios those of medians. Ours turns bytes into scaled numbers in every step; PyTorch is given numbers.",
        "Memory before the first step holds images, parameters, and the program itself with its libraries (of PyTorch as the",
        "Python Package Index has it, built for graphics processors too).",
    ]
    for network, images in (("lenet", "28 x 28 x 1"), ("vgg", "32 x 32 x 3")):
        rows = measure(network, options.rounds, ours, peer)
        print("\n".join(rows), flush=True)
        section += ["", f"### {network}, {images}, {STEPS[network]} steps", "", *rows]
    if options.write:
        common.rewrite(section)


main()
