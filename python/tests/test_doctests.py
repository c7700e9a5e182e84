"""Examples in docstrings, and in the README."""

import doctest
import importlib
from pathlib import Path

import pytest

MODULES = ["_audit", "_balance", "_claims", "_estimators", "_losses", "_path", "_run", "_solve", "_weights"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"equipoise.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_example_of_the_readme():
    readme = Path(__file__).parents[1] / "README.md"
    result = doctest.testfile(str(readme), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0
