"""Holds the cases of `losses.json` against losses written anew in PyTorch, and against differences of the loss."""

import mpmath
import torch
import torch.nn.functional as F
from definitions import Data, options_of, reduced_loss

# Sets whose logits are moderate, and how far double precision may be from what was computed to many digits.
MODERATE, TOLERANCE = {0, 1, 3}, 1e-12


def inr(z, labels, options):
    classes = range(z.shape[1])
    probability = torch.stack([torch.sigmoid(z[labels == c]).mean(0) for c in classes])
    if options.detached:
        probability = probability.detach()
    pushed = torch.stack([-F.logsigmoid(-z[labels == c]).mean(0) for c in classes])
    own = sum(-F.logsigmoid(z[labels == k, k]).mean() for k in classes)
    other = ~torch.eye(len(classes), dtype=torch.bool)
    omega = (float(options.beta) * probability).masked_fill(~other, -torch.inf).softmax(0)
    return own + (omega * pushed).sum()


def seesaw(z, labels, counts, options):
    """log(1 + sum_{j != y} S_j exp(z_j - z_y)), the factors S without gradient and as logarithms."""
    own = labels[:, None]
    with torch.no_grad():
        logarithm = z.log_softmax(1)
        least = torch.tensor(float(options.floor), dtype=z.dtype).log()
        over = logarithm - torch.maximum(logarithm.gather(1, own), least)
        factor = float(options.mitigation) * torch.clamp((counts / counts[labels][:, None]).log(), max=0)
        factor += float(options.compensation) * torch.clamp(over, min=0)
        factor.scatter_(1, own, -torch.inf)
    return -F.logsigmoid(-(factor + z - z.gather(1, own)).logsumexp(1))


def per_sample(z, labels, counts, weights, options):
    """Losses of the samples with their weights."""
    name, value = options.loss, {k: float(v) for k, v in vars(options).items() if isinstance(v, mpmath.mpf)}
    target = F.one_hot(labels, z.shape[1]).to(z.dtype)
    own_weight, prior = weights[labels], (counts / counts.sum()).log()
    binary = lambda **more: F.binary_cross_entropy_with_logits(z, target, reduction="none", **more)
    entropy = lambda logits: F.cross_entropy(logits, labels, weight=weights, reduction="none")
    if name in ["softmax", "logit-adjusted", "balanced-softmax"]:
        strength = {"softmax": 0, "balanced-softmax": 1}.get(name, value.get("strength"))
        return entropy(z + strength * prior)
    if name == "logistic":
        return own_weight * binary().sum(1)
    if name == "pos-weight":
        return own_weight * binary(pos_weight=torch.tensor([float(v) for v in options.positive_weights])).sum(1)
    if name == "equalization":
        kept = torch.maximum(target, (counts / counts.sum() >= value["rare"]).to(z.dtype))
        return own_weight * binary(weight=kept).sum(1)
    if name == "soft-selection":
        factor = value["alpha"] / (z.shape[1] - 1) * torch.sigmoid(z) ** value["gamma"]
        return own_weight * ((target + (1 - target) * factor) * binary()).sum(1)
    if name == "sigmoid-focal":
        p = torch.sigmoid(z)
        failure = target * torch.sigmoid(-z) + (1 - target) * p
        weight = target * value["alpha"] + (1 - target) * (1 - value["alpha"])
        return own_weight * (weight * failure ** value["gamma"] * binary()).sum(1)
    if name == "focal":
        weighted = options.focal_of == "weighted-loss"
        u = entropy(z) if weighted else F.cross_entropy(z, labels, reduction="none")
        return (1 if weighted else own_weight) * (-torch.expm1(-u)) ** value["gamma"] * u
    if name == "label-smoothing" and options.smoothing_weights == "term":
        return F.cross_entropy(z, labels, weight=weights, label_smoothing=value["smoothing"], reduction="none")
    if name == "label-smoothing":
        soft = (1 - value["smoothing"]) * target + value["smoothing"] / z.shape[1]
        return own_weight * F.cross_entropy(z, soft, reduction="none")
    if name == "ldam":
        margins = value["margin"] * (counts.min() / counts) ** 0.25
        return entropy(value["scale"] * (z - target * margins))
    if name == "vector-scaling":
        return entropy((counts / counts.max()) ** value["gamma"] * z + value["strength"] * prior)
    assert name == "seesaw"
    return own_weight * seesaw(z, labels, counts, options)


def in_torch(one, options, weights):
    """The loss and its derivatives by the intercepts, in double precision."""
    labels = torch.tensor(one["labels"])
    z, labels = torch.tensor(one["logits"], dtype=torch.float64)[labels >= 0], labels[labels >= 0]
    classes = z.shape[1]
    intercepts = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    z, counts = z + intercepts, torch.bincount(labels, minlength=classes).to(torch.float64)
    if options.loss == "inr":
        loss = inr(z, labels, options)
    else:
        losses = per_sample(z, labels, counts, weights, options)
        divisors = {"weighted-mean": weights[labels].sum(), "mean": len(z), "element-mean": z.numel(), "sum": 1}
        loss = losses.sum() / divisors[options.reduction]
    loss.backward()
    return [loss.item(), *intercepts.grad.tolist()]


def by_differences(one, options):
    """Derivatives by the intercepts as limits of differences of the loss."""

    def moved(k, step):
        logits = [[value + step * (j == k) for j, value in enumerate(row)] for row in one["logits"]]
        return reduced_loss(Data(logits, one["labels"], options)).value

    return [mpmath.diff(lambda step: moved(k, step), 0) for k in range(len(one["logits"][0]))]


def difference(ours, theirs):
    """The largest, over the largest of the values if that is more than one."""
    scale = max([abs(value) for value in ours] + [1])
    return float(max(abs(a - b) for a, b in zip(ours, theirs)) / scale)


def check(sets, cases):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    worst = {"moderate logits, PyTorch": {}, "extreme logits, PyTorch": {}, "all logits, differences": {}}

    def note(kind, name, value):
        worst[kind][name] = max(value, worst[kind].get(name, 0.0))

    for case in cases:
        one, options = sets[case["set"]], options_of(case["arguments"])
        weights = Data(one["logits"], one["labels"], options).weights
        ours = [mpmath.mpf(text) for text in [case["loss"], *case["bias_gradient"]]]
        theirs = in_torch(one, options, torch.tensor([float(weight) for weight in weights]))
        kind = "moderate" if case["set"] in MODERATE else "extreme"
        note(f"{kind} logits, PyTorch", options.loss, difference(ours, theirs))
        # What is held constant in the gradient cannot be seen in differences.
        if options.loss != "seesaw" and not options.detached:
            note("all logits, differences", options.loss, difference(ours[1:], by_differences(one, options)))
    for kind, losses in worst.items():
        print(kind)
        print("\n".join(f"  {name:18} {value:.1e}" for name, value in losses.items()))
    assert max(worst["moderate logits, PyTorch"].values()) < TOLERANCE
    assert max(worst["all logits, differences"].values()) < 1e-20
