"""Notebooks run to their end; that for PyTorch where it is installed."""

import importlib.util
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    if path.stem.startswith("torch") and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    book = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": tmp_path}})
    client.execute()
    assert not any(cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells)
