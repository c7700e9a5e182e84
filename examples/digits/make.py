"""Writes digits.csv and scores.csv beside this file, from the images that the program embeds.

    python3 examples/digits/make.py

`digits.csv` has 150 threes, 150 eights and 15 nines, each image as the ink of its four quarters. `scores.csv` has the logits of a
softmax classifier on them: nines have ten times the weight, and gradient descent was stopped early.
"""

from math import exp, sqrt
from pathlib import Path

HERE = Path(__file__).parent
COUNTS = {"3": 150, "8": 150, "9": 15}
CLASS_WEIGHTS = [1.0, 1.0, 10.0]
# Penalty L2 / 2 times the squared coefficients; the intercepts have none.
L2, STEPS, RATE = 1e-3, 200, 0.5


def images():
    """Digits and quarters of the first images of each digit: a digit and 64 letters a line, from a (no ink) to q."""
    chosen = {digit: [] for digit in COUNTS}
    for line in (HERE / "../../crates/core/assets/digits.txt").read_text().splitlines():
        digit, pixels = line.split()
        if len(chosen.get(digit, ())) < COUNTS.get(digit, 0):
            chosen[digit].append(quarters([ord(letter) - ord("a") for letter in pixels]))
    return [(digit, ink) for digit, group in chosen.items() for ink in group]


def quarters(pixels):
    """Ink of the four quarters of an image of 8 x 8 pixels."""
    square = [8 * row + column for row in range(4) for column in range(4)]
    return [sum(pixels[corner + at] for at in square) for corner in (0, 4, 32, 36)]


def standardized(rows):
    """Every column with mean 0 and standard deviation 1."""
    columns = []
    for column in zip(*rows):
        mean = sum(column) / len(column)
        deviation = sqrt(sum((value - mean) ** 2 for value in column) / len(column))
        columns.append([(value - mean) / deviation for value in column])
    return list(zip(*columns))


def trained(features, labels):
    """Logits after a few steps of gradient descent on the weighted mean loss."""
    classes, width = range(len(COUNTS)), range(len(features[0]))
    total = sum(CLASS_WEIGHTS[label] for label in labels)
    coefficients, intercepts = [[0.0] * len(width) for _ in classes], [0.0] * len(classes)

    def logits(row):
        return [sum(map(float.__mul__, coefficients[k], row)) + intercepts[k] for k in classes]

    for _ in range(STEPS):
        slopes = [[L2 * value for value in row] for row in coefficients]
        drift = [0.0] * len(classes)
        for row, label in zip(features, labels):
            powers = [exp(score) for score in logits(row)]
            for k in classes:
                residual = CLASS_WEIGHTS[label] / total * (powers[k] / sum(powers) - (k == label))
                drift[k] += residual
                for j in width:
                    slopes[k][j] += residual * row[j]
        for k in classes:
            intercepts[k] -= RATE * drift[k]
            for j in width:
                coefficients[k][j] -= RATE * slopes[k][j]
    return [logits(row) for row in features]


def main():
    digits, ink = zip(*images())
    names = list(COUNTS)
    headings = ["top_left", "top_right", "bottom_left", "bottom_right"]
    scores = trained(standardized(ink), [names.index(digit) for digit in digits])
    for file, heading, rows, form in [("digits.csv", headings, ink, "{}"), ("scores.csv", names, scores, "{:.4f}")]:
        lines = [",".join([*map(form.format, row), digit]) for row, digit in zip(rows, digits)]
        (HERE / file).write_text("\n".join([",".join([*heading, "digit"]), *lines]) + "\n")


if __name__ == "__main__":
    main()
