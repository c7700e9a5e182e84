"""The package is clean under mypy --strict."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import equipoise

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_types_are_right(tmp_path):
    place = Path(equipoise.__file__).parents[1]
    # An installed package is found from anywhere; in the midst of the others mypy would take those for sources.
    place = tmp_path if place.name == "site-packages" else place
    options = ["--config-file", PROJECT, "--cache-dir", tmp_path, "-p", "equipoise"]
    output = subprocess.run([sys.executable, "-m", "mypy", *options], cwd=place, capture_output=True, text=True)
    assert output.returncode == 0, output.stdout


def test_the_package_says_that_it_has_types():
    assert Path(equipoise.__file__).with_name("py.typed").is_file()
    assert set(dir(equipoise)) >= set(equipoise.__all__)
