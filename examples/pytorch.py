"""Trains a small network in PyTorch with one class weighted tenfold and has its last layer audited.

    python examples/pytorch.py DIRECTORY [--binary PATH]

Needs numpy and torch. Writes DIRECTORY/pytorch.npz.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

# Overlapping clouds of so many points, and what a point of each counts: the third class ten times as much as others.
SIZES, CLASS_WEIGHTS = [300, 120, 40, 15], [1.0, 1.0, 10.0, 1.0]
# Penalty decay / 2 times the square of every weight; the biases have none.
DECAY = 3e-3


def clouds():
    """Normal points around centres on a circle."""
    generator = torch.Generator().manual_seed(7)
    labels = torch.repeat_interleave(torch.arange(len(SIZES)), torch.tensor(SIZES))
    angles = 2 * torch.pi * torch.arange(len(SIZES)) / len(SIZES)
    centres = 1.5 * torch.stack([angles.cos(), angles.sin()], dim=1)
    return centres[labels] + torch.randn((len(labels), 2), generator=generator), labels


def train(body, head, points, labels):
    """Full batches until the objective hardly has a gradient; returns the largest derivative that is left."""
    parameters = [*body.parameters(), *head.parameters()]
    cross_entropy = nn.CrossEntropyLoss(weight=torch.tensor(CLASS_WEIGHTS))
    settings = {"max_iter": 2_000, "max_eval": 4_000, "history_size": 50, "line_search_fn": "strong_wolfe"}
    optimizer = torch.optim.LBFGS(parameters, tolerance_grad=1e-8, tolerance_change=0, **settings)

    def objective():
        optimizer.zero_grad()
        squares = sum(parameter.square().sum() for parameter in parameters if parameter.ndim > 1)
        value = cross_entropy(head(body(points)), labels) + DECAY / 2 * squares
        value.backward()
        return value

    optimizer.step(objective)
    objective()
    return max(parameter.grad.abs().max().item() for parameter in parameters)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--binary", default="equipoise")
    arguments = parser.parse_args()

    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    points, labels = clouds()
    body, head = nn.Sequential(nn.Linear(2, 8), nn.Tanh()), nn.Linear(8, len(SIZES))
    print(f"trained until no derivative exceeds {train(body, head, points, labels):.1e}")
    with torch.no_grad():
        features = body(points)
        arrays = {"logits": head(features), "labels": labels, "features": features}
        arrays |= {"weight": head.weight, "bias": head.bias}
    arguments.directory.mkdir(parents=True, exist_ok=True)
    file = arguments.directory / "pytorch.npz"
    np.savez(file, **{name: array.detach().numpy() for name, array in arrays.items()})

    # The mean of nn.CrossEntropyLoss with weights is the weighted mean, which is the command's default.
    command = [arguments.binary, "audit", str(file), "--loss", "softmax", "--l2", str(DECAY)]
    sys.exit(subprocess.run([*command, "--class-weights", ",".join(map(str, CLASS_WEIGHTS))]).returncode)


if __name__ == "__main__":
    main()
