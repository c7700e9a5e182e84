"""Fits scikit-learn's logistic regression on thinned digits and has the fit audited.

    python examples/scikit_learn.py DIRECTORY [--binary PATH]

Needs numpy and scikit-learn. Writes DIRECTORY/scikit_learn.npz.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight

# Penalty of the fit, and how many images of each digit are kept: from all of the zeros to eight of the nines.
C, KEPT = 0.1, [170, 120, 90, 60, 45, 32, 24, 16, 12, 8]


def thinned_digits():
    images, labels = load_digits(return_X_y=True)
    rows = np.concatenate([np.flatnonzero(labels == digit)[:count] for digit, count in enumerate(KEPT)])
    return images[rows] / 16, labels[rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--binary", default="equipoise")
    arguments = parser.parse_args()

    features, labels = thinned_digits()
    model = LogisticRegression(C=C, class_weight="balanced", solver="newton-cg", tol=1e-10, max_iter=200)
    model.fit(features, labels)
    # Columns of the logits follow model.classes_, which here are 0 to 9, so that labels are column numbers.
    arrays = {"logits": model.decision_function(features), "labels": labels}
    arrays |= {"features": features, "weight": model.coef_, "bias": model.intercept_}
    arguments.directory.mkdir(parents=True, exist_ok=True)
    file = arguments.directory / "scikit_learn.npz"
    np.savez(file, **arrays)

    # scikit-learn minimises  C sum_i s_i loss_i + |W|^2 / 2,  the intercepts free, with sample weights s_i;
    # equipoise speaks of     (1/M) sum_i s_i loss_i + l2 |W|^2 / 2  with M = sum_i s_i.
    # Divided by C M, the first is the second with l2 = 1 / (C M).
    l2 = 1 / (C * compute_sample_weight("balanced", labels).sum())
    command = [arguments.binary, "audit", str(file), "--loss", "softmax", "--class-weights", "balanced"]
    sys.exit(subprocess.run([*command, "--l2", repr(float(l2))]).returncode)


if __name__ == "__main__":
    main()
