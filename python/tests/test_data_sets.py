"""Whole data sets as pandas and polars write them, through `solve`, `weights` and `audit` of the program without hand work."""

import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
COMMAND = Path(os.environ.get("EQUIPOISE", ROOT / "target" / "debug" / "equipoise"))
L2 = 0.01

pytestmark = pytest.mark.skipif(not COMMAND.is_file(), reason=f"{COMMAND} is not built")


def of_scikit_learn(name):
    """As scikit-learn hands it out, the classes by their names."""
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    names = np.asarray(bunch.target_names).astype(str)
    return bunch.frame.assign(target=names[bunch.frame.target]), "target"


SETS = {name: lambda name=name: of_scikit_learn(name) for name in ["iris", "wine", "breast_cancer", "digits"]}
SETS["titanic"] = lambda: (pd.read_csv(CASES / "u20-titanic-whole.csv", index_col=0), "Survived")
SETS["penguins"] = lambda: (pd.read_csv(CASES / "u21-penguins-whole.csv", index_col=0), "species")
WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path),
    "csv.gz": lambda frame, path: frame.to_csv(path),
    "parquet": lambda frame, path: pl.read_csv(io.StringIO(frame.to_csv()), infer_schema_length=None).write_parquet(path),
}
AS_IT_IS = ["--one-hot", "--missing", "indicator", "--standardize", "--l2", L2]


def command(*arguments):
    """The record, and what was said of the file."""
    output = subprocess.run([COMMAND, *map(str, arguments), "--format", "json"], capture_output=True, text=True)
    assert output.returncode == 0, output.stderr
    return json.loads(output.stdout), output.stderr


@pytest.fixture(params=SETS)
def data_set(request):
    return SETS[request.param]()


@pytest.mark.parametrize("ending", WRITERS)
def test_solved_as_written(tmp_path, data_set, ending):
    frame, label = data_set
    path = tmp_path / f"data.{ending}"
    WRITERS[ending](frame, path)
    record, said = command("solve", path, "--label", label, *AS_IT_IS, "--predict", path, "--out", tmp_path / "out.csv")
    assert record["status"] == "stationary" and record["recomputed"]["relative_gradient"] < 1e-12
    assert record["input"]["used_rows"] == len(frame) and "left out: column" in said
    predicted = pd.read_csv(tmp_path / "out.csv")
    # What the program encodes is looked up in its own words, and solved by scikit-learn.
    features = np.column_stack([encoded(frame, column) for column in record["features"]])
    model = LogisticRegression(C=1 / (len(frame) * L2), tol=1e-8, solver="newton-cholesky")
    model.fit(StandardScaler().fit_transform(features), frame[label].astype(str))
    ours = predicted[[f"p_{name}" for name in model.classes_]].to_numpy()
    theirs = model.predict_proba(StandardScaler().fit_transform(features))
    # With two classes scikit-learn has one logit, whose square counts once where that of our two counts twice.
    if len(model.classes_) > 2:
        assert np.abs(ours - theirs).max() < 1e-6
    assert record["data_loss"] == pytest.approx(log_loss(frame[label].astype(str), ours, labels=model.classes_), rel=1e-9)


def encoded(frame, feature):
    """A feature by its name: a column, `COLUMN=LEVEL`, or `COLUMN missing`."""
    if feature in frame:
        return frame[feature].fillna(frame[feature].mean()).astype(float)
    if feature.endswith(" missing"):
        return frame[feature.removesuffix(" missing")].isna().astype(float)
    column, level = feature.split("=", 1)
    return (frame[column].astype(object).where(frame[column].notna(), "missing") == level).astype(float)


def test_weights_are_found(tmp_path, data_set):
    frame, label = data_set
    frame.to_csv(tmp_path / "data.csv")
    options = ["--one-hot", "--missing", "indicator", "--l2", L2]
    record, _ = command("weights", tmp_path / "data.csv", "--label", label, "--target", "equal-shortfall", *options)
    shortfall = np.array(record["shortfall"])
    assert np.abs(shortfall - shortfall[0]).max() < 1e-9


def test_probabilities_are_audited(tmp_path, data_set):
    frame, label = data_set
    numbers = frame.drop(columns=label).select_dtypes("number")
    numbers = numbers.fillna(numbers.mean())
    classes = frame[label].astype(str)
    model = LogisticRegression(tol=1e-8, solver="newton-cholesky").fit(StandardScaler().fit_transform(numbers), classes)
    probabilities = model.predict_proba(StandardScaler().fit_transform(numbers))
    scores = pd.DataFrame(probabilities, columns=model.classes_, index=frame.index).assign(label=classes)
    scores.to_csv(tmp_path / "scores.csv")
    record, said = command("audit", tmp_path / "scores.csv", "--probabilities")
    assert record["stationary"] and record["input"]["used_rows"] == len(frame), said
    assert record["loss"] == pytest.approx(log_loss(classes, probabilities), rel=1e-9)
