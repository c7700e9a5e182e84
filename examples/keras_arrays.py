"""Has arrays as Keras gives them audited: probabilities in single precision, and labels as rows of zeros and a one.

    python examples/keras_arrays.py DIRECTORY [--binary PATH]

Needs numpy only. Writes DIRECTORY/keras_arrays.npz.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("directory", type=Path)
parser.add_argument("--binary", default="equipoise")
arguments = parser.parse_args()

# With Keras, of a model whose last layer is Dense(3, activation="softmax"), these would come from
#     probabilities = model.predict(inputs)
#     labels = keras.utils.to_categorical(classes, 3)
# Here a linear model is trained instead, with a class weight for each sample as in model.fit(class_weight=..).
generator, class_weights = np.random.default_rng(5), np.array([1.0, 2.0, 5.0])
labels = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], [200, 60, 20])]
inputs = np.c_[generator.standard_normal((280, 2)) + labels @ [[0, 0], [2, 0], [1, 2]], np.ones(280)]
layer = np.zeros((3, 3))
for _ in range(3000):
    exponentials = np.exp(inputs @ layer)
    probabilities = exponentials / exponentials.sum(1, keepdims=True)
    layer -= 0.3 * inputs.T @ ((labels @ class_weights)[:, None] * (probabilities - labels)) / len(labels)

arguments.directory.mkdir(parents=True, exist_ok=True)
file = arguments.directory / "keras_arrays.npz"
np.savez(file, probabilities=probabilities.astype(np.float32), labels=labels)
# Keras divides the weighted sum by the number of samples: the plain mean, not the weighted one.
command = [arguments.binary, "audit", str(file), "--loss", "softmax", "--class-weights", "1,2,5", "--reduction", "mean"]
sys.exit(subprocess.run(command).returncode)
