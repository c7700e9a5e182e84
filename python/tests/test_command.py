"""The same numbers as the command line, to the last bit, on the repository's cases."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import equipoise

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
COMMAND = Path(os.environ.get("EQUIPOISE", ROOT / "target" / "debug" / "equipoise"))
TABLES = ["s01-two-dummies", "s02-three-dummies", "s04-total-is-a-plus-b", "s05-onehot-false-proof", "s07-cm-and-inch"]
TABLES += ["s09-collinear-1e-12", "s10-float32-total", "s12-overlap-of-1e-12", "s14-separable-by-2e-9", "s24-weekend-dummy"]
# What differs between two runs; what was read from where; advice is in the words of the place.
APART = {"seconds", "input", "advice"}
# A certificate leaves out the head, which results and classifiers have as arrays; a fit does not measure over the samples.
HEAD = {"coefficients", "intercepts"}
MEASURED = {"mean_probability", "shortfall", "ledger", "neglect", "calibration", "classification", "remaining_balance"}

pytestmark = pytest.mark.skipif(not COMMAND.is_file(), reason=f"{COMMAND} is not built")


def command(*arguments):
    output = subprocess.run([COMMAND, *map(str, arguments), "--format", "json"], capture_output=True, text=True)
    assert output.returncode in (0, 1), output.stderr
    return json.loads(output.stdout)


def alike(ours, theirs):
    """Equal to the last bit; JSON has null where there is no number."""
    if isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if theirs is None:
        return ours is None or ours != ours
    return ours == theirs


def without(record, more=frozenset()):
    return {key: value for key, value in record.items() if key not in APART | more}


def assert_same(ours, theirs, more=frozenset()):
    """The same keys, but for those that are named, and the same values to the last bit."""
    ours, theirs = without(ours, more), without(theirs, more)
    assert ours.keys() == theirs.keys()
    assert alike(ours, theirs)


def table(name):
    frame = pd.read_csv(CASES / f"{name}.csv")
    return frame.drop(columns="y"), frame["y"]


@pytest.mark.parametrize("loss", ["logistic", "softmax"])
@pytest.mark.parametrize("name", TABLES)
def test_solving_is_that_of_the_command(name, loss):
    X, y = table(name)
    theirs = command("solve", CASES / f"{name}.csv", "--label", "y", "--loss", loss)
    try:
        result = equipoise.solve(X.astype(float), y, loss=loss)
    except equipoise.SeparableDataError as error:
        assert theirs["status"] == "separable"
        direction = theirs["separation"]["direction"]
        assert error.direction.tolist() == direction["coefficients"]
        assert error.intercept.tolist() == direction["intercepts"]
        return
    except equipoise.NotConvergedError as error:
        assert theirs["status"] == "not_converged" and theirs["why"] in str(error)
        return
    assert_same(result.record, theirs)
    assert_same(result.certificate.record, theirs, HEAD)
    assert result.coef.tolist() == theirs["coefficients"]
    assert result.intercept.tolist() == theirs["intercepts"]
    kind = equipoise.LogisticRegression if loss == "logistic" else equipoise.SoftmaxRegression
    model = kind(l2=0.0).fit(X.astype(float), y)
    assert model.coef_.tolist() == theirs["coefficients"]
    assert model.intercept_.tolist() == theirs["intercepts"]
    assert model.certificate_.gradient == theirs["recomputed"]["gradient_inf"]


def test_sample_weights_are_those_of_the_command():
    X, y = table("c25-frequency-weights")
    theirs = command(
        "solve", CASES / "c25-frequency-weights.csv", "--label", "y", "--loss", "logistic", "--sample-weights", "w"
    )
    model = equipoise.LogisticRegression(l2=0.0).fit(X.drop(columns="w").astype(float), y, sample_weight=X["w"])
    assert model.coef_.tolist() == theirs["coefficients"]
    assert model.intercept_.tolist() == theirs["intercepts"]


def drawn():
    random = np.random.default_rng(11)
    y = np.repeat([0, 1, 2], [60, 30, 15])
    return random.standard_normal((len(y), 3)) + 0.8 * y[:, None], y


SWEPT = ["--l2", "1e-5..1e-1:7"]


def kept(folder, X, y, name):
    """Samples as the command reads them, and as a frame."""
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    frame.assign(y=y).to_csv(folder / name, index=False)
    return frame


@pytest.mark.parametrize("weights", [None, "balanced", {0: 1.0, 1: 2.0, 2: 5.0}], ids=str)
@pytest.mark.parametrize(
    "model, options",
    [
        (equipoise.LogisticRegression(), ["--loss", "logistic"]),
        (equipoise.SoftmaxRegression(fit_intercept=False), ["--loss", "softmax", "--no-intercept"]),
        (equipoise.InrClassifier(beta=2.0), ["--loss", "inr", "--beta", "2"]),
    ],
    ids=["logistic", "softmax", "inr"],
)
def test_a_path_is_the_sweep_of_the_command(tmp_path, model, options, weights):
    X, y = drawn()
    frame = kept(tmp_path, X, y, "data.csv")
    if options[1] != "inr":
        model.set_params(class_weight=weights)
        if weights is not None:
            options = [*options, "--class-weights", weights if weights == "balanced" else "1,2,5"]
    theirs = command("solve", tmp_path / "data.csv", "--label", "y", *SWEPT, "--test", "0.25", "--seed", "3", *options)
    model.fit_path(frame, y, l2s=7, l2_range=(1e-5, 1e-1), test=0.25, seed=3)
    assert alike(model.path_.record, theirs["sweep"]) and len(theirs["sweep"]["penalties"]) == 7
    assert_same(model.certificate_.record, theirs, HEAD | MEASURED)
    assert not MEASURED & model.certificate_.record.keys()
    assert model.l2_ == theirs["l2"]
    assert model.coef_.tolist() == theirs["coefficients"]
    assert model.intercept_.tolist() == theirs["intercepts"]


def test_a_path_tested_on_other_samples_is_the_sweep_of_the_command(tmp_path):
    X, y = drawn()
    frame, other = kept(tmp_path, X, y, "data.csv"), kept(tmp_path, X[::3] - 0.1, y[::3], "other.csv")
    theirs = command("solve", tmp_path / "data.csv", "--label", "y", *SWEPT, "--test", tmp_path / "other.csv")
    listed = [penalty["l2"] for penalty in theirs["sweep"]["penalties"]]
    model = equipoise.SoftmaxRegression().fit_path(frame, y, l2s=listed, test=(other, y[::3]))
    assert alike(model.path_.record["penalties"], theirs["sweep"]["penalties"])
    ours, theirs_tested = model.certificate_.record["test"], theirs["test"]
    assert alike({**ours, "source": ""}, {**theirs_tested, "source": ""})
    assert model.coef_.tolist() == theirs["coefficients"]


def test_designed_weights_are_those_of_the_command(tmp_path):
    X, y = drawn()
    pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y).to_csv(tmp_path / "data.csv", index=False)
    theirs = command("weights", tmp_path / "data.csv", "--label", "y", "--target", "equal-shortfall", "--l2", "1e-3")
    ours = equipoise.design_weights(X, y, "equal-shortfall", l2=1e-3)
    assert_same(ours.record, theirs)


@pytest.mark.parametrize("loss, parameters", [("softmax", {}), ("logistic", {}), ("focal", {"gamma": 1.5}), ("inr", {"beta": 2.0})])
def test_audits_are_those_of_the_command(tmp_path, loss, parameters):
    X, y = drawn()
    model = equipoise.SoftmaxRegression(l2=1e-2, class_weight="balanced").fit(X, y)
    logits = model.decision_function(X)
    np.savez(tmp_path / "model.npz", logits=logits, labels=y, features=X, weight=model.coef_, bias=model.intercept_)
    options = [option for name, value in parameters.items() for option in (f"--{name}", value)]
    weights = [] if loss == "inr" else ["--class-weights", "balanced"]
    theirs = command("audit", tmp_path / "model.npz", "--loss", loss, "--l2", "1e-2", "--recalibrate", *options, *weights)
    ours = equipoise.audit(
        y,
        logits=logits,
        loss=loss,
        class_weight=None if loss == "inr" else "balanced",
        features=X,
        coef=model.coef_,
        intercept=model.intercept_,
        l2=1e-2,
        recalibrate=True,
        alternatives=True,
        **parameters,
    )
    assert_same(ours.record, theirs)
    assert ("alternatives" in theirs) == (not ours.stationary)


def test_other_losses_are_those_of_the_command(tmp_path):
    X, y = drawn()
    logits = equipoise.SoftmaxRegression(l2=1e-2, class_weight="balanced").fit(X, y).decision_function(X)
    np.savez(tmp_path / "model.npz", logits=logits, labels=y)
    theirs = command("audit", tmp_path / "model.npz")
    ours = equipoise.audit(y, logits=logits, alternatives=True)
    assert_same(ours.record, theirs)
    assert ours.record["alternatives"][0]["stationary"] and "stationary for softmax with balanced weights" in ours.verdict[0]
    assert "loss softmax class_weight balanced" in ours.verdict[2]
    # They take many times as long as the audit, and are tried where that is asked for.
    assert_same(equipoise.audit(y, logits=logits).record, theirs, {"alternatives"})


def test_claims_are_those_of_the_command():
    assert alike(equipoise.verify("B1").verdicts, command("verify", "B1", "--quick"))
