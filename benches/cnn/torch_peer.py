"""The networks of `cnn_contender` in PyTorch, with losses written from their definitions.

    torch_peer.py losses DIRECTORY [double]
    torch_peer.py speed NETWORK STEPS SETTING
    torch_peer.py accuracy DIRECTORY EPOCHS SEED

With `losses`, the training that cnn_contender left in DIRECTORY is done again from the same parameters on the same
batches, and the largest relative difference of losses is printed. `losses DIRECTORY double` prints three: of ours from
PyTorch's in single precision, of ours from PyTorch's in double precision, and of PyTorch's own two from each other,
which is what rounding alone makes. With `speed`, random images are trained on, and printed is what `cnn_contender speed`
prints: processor seconds, wall seconds, images, and the most memory (KiB) resident before the first step and in all.
With `accuracy`, lenet is trained on an image set of IDX files as `equipoise train` would by default, from PyTorch's own
initial parameters and order, and its test accuracy is printed.
SETTING is contiguous, channels_last or compiled, which is channels_last too; threads are as many as OMP_NUM_THREADS says.
"""

import gzip
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn

CLASSES = 10
# Images in a step, steps before the clock starts, and steps after which images come again.
BATCH, WARM_UP, DIFFERENT = 128, 3, 10
# Channels, rows and columns of images in `speed`.
SHAPES = {"lenet": (1, 28, 28), "vgg": (3, 32, 32)}


def network_of(name, channels, side):
    """Layers as they are in `crates/core/src/cnn/architecture.rs`, and a head."""

    def convolution(before, after, kernel):
        return [nn.Conv2d(before, after, kernel, padding=kernel // 2), nn.ReLU()]

    if name == "lenet":
        blocks, width, features = [convolution(channels, 32, 5), convolution(32, 64, 5)], 64, 256
    else:
        pair = lambda before, after: convolution(before, after, 3) + convolution(after, after, 3)
        blocks, width, features = [pair(channels, 32), pair(32, 64), pair(64, 128)], 128, 128
    layers = [layer for block in blocks for layer in [*block, nn.MaxPool2d(2)]]
    values = width * (side // 2 ** len(blocks)) ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(values, features), nn.ReLU(), nn.Linear(features, CLASSES))


def load(network, file):
    """Copies our parameters, whose channels come last, into PyTorch's places, where channels come first."""
    number = lambda name: math.inf if name.startswith("head") else int(name.split(".")[0])
    weights = sorted((name for name in file.keys() if name.endswith(".weight")), key=number)
    layers = [layer for layer in network if isinstance(layer, (nn.Conv2d, nn.Linear))]
    assert len(weights) == len(layers)
    channels = None
    with torch.no_grad():
        for name, layer in zip(weights, layers):
            weight = file.get_tensor(name)
            if isinstance(layer, nn.Conv2d):
                channels = layer.out_channels
                weight = weight.permute(3, 2, 0, 1)
            elif channels:
                # What is pooled is numbered by row, column, channel here, and by channel, row, column there.
                side, channels_in, channels = math.isqrt(len(weight) // channels), channels, None
                weight = weight.reshape(side, side, channels_in, -1).permute(3, 2, 0, 1).flatten(1)
            else:
                weight = weight.T
            assert layer.weight.shape == weight.shape
            layer.weight.copy_(weight)
            layer.bias.copy_(file.get_tensor(name.replace("weight", "bias")))


class Losses:
    """The loss of a batch, by the name and numbers that our plan gives."""

    def __init__(self, plan, labels, kind):
        (self.name, self.numbers), = plan["loss"].items() if isinstance(plan["loss"], dict) else [(plan["loss"], {})]
        self.weights = torch.tensor(plan["class_weights"], dtype=kind)
        # Over all samples: a batch is not divided by its own mass.
        self.mean_weight = self.weights[labels].double().mean().item()
        self.log_frequency = (torch.bincount(labels, minlength=CLASSES) / len(labels)).double().log().to(kind)

    def __call__(self, z, y):
        if self.name == "inr":
            return inr(z, y, self.numbers["beta"])
        each = getattr(self, self.name)(z, y)
        return (self.weights[y] * each).sum() / (len(y) * self.mean_weight)

    def logistic(self, z, y):
        targets = F.one_hot(y, CLASSES).to(z.dtype)
        return F.binary_cross_entropy_with_logits(z, targets, reduction="none").sum(1)

    def softmax(self, z, y):
        return F.cross_entropy(z, y, reduction="none")

    def focal(self, z, y):
        log_p = F.log_softmax(z, 1).gather(1, y[:, None])[:, 0]
        return -((1 - log_p.exp()) ** self.numbers["gamma"]) * log_p

    def logit_adjusted(self, z, y):
        return F.cross_entropy(z + self.numbers["strength"] * self.log_frequency, y, reduction="none")


def inr(z, y, beta):
    """Class by class: mean loss of its own samples, and of the other classes a mean weighted by what they are given.

    The gradient flows through the weights. Classes that the batch lacks have no means and drop out.
    """
    classes = y.unique().tolist()
    p, total = torch.sigmoid(z), 0
    mean = lambda values, c: values[y == c].mean()
    for k in range(CLASSES):
        if k in classes:
            total = total + mean(F.softplus(-z[:, k]), k)
        others = [c for c in classes if c != k]
        if others:
            probability = torch.stack([mean(p[:, k], c) for c in others])
            loss = torch.stack([mean(F.softplus(z[:, k]), c) for c in others])
            total = total + torch.softmax(beta * probability, 0) @ loss
    return total


def descent(network, recipe):
    """Stochastic gradient descent; the head's bias does not decay."""
    parameters = list(network.parameters())
    groups = [{"params": parameters[:-1], "weight_decay": recipe["decay"]}, {"params": parameters[-1:]}]
    return torch.optim.SGD(groups, lr=recipe["rate"], momentum=recipe["optimizer"]["sgd"]["momentum"])


def train(directory, kind):
    """The loss of every step."""
    with safe_open(directory / "start.safetensors", "pt") as file:
        plan = json.loads(file.metadata()["equipoise"])["plan"]
        recipe, name = plan["recipe"], plan["recipe"]["network"]
        assert recipe["schedule"] == "cosine" and recipe["epochs"] == 1 and not recipe["decay_head_bias"]
        y = torch.from_numpy(np.fromfile(directory / "labels.raw", np.uint32).astype(np.int64))
        x = torch.from_numpy(np.fromfile(directory / "images.raw", np.float32)).reshape(len(y), 28, 28, 1)
        network = network_of(name, 1, 28).to(kind)
        load(network, file)
    loss_of, optimizer = Losses(plan, y, kind), descent(network, recipe)
    batches = list(zip(x.permute(0, 3, 1, 2).to(kind).split(recipe["batch"]), y.split(recipe["batch"])))
    losses = []
    for step, (x, y) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = recipe["rate"] * (1 + math.cos(math.pi * step / len(batches))) / 2
        optimizer.zero_grad()
        loss = loss_of(network(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def losses(directory, with_double):
    ours, single = np.fromfile(directory / "losses.raw"), train(directory, torch.float32)
    assert len(ours) == len(single)
    apart = lambda a, b: np.max(np.abs(a - b) / np.abs(b))
    print(apart(ours, single))
    if with_double:
        double = train(directory, torch.float64)
        print(apart(ours, double), apart(single, double))


def peak_resident():
    """The most memory that was resident so far, in KiB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def speed(name, steps, setting):
    layout = torch.contiguous_format if setting == "contiguous" else torch.channels_last
    channels, side, _ = SHAPES[name]
    x = torch.randn(BATCH * DIFFERENT, channels, side, side).contiguous(memory_format=layout)
    y = torch.arange(BATCH * DIFFERENT) % CLASSES
    batches = list(zip(x.split(BATCH), y.split(BATCH)))
    network = network_of(name, channels, side).to(memory_format=layout)
    recipe = {"rate": 0.01, "decay": 1e-4, "optimizer": {"sgd": {"momentum": 0.9}}}
    optimizer = descent(network, recipe)
    run = torch.compile(network) if setting == "compiled" else network
    at_first = peak_resident()
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            begin = time.process_time(), time.perf_counter()
        x, y = batches[step % DIFFERENT]
        optimizer.zero_grad()
        loss = F.cross_entropy(run(x), y)
        loss.backward()
        optimizer.step()
        assert math.isfinite(loss.item())
    processor, wall = time.process_time() - begin[0], time.perf_counter() - begin[1]
    print(processor, wall, steps * BATCH, at_first, peak_resident())


def idx(directory, name):
    """Bytes of an IDX file, gzipped or not, in the shape that its header says."""
    path = next(path for path in (directory / name, directory / f"{name}.gz") if path.exists())
    content = (gzip.decompress if path.suffix == ".gz" else bytes)(path.read_bytes())
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4).astype(int)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy())


def accuracy(directory, epochs, seed):
    torch.manual_seed(seed)
    (x, y), (test_x, test_y) = (
        (idx(directory, f"{part}-images-idx3-ubyte")[:, None] / 255, idx(directory, f"{part}-labels-idx1-ubyte").long())
        for part in ("train", "t10k")
    )
    mean, deviation = x.mean(), x.std(correction=0)
    x, test_x = ((images - mean) / deviation for images in (x, test_x))
    network = network_of("lenet", 1, 28).to(memory_format=torch.channels_last)
    recipe = {"rate": 0.05, "decay": 1e-4, "optimizer": {"sgd": {"momentum": 0.9}}}
    optimizer, batch = descent(network, recipe), 64
    per_epoch = math.ceil(len(x) / batch)
    for step in range(epochs * per_epoch):
        if step % per_epoch == 0:
            order = torch.randperm(len(x)).split(batch)
        chosen = order[step % per_epoch]
        for group in optimizer.param_groups:
            group["lr"] = recipe["rate"] * (1 + math.cos(math.pi * step / (epochs * per_epoch))) / 2
        optimizer.zero_grad()
        F.cross_entropy(network(x[chosen].contiguous(memory_format=torch.channels_last)), y[chosen]).backward()
        optimizer.step()
    with torch.no_grad():
        hits = sum((network(a).argmax(1) == b).sum().item() for a, b in zip(test_x.split(256), test_y.split(256)))
    print(hits / len(test_y))


def main():
    torch.manual_seed(20)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    if sys.argv[1] == "losses":
        losses(Path(sys.argv[2]), sys.argv[3:] == ["double"])
    elif sys.argv[1] == "accuracy":
        accuracy(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        speed(sys.argv[2], int(sys.argv[3]), sys.argv[4])


main()
