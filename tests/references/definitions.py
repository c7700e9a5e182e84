"""Losses from their definitions, in numbers that carry their derivatives (see `derivatives`).

z_i are the logits of sample i and y its class, N_c the class counts, N their sum, K the number of classes, w_c the
class weights, M = sum_i w_{y_i}, s softplus, sigma the sigmoid, p = softmax(z) and CE(z, y) = -log p_y.
"""

import argparse

import mpmath
from derivatives import cross_entropy, exp, logits_of, shortfall, sigmoid, softmax, softplus

# Losses that give every class a probability of its own, sigma(z_k); the others speak of softmax(z).
ONE_AGAINST_OTHERS = {"logistic", "inr", "sigmoid-focal", "pos-weight", "equalization", "soft-selection"}


def number(text):
    """The nearest double, which is what a program that reads the argument computes with."""
    return mpmath.mpf(float(text))


def options_of(arguments):
    """Reads arguments of `equipoise audit`."""
    parser = argparse.ArgumentParser()
    for name in ["beta", "gamma", "alpha", "smoothing", "strength", "margin", "scale", "rare", "mitigation"]:
        parser.add_argument(f"--{name}", type=number)
    parser.add_argument("--loss")
    parser.add_argument("--compensation", type=number)
    parser.add_argument("--floor", type=number, default=number("0.01"))
    parser.add_argument("--positive-weights", type=lambda text: [number(entry) for entry in text.split(",")])
    parser.add_argument("--detached", action="store_true")
    parser.add_argument("--focal-of", default="loss")
    parser.add_argument("--smoothing-weights", default="term")
    parser.add_argument("--class-weights", default="none")
    parser.add_argument("--reduction", default="weighted-mean")
    return parser.parse_args(arguments)


class Data:
    """Logits and labels with what the options make of them; samples labelled -1 are left out."""

    def __init__(self, logits, labels, options):
        kept = [(row, y) for row, y in zip(logits, labels) if y != -1]
        self.options = options
        self.samples = [(logits_of(row), y) for row, y in kept]
        self.classes = len(logits[0])
        self.counts = [sum(y == c for _, y in kept) for c in range(self.classes)]
        self.weights = self.class_weights(options.class_weights)

    def class_weights(self, rule):
        if rule == "none":
            return [mpmath.mpf(1)] * self.classes
        if rule == "balanced":
            return [mpmath.mpf(len(self.samples)) / (self.classes * count) for count in self.counts]
        if rule.startswith("effective:"):
            overlap = number(rule.removeprefix("effective:"))
            return [(1 - overlap) / (1 - overlap**count) for count in self.counts]
        return [number(entry) for entry in rule.split(",")]

    def shares(self):
        return [mpmath.mpf(count) / len(self.samples) for count in self.counts]

    def mean_of(self, per_sample):
        """Means over the samples of every class of a vector of K numbers; per_sample takes logits and class."""
        rows = []
        for c in range(self.classes):
            values = [per_sample(z, y) for z, y in self.samples if y == c]
            rows.append([sum(column) / len(values) for column in zip(*values)])
        return rows


def one_against_others(z, y, own, other):
    """sum_k of own(k) for k = y and other(k) for the other classes."""
    return sum(own(k) if k == y else other(k) for k in range(len(z)))


def logistic(z, y, data):
    """s(-z_y) + sum_{k != y} s(z_k)."""
    return one_against_others(z, y, lambda k: softplus(-z[k]), lambda k: softplus(z[k]))


def pos_weight(z, y, data):
    """v_y s(-z_y) + sum_{k != y} s(z_k)."""
    positive = data.options.positive_weights
    return one_against_others(z, y, lambda k: positive[k] * softplus(-z[k]), lambda k: softplus(z[k]))


def sigmoid_focal(z, y, data):
    """A (1 - sigma(z_y))^G s(-z_y) + (1 - A) sum_{k != y} sigma(z_k)^G s(z_k)."""
    alpha, gamma = data.options.alpha, data.options.gamma
    own = lambda k: alpha * sigmoid(-z[k]) ** gamma * softplus(-z[k])
    return one_against_others(z, y, own, lambda k: (1 - alpha) * sigmoid(z[k]) ** gamma * softplus(z[k]))


def equalization(z, y, data):
    """s(-z_y) + sum_{k != y} [N_k / N >= F] s(z_k)."""
    frequent = [fraction >= data.options.rare for fraction in data.shares()]
    return one_against_others(z, y, lambda k: softplus(-z[k]), lambda k: int(frequent[k]) * softplus(z[k]))


def soft_selection(z, y, data):
    """s(-z_y) + A / (K - 1) sum_{k != y} sigma(z_k)^G s(z_k)."""
    weight, gamma = data.options.alpha / (data.classes - 1), data.options.gamma
    other = lambda k: weight * sigmoid(z[k]) ** gamma * softplus(z[k])
    return one_against_others(z, y, lambda k: softplus(-z[k]), other)


def focal(z, y, data):
    """w_y (1 - p_y)^G u with u = -log p_y; of the weighted loss, (1 - exp(-u))^G u with u = w_y (-log p_y)."""
    weight, gamma, u = data.weights[y], data.options.gamma, cross_entropy(z, y)
    if data.options.focal_of == "weighted-loss":
        return shortfall(weight * u) ** gamma * (weight * u)
    return weight * (shortfall(u) ** gamma * u)


def label_smoothing(z, y, data):
    """(1 - E) w_y (-log p_y) + E / K sum_k w_k (-log p_k); w_y in place of w_k if samples are weighted."""
    by_sample = data.options.smoothing_weights == "sample"
    weights = [data.weights[y]] * data.classes if by_sample else data.weights
    smoothing = data.options.smoothing
    even = sum(weights[k] * cross_entropy(z, k) for k in range(data.classes))
    return (1 - smoothing) * weights[y] * cross_entropy(z, y) + smoothing / data.classes * even


def with_prior(z, strength, data):
    """z_k + T log(N_k / N)."""
    return [value + strength * mpmath.log(fraction) for value, fraction in zip(z, data.shares())]


def with_margin(z, y, data):
    """S (z_k - Delta_y [k = y]), Delta_c = C (N_min / N_c)^(1/4)."""
    margin = data.options.margin * (mpmath.mpf(min(data.counts)) / data.counts[y]) ** (mpmath.mpf(1) / 4)
    return [data.options.scale * (value - margin * (k == y)) for k, value in enumerate(z)]


def with_scaled_vector(z, y, data):
    """D_k z_k + T log(N_k / N), D_k = (N_k / N_max)^G."""
    factors = [(mpmath.mpf(count) / max(data.counts)) ** data.options.gamma for count in data.counts]
    return with_prior([factor * value for factor, value in zip(factors, z)], data.options.strength, data)


def with_seesaw(z, y, data):
    """z_j + log S_j, S_j = min(1, (N_j / N_y)^P) max(1, sigma_j / max(sigma_y, EPS))^Q for j != y, S_y = 1.

    sigma = softmax(z); S is constant in the gradient.
    """
    options, probability = data.options, [p.value for p in softmax(z)]
    own = max(probability[y], options.floor)

    def logarithm(j):
        mitigation = min(mpmath.mpf(1), (mpmath.mpf(data.counts[j]) / data.counts[y]) ** options.mitigation)
        return mpmath.log(mitigation * max(mpmath.mpf(1), probability[j] / own) ** options.compensation)

    return [value if j == y else value + logarithm(j) for j, value in enumerate(z)]


SHIFTED = {
    "logit-adjusted": lambda z, y, data: with_prior(z, data.options.strength, data),
    "balanced-softmax": lambda z, y, data: with_prior(z, 1, data),
    "ldam": with_margin,
    "vector-scaling": with_scaled_vector,
    "seesaw": with_seesaw,
}

WEIGHTED_BY_SAMPLE = {
    "softmax": lambda z, y, data: cross_entropy(z, y),
    "logistic": logistic,
    "pos-weight": pos_weight,
    "sigmoid-focal": sigmoid_focal,
    "equalization": equalization,
    "soft-selection": soft_selection,
}


def sample_loss(z, y, data):
    """The loss of one sample with its weights."""
    name = data.options.loss
    if name in SHIFTED:
        return data.weights[y] * cross_entropy(SHIFTED[name](z, y, data), y)
    if name in WEIGHTED_BY_SAMPLE:
        return data.weights[y] * WEIGHTED_BY_SAMPLE[name](z, y, data)
    return {"focal": focal, "label-smoothing": label_smoothing}[name](z, y, data)


def inr(data):
    """sum_k { mean_{i in k} s(-z_i^k) + sum_{c != k} omega_c^k mean_{i in c} s(z_i^k) }.

    omega_c^k = exp(B P[c][k]) / sum_{j != k} exp(B P[j][k]), P[c][k] the mean over class c of sigma(z^k).
    """
    own = data.mean_of(lambda z, y: [softplus(-value) for value in z])
    pushed = data.mean_of(lambda z, y: [softplus(value) for value in z])
    probability = data.mean_of(lambda z, y: [sigmoid(value) for value in z])
    if data.options.detached:
        probability = [[value.constant() for value in row] for row in probability]
    total = 0
    for k in range(data.classes):
        others = [c for c in range(data.classes) if c != k]
        exponentials = {c: exp(data.options.beta * probability[c][k]) for c in others}
        total += own[k][k] + sum(exponentials[c] * pushed[c][k] for c in others) / sum(exponentials.values())
    return total


def reduced_loss(data):
    """The loss as a number, with its derivatives by the intercepts."""
    if data.options.loss == "inr":
        return inr(data)
    samples = len(data.samples)
    divisors = {
        "weighted-mean": sum(data.weights[y] for _, y in data.samples),
        "mean": samples,
        "element-mean": samples * data.classes,
        "sum": 1,
    }
    return sum(sample_loss(z, y, data) for z, y in data.samples) / divisors[data.options.reduction]


def mean_probability(data):
    """Row c: the mean over samples of class c of sigma(z_k), or softmax(z)_k, of the plain logits."""
    if data.options.loss in ONE_AGAINST_OTHERS:
        return data.mean_of(lambda z, y: [sigmoid(value) for value in z])
    return data.mean_of(lambda z, y: softmax(z))


def shifted_mean_probability(data):
    """The same of the logits that the loss speaks of; none if these are the plain ones."""
    if data.options.loss not in SHIFTED:
        return None
    return data.mean_of(lambda z, y: softmax(SHIFTED[data.options.loss](z, y, data)))
