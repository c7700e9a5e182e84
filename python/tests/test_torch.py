"""`equipoise.torch` against the Rust losses, in float64, over random batches with absent classes.

What real PyTorch computed is recorded in `torch_values.json`, so that the Rust side is checked without it. With PyTorch, the two are
compared as they are, and `python tests/test_torch.py` records anew.
"""

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

import equipoise
from equipoise import _core

try:
    import torch

    import equipoise.torch as losses
except ImportError:
    torch = None

RECORDED = Path(__file__).with_name("torch_values.json")
TOLERANCE = 1e-12
# Function, name in the table, parameters there, parameters of the function; whether it reads class sizes, so that every class must occur.
LOSSES = {
    "softmax": ("softmax", {}),
    "logistic": ("logistic", {}),
    "inr attached": ("inr", {"beta": 3.0, "variant": "attached"}),
    "inr detached": ("inr", {"beta": 3.0, "variant": "detached"}),
    "focal": ("focal", {"gamma": 1.5}),
    "focal of weighted loss": ("focal", {"gamma": 2.0, "probability": "of_weighted_loss"}),
    "sigmoid focal": ("sigmoid-focal", {"gamma": 2.0, "alpha": 0.25}),
    "label smoothing by term": ("label-smoothing", {"smoothing": 0.2}),
    "label smoothing by sample": ("label-smoothing", {"smoothing": 0.2, "weights": "sample"}),
    "logit adjusted": ("logit-adjusted", {"strength": 1.5}),
    "balanced softmax": ("balanced-softmax", {}),
    "ldam": ("ldam", {"margin": 0.5, "scale": 5.0}),
    "vector scaling": ("vector-scaling", {"strength": 1.0, "gamma": 0.3}),
    "pos weight": ("pos-weight", {}),
    "equalization": ("equalization", {"rare": 0.15}),
    "seesaw": ("seesaw", {"mitigation": 0.8, "compensation": 2.0, "floor": 0.01}),
    "soft selection": ("soft-selection", {"alpha": 1.0, "gamma": 2.0}),
}
READS_SIZES = {row["name"] for row in equipoise.losses().record["losses"] if row["reads_class_sizes"]}
BATCHES = 20


def batch(name, number):
    """Logits, labels and class weights; every other batch lacks a class, where the loss allows it."""
    random = np.random.default_rng([sorted(LOSSES).index(name), number])
    classes = int(random.integers(2, 6))
    samples = int(random.integers(classes, 30))
    absent = number % 2 == 1 and LOSSES[name][0] not in READS_SIZES
    labels = random.integers(0, classes - 1 if absent else classes, samples)
    if not absent:
        labels[:classes] = np.arange(classes)
    logits = random.standard_normal((samples, classes)) * random.choice([0.3, 3.0, 30.0])
    return logits, labels, None if number % 3 == 0 else random.uniform(0.2, 3.0, classes)


def of_rust(name, number):
    logits, labels, weight = batch(name, number)
    arrays = {"logits": logits, "labels": labels.astype(float).reshape(-1, 1)}
    classes = [str(k) for k in range(logits.shape[1])]
    weight = None if weight is None else weight.tolist()
    value, gradient = _core.loss_value_and_gradient({"arrays": arrays, "classes": classes}, LOSSES[name], weight)
    return value, np.frombuffer(gradient).reshape(logits.shape)


def of_torch(name, number):
    logits, labels, weight = batch(name, number)
    loss, parameters = LOSSES[name]
    parameters = dict(parameters)
    if "variant" in parameters:
        parameters["detached"] = parameters.pop("variant") == "detached"
    logits = torch.tensor(logits, requires_grad=True)
    weight = None if weight is None else torch.tensor(weight)
    function = getattr(losses, loss.replace("-", "_"))
    value = function(logits, torch.tensor(labels), weight=weight, **parameters)
    value.backward()
    return value.item(), logits.grad.numpy()


def assert_alike(ours, theirs):
    """To 1e-12, relative to the largest."""
    (value, gradient), (other, other_gradient) = ours, theirs
    assert abs(value - other) <= TOLERANCE * max(1.0, abs(other))
    gradient, other_gradient = np.asarray(gradient), np.asarray(other_gradient)
    assert np.abs(gradient - other_gradient).max() <= TOLERANCE * max(1.0, np.abs(other_gradient).max())


@pytest.mark.parametrize("name", LOSSES)
def test_rust_is_what_torch_was_recorded_to_be(name):
    recorded = json.loads(RECORDED.read_text())[name]
    assert len(recorded) >= 2
    for number, (value, gradient) in enumerate(recorded):
        assert_alike(of_rust(name, number), (value, gradient))


needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed")


@needs_torch
@pytest.mark.parametrize("name", LOSSES)
def test_torch_is_rust(name):
    for number in range(BATCHES):
        assert_alike(of_torch(name, number), of_rust(name, number))


@needs_torch
def test_modules_hold_their_parameters():
    logits, labels, _ = batch("focal", 0)
    logits, labels = torch.tensor(logits), torch.tensor(labels)
    module = losses.FocalLoss(gamma=1.5, reduction="sum")
    assert module(logits, labels) == losses.focal(logits, labels, gamma=1.5, reduction="sum")
    assert "gamma=1.5" in repr(module)
    assert losses.focal(logits, labels, reduction="none").shape == labels.shape
    with pytest.raises(TypeError, match="takes no beta"):
        losses.FocalLoss(beta=1.0)
    with pytest.raises(ValueError, match="reduction"):
        losses.focal(logits, labels, reduction="average")


@needs_torch
@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("probability", ["plain", "of_weighted_loss"])
def test_focal_has_gradients_where_a_probability_rounds_to_one(gamma, probability):
    logits = np.array([[50.0, 0.0], [800.0, -800.0], [1.0, 0.0], [-30.0, 5.0]])
    labels, weight = np.array([0, 0, 1, 0]), np.array([0.7, 2.5])
    arrays = {"arrays": {"logits": logits, "labels": labels.astype(float).reshape(-1, 1)}, "classes": ["0", "1"]}
    spec = ("focal", {"gamma": gamma, "probability": probability})
    value, gradient = _core.loss_value_and_gradient(arrays, spec, weight.tolist())
    given = torch.tensor(logits, requires_grad=True)
    found = losses.focal(given, torch.tensor(labels), weight=torch.tensor(weight), gamma=gamma, probability=probability)
    found.backward()
    assert_alike((found.item(), given.grad.numpy()), (value, np.frombuffer(gradient).reshape(logits.shape)))


@needs_torch
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("label", [-100, -1, 3])
def test_targets_that_are_no_classes_are_refused(name, label):
    """PyTorch ignores -100 by default, and would divide by the rows that count."""
    logits, target = torch.zeros(4, 3), torch.tensor([0, 1, 2, label])
    with pytest.raises((IndexError, RuntimeError)):
        getattr(losses, LOSSES[name][0].replace("-", "_"))(logits, target)


@needs_torch
def test_class_sizes_may_be_those_of_the_training_set():
    logits, labels, _ = batch("ldam", 0)
    logits, labels = torch.tensor(logits), torch.tensor(labels)
    counts = np.bincount(labels, minlength=logits.shape[1])
    assert losses.LdamLoss(counts=counts)(logits, labels) == losses.ldam(logits, labels)
    counts[0] += 100
    assert losses.LdamLoss(counts=counts)(logits, labels) != losses.ldam(logits, labels)


@needs_torch
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_is_taken_to_single(name, dtype):
    """Also where there are more samples than half precision counts to, and within autocast."""
    logits, labels, _ = batch(name, 0)
    times = 70_000 // len(labels)
    parameters = dict(LOSSES[name][1])
    if "variant" in parameters:
        parameters["detached"] = parameters.pop("variant") == "detached"
    function = getattr(losses, LOSSES[name][0].replace("-", "_"))
    half = torch.tensor(logits).to(getattr(torch, dtype)).repeat(times, 1)
    target = torch.tensor(labels).repeat(times)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = function(half.requires_grad_(), target, **parameters)
    wanted = function(half.detach().double(), target, **parameters)
    assert found.dtype == torch.float32
    assert abs(found.item() - wanted.item()) < 1e-4 * abs(wanted.item())
    found.backward()
    assert half.grad.isfinite().all()


@needs_torch
def test_audits_take_tensors_of_every_precision():
    logits, labels, _ = batch("softmax", 0)
    logits, labels = torch.tensor(logits, requires_grad=True), torch.tensor(labels)
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        given = logits.to(dtype)
        direct = equipoise.audit(labels.numpy(), logits=given.detach().double().numpy())
        assert equipoise.audit(labels, logits=given).loss == direct.loss


@needs_torch
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_every_array_of_an_audit_may_be_a_tensor_that_has_a_gradient(dtype):
    """A last layer as PyTorch has it, among others."""
    torch.manual_seed(0)
    X, y = torch.randn(60, 4), torch.arange(60) % 3
    layer = torch.nn.Linear(4, 3).to(getattr(torch, dtype))
    features = X.to(layer.weight.dtype).requires_grad_()
    logits = layer(features)
    given = {"logits": logits, "features": features, "coef": layer.weight, "intercept": layer.bias, "l2": 1e-2}
    given["sample_weight"] = torch.linspace(0.5, 2.0, 60, dtype=logits.dtype).requires_grad_()
    given["class_weight"] = torch.tensor([1.0, 2.0, 3.0], dtype=logits.dtype, requires_grad=True)
    arrays = {name: values if name == "l2" else values.detach().double().numpy() for name, values in given.items()}
    assert equipoise.audit(y, **given).record == equipoise.audit(y.numpy(), **arrays).record
    probabilities, weights = logits.softmax(1), given["class_weight"]
    corrected = equipoise.prior_correct(probabilities.detach().double().numpy(), arrays["class_weight"])
    assert np.array_equal(equipoise.prior_correct(probabilities, weights), corrected)
    P, counts = torch.full((3, 3), 0.25, requires_grad=True) + 0.25 * torch.eye(3), torch.tensor([3.0, 2.0, 1.0], requires_grad=True)
    usual = equipoise.balance(P.detach().numpy(), [3, 2, 1])
    assert equipoise.balance(P.to(layer.weight.dtype), counts).record == usual.record
    with pytest.raises(ValueError, match="Complex data not supported: logits"):
        equipoise.audit(y, logits=logits.detach().float() + 1j)


@needs_torch
def test_labels_to_ignore_may_be_bytes():
    """As masks of images are."""
    logits, target = torch.randn(40, 3), (torch.arange(40) % 4).to(torch.uint8)
    target[target == 3] = 255
    monitor = losses.BalanceMonitor(ignore_index=255)
    monitor.update(logits, target)
    usual = equipoise.audit(target[target < 255].long(), logits=logits[target < 255])
    assert monitor.end_epoch()["training"].loss == usual.loss


@needs_torch
@pytest.mark.parametrize(
    "name, zero, usual",
    [
        ("logit-adjusted", {"strength": 0.0}, "softmax"),
        ("vector-scaling", {"strength": 0.0, "gamma": 0.0}, "softmax"),
        ("vector-scaling", {"strength": 0.0, "gamma": 0.5}, None),
        ("seesaw", {"mitigation": 0.0}, None),
        ("seesaw", {"mitigation": 0.0, "compensation": 0.0}, "softmax"),
    ],
)
def test_a_strength_of_zero_reads_no_class_size(name, zero, usual):
    """Where a batch lacks a class, 0 times the logarithm of its size would be no number."""
    logits, target = torch.randn(8, 3, dtype=torch.float64), torch.arange(8) % 2
    logits[0, 2] = 3.0

    def of(loss, **parameters):
        given = logits.clone().requires_grad_()
        value = loss(given, target, **parameters)
        value.backward()
        return value.item(), given.grad.numpy()

    loss = getattr(losses, name.replace("-", "_"))
    found = of(loss, **zero)
    assert np.isfinite(found[0]) and np.isfinite(found[1]).all()
    if usual:
        assert_alike(found, of(getattr(losses, usual)))
    elif name == "seesaw":
        assert_alike(found, of(loss, **zero, counts=[4, 4, 1]))
    module = getattr(losses, name.title().replace("-", "") + "Loss")
    assert of(module(**zero))[0] == found[0]


@needs_torch
def test_a_strength_is_learned_from_zero():
    strength = torch.tensor(0.0, requires_grad=True)
    losses.logit_adjusted(torch.zeros(6, 3), torch.tensor([0, 0, 0, 0, 1, 1]), strength=strength).backward()
    assert torch.isfinite(strength.grad)


@needs_torch
def test_margins_of_ldam_are_those_of_the_classes_that_are_there():
    logits, target = torch.randn(9, 3, dtype=torch.float64), torch.tensor([0] * 6 + [1] * 3)
    moved = logits.clone()
    moved[:6, 0] -= 0.5 * (3 / 6) ** 0.25
    moved[6:, 1] -= 0.5
    wanted = torch.nn.functional.cross_entropy(5 * moved, target)
    assert abs(losses.ldam(logits, target, scale=5.0) - wanted) < 1e-12
    assert abs(losses.ldam(logits, target, scale=5.0, counts=[6, 3, 3]) - wanted) < 1e-12


@needs_torch
@pytest.mark.parametrize("counts", [[100_000.0, 10.0, 5.0], [1001.0, 999.0, 333.0], [70_001, 999, 3], [0.1, 0.7, 3.3], [16_777_217.0, 2.0, 3.0]])
def test_class_sizes_are_not_cast_with_a_module(counts):
    """Half precision ends at 65,504, and bfloat16 has three digits."""
    logits, target = torch.randn(9, 3, dtype=torch.float64), torch.arange(9) % 3
    usual = losses.logit_adjusted(logits, target, counts=np.array(counts))
    assert losses.logit_adjusted(logits, target, counts=counts) == usual
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        module = torch.nn.Sequential(losses.LogitAdjustedLoss([1.0, 1.0, 1.0], counts=counts)).to(dtype)[0]
        assert module(logits, target) == usual and module.counts.tolist() == counts
        assert module.weight.dtype == dtype
        assert losses.LdamLoss(counts=counts).type(dtype).counts.tolist() == counts
    moved = losses.LdamLoss(counts=counts).to("meta", torch.float16)
    assert moved.counts.device.type == "meta" and moved.to_empty(device="cpu").counts.shape == (3,)
    again = losses.LdamLoss(counts=[1.0, 1.0, 1.0])
    again.load_state_dict(losses.LdamLoss(counts=counts).state_dict())
    assert again.counts.tolist() == counts


@needs_torch
def test_a_monitor_says_what_an_audit_says():
    torch.manual_seed(0)
    x = torch.randn(120, 3)
    y = (x[:, 0] + 0.5 * torch.randn(120) > 0.3).long()
    model = torch.nn.Linear(3, 2)
    criterion, monitor = losses.SoftmaxLoss(), losses.BalanceMonitor("softmax", classes=["no", "yes"])
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(5):
        optimizer.zero_grad()
        logits = model(x)
        criterion(logits, y).backward()
        optimizer.step()
        monitor.update(logits, y)
        monitor.update(model(x[:30]), y[:30], part="held-out")
        monitor.end_epoch()
    frame = monitor.to_frame()
    assert len(frame) == 5 * 2 * 2
    direct = equipoise.audit(y, logits=logits, classes=["no", "yes"])
    assert monitor.audit().record == direct.record
    assert "class yes" in " ".join(monitor.audit().findings)
    with pytest.raises(RuntimeError, match="no batch"):
        monitor.end_epoch()


@needs_torch
def test_a_monitor_takes_weights_by_name_and_arrays_and_refuses_names_that_do_not_fit():
    logits, labels, _ = batch("softmax", 0)
    names = [f"class-{k}" for k in range(logits.shape[1])]

    def audited(logits, labels, **options):
        monitor = losses.BalanceMonitor("softmax", **options)
        monitor.update(logits, labels)
        return monitor.end_epoch()["training"]

    weights = [1.0 + k for k in range(len(names))]
    by_name = audited(torch.tensor(logits), torch.tensor(labels), classes=names, class_weight=dict(zip(names, weights)))
    assert by_name.record == equipoise.audit(labels, logits=logits, classes=names, class_weight=weights).record
    assert audited(logits, labels).loss == audited(torch.tensor(logits), torch.tensor(labels)).loss
    with pytest.raises(ValueError, match="give one for each"):
        audited(logits, labels, classes=["one"])


@needs_torch
@pytest.mark.parametrize("name", LOSSES)
def test_what_would_broadcast_is_refused(name):
    """Sums over other shapes would be losses of something else, or be divided by the wrong number of samples."""
    loss = getattr(losses, LOSSES[name][0].replace("-", "_"))
    logits, target = torch.zeros(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    for bad, text in [
        ((torch.zeros(6, 3, 5), torch.zeros(6, 5, dtype=torch.long)), r"movedim\(1, -1\)"),
        ((logits, target[:1]), "one class for each row"),
        ((logits, target.unsqueeze(1)), "one class for each row"),
        ((torch.zeros(6, 0), target), "with K at least"),
    ]:
        with pytest.raises(ValueError, match=text):
            loss(*bad)
    for probabilities in (torch.nn.functional.one_hot(target).double(), target.double()):
        with pytest.raises(TypeError, match="numbers of classes"):
            loss(logits, probabilities)
    for weight in (torch.ones(2), torch.ones(4), torch.ones(3, 3)):
        with pytest.raises(ValueError, match="weight must be 3 numbers"):
            loss(logits, target, weight=weight)
    for integers in (target.int(), target.to(torch.uint8)):
        assert loss(logits, integers) == loss(logits, target)


@needs_torch
def test_one_column_is_that_of_class_1_of_two():
    logits, target = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([True, False, True])
    for loss in (losses.logistic, losses.pos_weight, losses.equalization):
        assert loss(logits, target) == loss(logits.unsqueeze(1), target.long())
        with pytest.raises(RuntimeError, match="smaller than num_classes"):
            loss(logits, torch.tensor([0, 1, 2]))
        with pytest.raises(RuntimeError, match="non-negative"):
            loss(logits, torch.tensor([0, 1, -100]))
    with pytest.raises(ValueError, match="K at least 2"):
        losses.softmax(logits, target)
    with pytest.raises(ValueError, match="counts must be 2 numbers"):
        losses.pos_weight(logits, target, counts=[1, 2, 3])


MODULES = [] if torch is None else [name for name in losses.__all__ if name[0].isupper() and name != "BalanceMonitor"]


@needs_torch
@pytest.mark.parametrize("name", MODULES)
def test_modules_are_saved_copied_and_compiled(name):
    """`weight` comes first, as in PyTorch's own losses. Graphs are traced whole; what a back end makes of them is PyTorch's."""
    import copy
    import pickle

    logits, labels, _ = batch("softmax", 0)
    logits, target = torch.tensor(logits), torch.tensor(labels)
    weight = torch.linspace(0.5, 2.0, logits.shape[1], dtype=torch.float64)
    module = getattr(losses, name)(weight)
    other = getattr(losses, name)(torch.ones_like(weight))
    other.load_state_dict(module.state_dict())
    again = pickle.loads(pickle.dumps(copy.deepcopy(module)))
    torch.compiler.reset()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    value = module(logits, target)
    assert value == other(logits, target) == again(logits, target)
    assert abs(compiled(logits, target) - value) < 1e-12 * abs(value)


@needs_torch
@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("seesaw", "inr detached")])
def test_gradients_are_differences(name):
    """Seesaw and detached LGL-INR hold factors constant: their gradients are none of the value."""
    logits, labels, weight = batch(name, 2)
    parameters = dict(LOSSES[name][1])
    parameters.pop("variant", None)
    loss = getattr(losses, LOSSES[name][0].replace("-", "_"))
    given = torch.tensor(logits).clamp(-5, 5).requires_grad_()
    weight = None if weight is None else torch.tensor(weight)
    assert torch.autograd.gradcheck(lambda z: loss(z, torch.tensor(labels), weight=weight, **parameters), (given,))


CHECKED = {
    "focal": {"gamma": -1.0},
    "sigmoid-focal": {"alpha": 5.0},
    "label-smoothing": {"smoothing": 2.0},
    "ldam": {"scale": -1.0},
    "inr": {"beta": float("nan")},
    "seesaw": {"floor": -1.0},
    "equalization": {"rare": 1.5},
    "vector-scaling": {"gamma": "a"},
    "logit-adjusted": {"strength": 1e7},
    "soft-selection": {"alpha": -1},
}


@needs_torch
@pytest.mark.parametrize("name", CHECKED)
def test_parameters_are_in_the_ranges_of_the_table(name):
    """What `solve` and `audit` refuse, functions and modules refuse too."""
    logits, target = torch.zeros(6, 3), torch.arange(6) % 3
    parameter = next(iter(CHECKED[name]))
    with pytest.raises(ValueError, match=parameter):
        equipoise.audit(target, logits=logits, loss=name, **CHECKED[name])
    with pytest.raises(ValueError, match=f"{parameter} must be a number from 0 to"):
        getattr(losses, name.replace("-", "_"))(logits, target, **CHECKED[name])
    module = getattr(losses, name.title().replace("-", "") + "Loss")
    with pytest.raises(ValueError, match=f"{parameter} must be a number from 0 to"):
        module(**CHECKED[name])


@needs_torch
def test_a_parameter_may_be_learned():
    gamma = torch.tensor(1.5, requires_grad=True)
    losses.focal(torch.zeros(4, 2), torch.arange(4) % 2, gamma=gamma).backward()
    assert gamma.grad != 0


@needs_torch
@pytest.mark.parametrize("name", ["ldam", "logit_adjusted", "balanced_softmax", "vector_scaling", "seesaw", "pos_weight", "equalization"])
def test_class_sizes_are_positive(name):
    logits, target = torch.zeros(6, 3), torch.arange(6) % 3
    module = {"ldam": losses.LdamLoss, "pos_weight": losses.PosWeightLoss}.get(name, losses.SeesawLoss)
    for counts in ([5, 0, 3], [5, -1, 3], [5.0, np.nan, 3.0], np.array([5, 0, 3]), torch.tensor([5, 0, 3])):
        with pytest.raises(ValueError, match="counts must be numbers above 0"):
            getattr(losses, name)(logits, target, counts=counts)
        with pytest.raises(ValueError, match="counts must be numbers above 0"):
            module(counts=counts)
    for counts in ("many", [[1, 2, 3]], [1, "a", 2]):
        with pytest.raises(ValueError, match="counts must be"):
            getattr(losses, name)(logits, target, counts=counts)


@needs_torch
def test_weights_come_as_lists_arrays_and_tensors():
    logits, target = torch.randn(6, 3, dtype=torch.float64), torch.arange(6) % 3
    weights = [1.0, 2.0, 0.0]
    for name in (name for name in losses.__all__ if name.islower()):
        loss = getattr(losses, name)
        usual = loss(logits, target, weight=torch.tensor(weights))
        assert loss(logits, target, weight=weights) == loss(logits, target, weight=np.array(weights)) == usual
        for wrong in ([1.0, -2.0, 1.0], [1.0, float("nan"), 1.0], ["a", "b", "c"], "balanced"):
            with pytest.raises(ValueError, match="weight must be"):
                loss(logits, target, weight=wrong)
    for wrong in ("x", "Balanced", [1.0, 0.0, 1.0], [1.0, 2.0], 3.0, None):
        with pytest.raises(ValueError, match="weights must be"):
            losses.pos_weight(logits, target, weights=wrong)
        # Of two classes, two weights are right.
        with pytest.raises(ValueError, match="weights must be") if wrong != [1.0, 2.0] else nullcontext():
            losses.PosWeightLoss(weights=wrong)
    assert losses.pos_weight(logits, target, weights=[1, 1, 1]) == losses.logistic(logits, target)
    with pytest.raises(ValueError, match="reduction must be"):
        losses.FocalLoss(reduction="average")


@needs_torch
@pytest.mark.parametrize(
    "settings, text",
    [
        ({"loss": "foo"}, 'loss "foo" is none of'),
        ({"loss": "focal", "gama": 2}, "takes no parameter gama"),
        ({"loss": "focal", "gamma": -1}, "gamma = -1"),
        ({"class_weight": "auto"}, "class_weight must be"),
        ({"class_weight": 1.5}, "class_weight must be"),
        ({"class_weight": [1.0, -1.0]}, "class_weight of class 1"),
        ({"class_weight": {0: 0.0}}, "class_weight of class 0"),
        ({"class_weight": [1.0, 2.0], "classes": ["a", "b", "c"]}, r"shape \(2,\) for 3 classes"),
        ({"class_weight": {"x": 1.0}, "classes": ["a", "b"]}, "are not in class_weight"),
        ({"classes": ["a", "a"]}, "classes must differ"),
        ({"tol": -1}, "tol must be"),
        ({"reduction": "average"}, "reduction must be one of"),
    ],
)
def test_a_monitor_checks_its_settings_at_once(settings, text):
    with pytest.raises(ValueError, match=text):
        losses.BalanceMonitor(**settings)


@needs_torch
def test_a_monitor_does_not_keep_a_batch_that_cannot_be_audited():
    logits, target = torch.randn(40, 3), torch.arange(40) % 3
    monitor = losses.BalanceMonitor(class_weight=[1.0, 2.0, 3.0])
    infinite = torch.full_like(logits, float("inf"))
    for wrong in (
        (logits * float("nan"), target),
        (infinite, target),
        (logits, target[:10]),
        (logits, target + 3),
        (logits, target + 0.5),
        (logits[:, :2], target.clamp(max=1)),
        (logits[None], target),
        (logits[:0], target[:0]),
        (logits.where(torch.nn.functional.one_hot(target) == 0, -float("inf")), target),
        (logits.double().where(torch.nn.functional.one_hot(target) == 0, torch.finfo(torch.float64).min), target),
        (logits.double() * 1e13, target),
        (logits, target * 0 - 100),
        (logits, target * 0 - 1),
        (logits, ["a"] * 40),
    ):
        with pytest.raises(ValueError):
            monitor.update(*wrong)
    with pytest.raises(ValueError, match="part must be a name"):
        monitor.update(logits, target, part=1)
    with pytest.raises(RuntimeError, match="no batch was noted"):
        monitor.end_epoch()
    monitor.update(logits, target)
    with pytest.raises(ValueError, match="4 columns, and those of earlier batches 3"):
        monitor.update(torch.randn(8, 4), torch.arange(8) % 4)
    masked = logits.clone()
    masked[0, 1] = -float("inf")
    monitor.update(masked, target.where(target != 1, -100))
    monitor.end_epoch()
    both = torch.cat([logits, masked]), torch.cat([target, target.where(target != 1, -100)])
    usual = equipoise.audit(both[1], logits=both[0], class_weight=[1.0, 2.0, 3.0])
    assert monitor.audit().record == usual.record


@needs_torch
@pytest.mark.parametrize("loss", ["label-smoothing", "softmax", "ldam", "inr"])
def test_a_monitor_does_not_keep_a_batch_that_its_loss_does_not_take(loss):
    logits, target = torch.randn(40, 3), torch.arange(40) % 3
    logits[0, 1] = -float("inf")
    wrong, text = ((logits, target), "infinite") if loss == "label-smoothing" else ((logits[:, 0], target % 2), "takes 2 logits")
    monitor = losses.BalanceMonitor(loss)
    with pytest.raises(ValueError, match=text):
        monitor.update(*wrong)
    monitor.update(logits[1:], target[1:])
    assert set(monitor.end_epoch()) == {"training"}


@needs_torch
def test_an_epoch_has_the_parts_that_were_noted_in_it():
    logits, target = torch.randn(40, 3), torch.arange(40) % 3
    monitor = losses.BalanceMonitor()
    monitor.update(logits, target)
    monitor.update(logits, target, part="held-out")
    assert set(monitor.end_epoch()) == {"training", "held-out"}
    monitor.update(2 * logits, target)
    assert set(monitor.end_epoch()) == {"training"}
    assert monitor.audit("held-out").loss == monitor.history[0]["result"].loss


@needs_torch
def test_an_epoch_that_cannot_be_audited_does_not_stop_the_next():
    logits, target = torch.randn(40, 3), torch.arange(40) % 3
    monitor = losses.BalanceMonitor("ldam", classes=["ant", "bee", "cat"])
    monitor.update(logits, target * 0)
    with pytest.raises(ValueError, match="depends on class sizes, and class bee has no sample"):
        monitor.end_epoch()
    monitor.update(logits, target)
    monitor.end_epoch()
    assert [entry["epoch"] for entry in monitor.history] == [1] and monitor.audit().classes == ["ant", "bee", "cat"]


def record():
    """Writes what this PyTorch computes for the first batches."""
    kept = {name: [of_torch(name, number) for number in range(4)] for name in LOSSES}
    kept = {name: [(value, gradient.tolist()) for value, gradient in values] for name, values in kept.items()}
    RECORDED.write_text(json.dumps(kept) + "\n")


if __name__ == "__main__":
    record()
