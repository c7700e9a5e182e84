"""What PyTorch's own losses give, and the arguments of `equipoise audit` that must give the same: `pytorch.json`.

Run on demand; needs torch. Every case has the call, the arguments, the loss in double precision and its gradient by
the logits summed over the samples, which is the derivative by an intercept added to every logit.

    cross_entropy, mean, weight w       sum_i w_{y_i} CE(z_i, y_i) / sum_i w_{y_i}: the weighted mean
    binary_cross_entropy, mean          the mean over all N K elements: the element mean

The `weight` of binary_cross_entropy_with_logits multiplies elements. Of shape (N, 1), with w_{y_i} in row i, it is a
class weight of samples. Of shape (K) it multiplies columns, the terms of class k in all samples, whichever their class;
no option of the command says that, and it is left out here.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

OUTPUT = Path(__file__).with_name("pytorch.json")
# Of every set: samples of each class, samples left out, class weights, weights of the positive terms.
SETS = [
    ((6, 3, 4), 0, [0.7, 2.5, 1.2], [2.2, 0.6, 5.0]),
    ((8, 2, 5, 3, 4), 3, [0.3, 1.7, 1.0, 2.9, 0.55], [1.5, 0.4, 3.0, 7.0, 1.1]),
]


def listed(values):
    return ",".join(map(str, values))


def data_set(counts, ignored, generator):
    """Logits that are multiples of 1/64, and labels with -1 among them."""
    labels = torch.cat([torch.full((count,), c) for c, count in enumerate(counts)] + [torch.full((ignored,), -1)])
    labels = labels[torch.randperm(len(labels), generator=generator)]
    logits = 2 * torch.randn((len(labels), len(counts)), generator=generator, dtype=torch.float64)
    return (logits * 64).round() / 64, labels


def case(number, call, arguments, logits, loss_of):
    logits = logits.clone().requires_grad_()
    loss = loss_of(logits)
    loss.backward()
    gradient = logits.grad.sum(0).tolist()
    return {"set": number, "call": call, "arguments": arguments, "loss": loss.item(), "bias_gradient": gradient}


def cross_entropy_cases(number, logits, labels, weights):
    for reduction, name in [("mean", "weighted-mean"), ("sum", "sum")]:
        for smoothing in [0.0, 0.1, 0.3]:
            for weighted in [False, True]:
                arguments = ["--loss", "softmax"] if smoothing == 0 else ["--loss", "label-smoothing"]
                arguments += ["--smoothing", str(smoothing)] if smoothing > 0 else []
                arguments += ["--class-weights", listed(weights)] if weighted else []
                options = {"ignore_index": -1, "label_smoothing": smoothing, "reduction": reduction}
                call = f"cross_entropy {options}" + f", weight={weights}" * weighted
                options |= {"weight": torch.tensor(weights, dtype=torch.float64) if weighted else None}
                loss_of = lambda z: F.cross_entropy(z, labels, **options)
                yield case(number, call, arguments + ["--reduction", name], logits, loss_of)


def binary_cases(number, logits, labels, weights, positive):
    target = F.one_hot(labels, logits.shape[1]).to(torch.float64)
    for reduction, name in [("mean", "element-mean"), ("sum", "sum")]:
        for weighted in [False, True]:
            for given in [None, positive]:
                loss = ["pos-weight", "--positive-weights", listed(given)] if given else ["logistic"]
                arguments = ["--loss", *loss]
                arguments += ["--class-weights", listed(weights)] if weighted else []
                options = {"reduction": reduction}
                call = f"binary_cross_entropy_with_logits {options}" + f", pos_weight={given}" * bool(given)
                call += f", weight={weights} of each row's class" * weighted
                options["weight"] = torch.tensor(weights, dtype=torch.float64)[labels][:, None] if weighted else None
                options["pos_weight"] = torch.tensor(given, dtype=torch.float64) if given else None
                loss_of = lambda z: F.binary_cross_entropy_with_logits(z, target, **options)
                yield case(number, call, arguments + ["--reduction", name], logits, loss_of)


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(31)
    sets, cases = [], []
    for counts, ignored, weights, positive in SETS:
        logits, labels = data_set(counts, ignored, generator)
        sets.append({"logits": logits.tolist(), "labels": labels.tolist()})
        cases += cross_entropy_cases(len(sets) - 1, logits, labels, weights)
        # The binary loss ignores no label: the samples that are left out are left out before.
        kept = labels >= 0
        cases += binary_cases(len(sets) - 1, logits[kept], labels[kept], weights, positive)
    lines = lambda values: ",\n".join(json.dumps(value) for value in values)
    text = f'{{"torch": "{torch.__version__}",\n"sets": [\n{lines(sets)}\n],\n"cases": [\n{lines(cases)}\n]}}\n'
    OUTPUT.write_text(text)
    print(f"{len(cases)} cases of {len(sets)} sets, torch {torch.__version__}")


if __name__ == "__main__":
    main()
