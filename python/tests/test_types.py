"""The package is clean under mypy --strict."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import equipoise

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What mypy knows of the libraries, which takes it ten seconds to read."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_types_are_right(tmp_path, cache):
    place = Path(equipoise.__file__).parents[1]
    # An installed package is found from anywhere; in the midst of the others mypy would take those for sources.
    place = tmp_path if place.name == "site-packages" else place
    options = ["--config-file", PROJECT, "--cache-dir", cache, "-p", "equipoise"]
    output = subprocess.run([sys.executable, "-m", "mypy", *options], cwd=place, capture_output=True, text=True)
    assert output.returncode == 0, output.stdout


MISSPELT = """
from equipoise import LogisticRegression, audit, solve
model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
reveal_type(model)
reveal_type(LogisticRegression().fit_path([[0.0], [1.0]], [0, 1]))
result = solve([[0.0], [1.0], [0.0]], [0, 1, 1])
result.coeff
result.certificate.gradiant
model.certificate_.gradiant
audit([0, 1], logits=[0.0, 1.0]).shortfal
result.coef, result.mean_probability, result.certificate.gradient, result.to_frame()
"""


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_misspelt_attributes_are_found(tmp_path, cache):
    """Attributes of classifiers are not: scikit-learn, whose classes they extend, has no types."""
    (tmp_path / "user.py").write_text(MISSPELT)
    place = Path(equipoise.__file__).parents[1]
    environment = dict(os.environ) if place.name == "site-packages" else {**os.environ, "MYPYPATH": str(place)}
    options = ["--config-file", PROJECT, "--cache-dir", cache, tmp_path / "user.py"]
    command = [sys.executable, "-m", "mypy", *options]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert [line.split(":")[1] for line in output.stdout.splitlines() if "attr-defined" in line] == ["7", "8", "9", "10"], output.stdout
    assert output.stdout.count('Revealed type is "equipoise._estimators.LogisticRegression"') == 2, output.stdout


def test_the_package_says_that_it_has_types():
    assert Path(equipoise.__file__).with_name("py.typed").is_file()
    assert set(dir(equipoise)) >= set(equipoise.__all__)
