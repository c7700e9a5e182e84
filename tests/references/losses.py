"""Reference values of every loss that `equipoise audit` knows, to many digits: writes `losses.json` beside itself.

    losses.py            computes and writes
    losses.py --check    also compares with PyTorch and with differences of the loss; prints the worst disagreements

A case has the number of its set of logits and labels, the arguments of the command, the loss, its derivatives by an
intercept added to every logit, and mean probabilities of the plain logits (and of the shifted ones). Needs mpmath and
numpy, and with `--check` torch.
"""

import json
import sys
from pathlib import Path

import mpmath
import numpy as np
from definitions import Data, mean_probability, options_of, reduced_loss, shifted_mean_probability

OUTPUT = Path(__file__).with_name("losses.json")
# Digits written of the loss and of all else.
DIGITS_OF_LOSS, DIGITS = 40, 25

LOSSES = [
    "softmax",
    "logistic",
    "focal --gamma 2",
    "focal --gamma 0.5",
    "focal --gamma 2 --focal-of weighted-loss",
    "focal --gamma 1.25 --focal-of weighted-loss",
    "sigmoid-focal --gamma 2 --alpha 0.25",
    "sigmoid-focal --gamma 1.5 --alpha 0.6",
    "label-smoothing --smoothing 0.1",
    "label-smoothing --smoothing 0.35",
    "label-smoothing --smoothing 0.1 --smoothing-weights sample",
    "logit-adjusted --strength 0.7",
    "logit-adjusted --strength 1.5",
    "balanced-softmax",
    "ldam --margin 0.5 --scale 30",
    "ldam --margin 0.8 --scale 1.5",
    "vector-scaling --strength 1.2 --gamma 0.15",
    "vector-scaling --strength 0.4 --gamma 0.6",
    "equalization --rare 0.2",
    "equalization --rare 0.35",
    "seesaw --mitigation 0.8 --compensation 2",
    "seesaw --mitigation 0.8 --compensation 2 --floor 0",
    "seesaw --mitigation 0.5 --compensation 1.3 --floor 0.2",
    "soft-selection --alpha 2 --gamma 1.5",
    "soft-selection --alpha 0.6 --gamma 3",
]
UNWEIGHTED = ["inr --beta 5", "inr --beta 5 --detached", "inr --beta 30", "inr --beta 30 --detached"]
# The reductions other than the weighted mean are computed of these.
OTHERWISE_REDUCED = [
    "softmax",
    "logistic",
    "focal --gamma 2 --focal-of weighted-loss",
    "label-smoothing --smoothing 0.1",
    "balanced-softmax",
    "pos-weight",
    "seesaw --mitigation 0.8 --compensation 2",
]
# For every set, weights of classes and of the positive term.
WEIGHTS = ["1,2.5,0.75", "0.3,1.7,1,2.9,0.55", "1.3,0.7,2.6,0.45", "0.8,2.3"]
POSITIVE_WEIGHTS = [["2.2,0.6,5", "1,3,1"], ["1.5,0.4,3,7,1.1", "1,1,2.3,1,9"], ["0.7,3.1,1.9,6"], ["1.4,3.3"]]


def rounded(values):
    """Multiples of 1/64, which binary fractions and short decimals hold exactly."""
    return (np.round(values * 64) / 64).tolist()


def data_sets():
    """Two moderate sets, one of extreme logits, and one of two classes with samples that are left out."""
    generator = np.random.Generator(np.random.PCG64(20))
    sets = []
    for counts, ignored in [((6, 3, 2), 0), ((9, 2, 5, 3, 4), 0), ((5, 2, 3, 3), 0), ((5, 2), 2)]:
        labels = generator.permutation(np.repeat([*range(len(counts)), -1], [*counts, ignored]))
        logits = 1.6 * generator.standard_normal((len(labels), len(counts)))
        logits += 1.2 * (labels[:, None] == np.arange(len(counts)))
        sets.append({"logits": logits, "labels": labels.tolist()})
    extreme = sets[2]["logits"]
    extreme *= np.array([40, 800, 1, 40])[np.arange(len(extreme)) % 4][:, None] / np.abs(extreme).max(1, keepdims=True)
    # Ties among the largest, and samples as far on the wrong side, and on the right one, as the set goes.
    extreme[0] = [40, 40, -40, 40]
    for row, from_own_on in [(1, [-800, 800, 0, 799.5]), (5, [800, -800, -800, -800])]:
        extreme[row, (sets[2]["labels"][row] + np.arange(4)) % 4] = from_own_on
    return [{"logits": rounded(one["logits"]), "labels": one["labels"]} for one in sets]


def arguments_of(number):
    """The arguments of all cases of one set."""
    positive = [f"pos-weight --positive-weights {weights}" for weights in POSITIVE_WEIGHTS[number]]
    plain = LOSSES + positive
    weighted = [f"{loss} --class-weights {WEIGHTS[number]}" for loss in plain]
    ruled = [f"{loss} --class-weights {rule}" for loss in plain[:2] for rule in ["balanced", "effective:0.9"]]
    reduced = [
        f"{positive[0] if loss == 'pos-weight' else loss} --class-weights {WEIGHTS[number]} --reduction {reduction}"
        for loss in OTHERWISE_REDUCED
        for reduction in ["mean", "element-mean", "sum"]
    ]
    # One set is enough for the other reductions.
    chosen = plain + UNWEIGHTED + weighted + ruled + (reduced if number == 1 else [])
    return [f"--loss {case}".split() for case in chosen]


def case_of(number, one, arguments):
    data = Data(one["logits"], one["labels"], options_of(arguments))
    text = lambda value: mpmath.nstr(value, DIGITS)
    matrix = lambda rows: [[text(entry.value) for entry in row] for row in rows]
    loss, shifted = reduced_loss(data), shifted_mean_probability(data)
    case = {"set": number, "arguments": arguments, "loss": mpmath.nstr(loss.value, DIGITS_OF_LOSS)}
    case["bias_gradient"] = [text(slope) for slope in loss.slopes]
    case["mean_probability"] = matrix(mean_probability(data))
    return case if shifted is None else case | {"shifted_mean_probability": matrix(shifted)}


def main():
    sets = data_sets()
    cases = [case_of(n, one, arguments) for n, one in enumerate(sets) for arguments in arguments_of(n)]
    lines = lambda values: ",\n".join(json.dumps(value) for value in values)
    OUTPUT.write_text(f'{{"sets": [\n{lines(sets)}\n],\n"cases": [\n{lines(cases)}\n]}}\n')
    print(f"{len(cases)} cases of {len(sets)} sets")
    if "--check" in sys.argv[1:]:
        from check_losses import check

        check(sets, cases)


if __name__ == "__main__":
    main()
