"""Functions and their results."""

import copy
import csv
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pytest

import equipoise


def drawn(samples=400, classes=3, seed=3):
    random = np.random.default_rng(seed)
    sizes = (np.array([6, 3, 1][:classes]) * samples) // 10
    y = np.repeat(np.arange(classes), sizes)
    X = random.standard_normal((len(y), 3)) + y[:, None] * 0.7
    return X, y


def check_result(result, rows):
    frame = result.to_frame()
    assert isinstance(frame, pd.DataFrame) and len(frame) == rows
    assert "<table" in result._repr_html_()
    assert type(result).__name__ in repr(result)


def masked(values):
    """The same numbers, the first of them masked."""
    values = np.asarray(values, dtype=float) + 1.0
    return np.ma.array(values, mask=np.arange(len(values)) == 0)


def test_solve_measures_balance():
    X, y = drawn()
    result = equipoise.solve(X, y, loss="focal", gamma=1.0, l2=1e-2)
    assert result.certificate.status == "stationary"
    assert result.to_frame()["residual"].max() < 1e-9
    assert np.allclose(result.mean_probability.sum(axis=1), 1.0)
    check_result(result, 3)
    assert result.plot().get_xlabel() == "predicted class"
    with pytest.raises(ValueError, match="takes no parameter beta"):
        equipoise.solve(X, y, loss="softmax", beta=1.0)
    with pytest.raises(ValueError, match="none of softmax, logistic"):
        equipoise.solve(X, y, loss="hinge")
    with pytest.raises(ValueError, match="did you mean \"softmax\""):
        equipoise.solve(X, y, loss="cross_entropy")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda result: pickle.loads(pickle.dumps(result))])
def test_a_result_can_be_copied_before_anything_is_read_off_it(copied):
    result = equipoise.solve([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1], l2=1e-2)
    again = copied(result)
    assert again.record == result.record and again.certificate.status == "stationary"
    assert np.array_equal(again.mean_probability, result.mean_probability)
    assert {"coef", "record", "mean_probability", "shortfall"} <= set(dir(again))
    with pytest.raises(AttributeError, match="'SolveResult' object has no attribute 'means'"):
        _ = result.means


def test_designed_weights_meet_their_target():
    X, y = drawn()
    names = np.array(["cat", "dog", "eel"])[y]
    design = equipoise.design_weights(X, names, "equal-shortfall", l2=1e-3)
    assert np.ptp(design.shortfall) < 1e-9
    assert set(design.class_weight) == {"cat", "dog", "eel"}
    model = equipoise.SoftmaxRegression(l2=1e-3, class_weight=design.class_weight).fit(X, names)
    probabilities = model.predict_proba(X)
    own = [1 - probabilities[names == name, k].mean() for k, name in enumerate(model.classes_)]
    assert np.allclose(own, design.shortfall, atol=1e-9)
    check_result(design, 3)
    assert design.plot().get_ylabel() == "recall"


def test_targets_that_cannot_be_met_say_so():
    X, y = drawn()
    with pytest.raises(ValueError, match="give 'equal-shortfall'"):
        equipoise.design_weights(X, y, "equal-weights")
    with pytest.raises(equipoise.UnattainableTargetError):
        equipoise.design_weights(X, y, ("shortfall", [1.0, 1e6, 1.0]), l2=1e-3)


def test_effects_are_those_of_problems_solved_again():
    X, y = drawn()
    effects = equipoise.weight_effects(X, y, l2=1e-2)
    step = 1e-4

    def means(weight):
        return equipoise.solve(X, y, class_weight=[1.0, weight, 1.0], l2=1e-2).mean_probability

    differences = (means(np.exp(step)) - means(np.exp(-step))) / (2 * step)
    assert np.abs(effects.effects[1] - differences).max() < 1e-6
    check_result(effects, 27)
    assert effects.plot() is not None


def test_an_audit_says_whether_training_had_converged():
    X, y = drawn()
    model = equipoise.SoftmaxRegression(l2=1e-3, class_weight="balanced").fit(X, y)
    logits = model.decision_function(X)
    result = equipoise.audit(
        y, logits=logits, class_weight="balanced", features=X, coef=model.coef_, intercept=model.intercept_, l2=1e-3
    )
    assert result.stationary
    assert result.record["head"]["agreement"] == 1.0
    assert result.record["prior_corrected"] is not None
    shifted = equipoise.audit(y, logits=logits + [1.0, 0.0, 0.0], class_weight="balanced", recalibrate=True)
    assert not shifted.stationary and shifted.findings
    assert shifted.record["recalibrated"]["added"][0] < 0
    check_result(result, 3)
    assert result.plot().get_ylabel() == "true class"


def test_audits_take_probabilities_names_and_absent_classes():
    probabilities = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]
    by_number = equipoise.audit([0, 1, 1], probabilities=probabilities)
    by_name = equipoise.audit(["a", "b", "b"], probabilities=probabilities, classes=["a", "b", "c"])
    assert by_number.loss == by_name.loss
    assert np.isnan(by_number.recall[2])
    with pytest.raises(ValueError, match="need classes="):
        equipoise.audit(["a", "b", "b"], probabilities=probabilities)
    with pytest.raises(ValueError, match="no classes"):
        equipoise.audit(["a", "b", "x"], probabilities=probabilities, classes=["a", "b", "c"])
    with pytest.raises(ValueError, match="one of them"):
        equipoise.audit([0, 1, 1])
    with pytest.raises(ValueError, match=r"row 2, column 1 \(index 1, 0\): the logit is NaN"):
        equipoise.audit([0, 1], logits=[[0.0, 1.0], [np.nan, 1.0]])


def test_audits_take_labels_as_people_have_them():
    random = np.random.default_rng(0)
    logits, y = random.standard_normal((60, 3)), np.arange(60) % 3
    names = np.array(["a", "b", "c"])
    usual = equipoise.audit(y, logits=logits, class_weight=[1.0, 2.0, 3.0])

    def same(labels, **options):
        return equipoise.audit(labels, logits=logits, **options).loss == usual.loss

    weights = {0: 1.0, 1: 2.0, 2: 3.0}
    for labels in (y, y.astype(object), y[:, None], np.eye(3)[y], np.eye(3)[y] > 0, pd.Series(y, dtype="Int64")):
        assert same(labels, class_weight=weights)
    named = {"classes": names, "class_weight": pd.Series({"c": 3.0, "b": 2.0, "a": 1.0})}
    for labels in (names[y], names[y][:, None], pd.Series(names[y], dtype="category"), np.eye(3)[y]):
        assert same(labels, **named)
    ignored = np.r_[y, [255] * 5]
    more = np.r_[logits, logits[:5]]
    assert equipoise.audit(ignored, logits=more, class_weight=weights, ignore_index=255).loss == usual.loss
    unknown = np.r_[names[y], ["?"] * 5]
    assert equipoise.audit(unknown, logits=more, ignore_index="?", **named).loss == usual.loss


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "object"])
def test_a_label_to_ignore_is_left_out_of_every_type(dtype):
    """-1 is none of the numbers of an unsigned type: 255 would take its place, which may be a class."""
    random = np.random.default_rng(0)
    classes = 300 if dtype != "int8" else 5
    logits, y = random.standard_normal((900, classes)), np.arange(900) % min(classes, 250)
    kept = y != 3
    usual = equipoise.audit(y[kept], logits=logits[kept])
    is_named = "int" in dtype
    names = [{"classes": [f"class {k}" for k in range(classes)]}] if is_named else []
    for options in ({}, {"classes": np.arange(classes)}, *names):
        found = equipoise.audit(y.astype(dtype), logits=logits, ignore_index=3, **options)
        assert found.loss == usual.loss and found.record["class_counts"] == usual.record["class_counts"]
    if dtype == "int8":
        return
    for label in (255, np.iinfo(dtype).max if dtype.startswith("uint") else 2**24):
        marked = np.where(kept, y, label).astype(dtype)
        few = np.where(kept, y % 4, label).astype(dtype)
        assert equipoise.audit(marked, logits=logits, ignore_index=label).loss == usual.loss
        few_usual = equipoise.audit(y[kept] % 4, logits=logits[kept, :4])
        named = {"classes": list("abcd")} if is_named else {}
        assert equipoise.audit(few, logits=logits[:, :4], ignore_index=label, **named).loss == few_usual.loss
    with pytest.raises(ValueError, match="classes are 0 to 3"):
        equipoise.audit(few, logits=logits[:, :4])


def test_whole_numbers_beyond_those_of_int64_are_ignored_too():
    largest = 2**64 - 1
    for labels in (np.array([0, 1, largest], dtype="uint64"), [0, 1, largest], np.array([0, 1, largest], dtype=object)):
        assert equipoise.audit(labels, logits=np.eye(3, 2), ignore_index=largest).record["ignored"] == 1


def test_weights_of_samples_are_one_for_each_as_of_solve():
    X, y = drawn()
    weights = np.random.default_rng(0).uniform(0.1, 3.0, len(y))
    assert equipoise.audit(y, logits=X, sample_weight=pd.Series(weights)).loss == equipoise.audit(y, logits=X, sample_weight=weights).loss
    for wrong in (weights.reshape(-1, 2), weights[:, None], weights[:9], -weights):
        said = []
        for function, options in ((equipoise.audit, {"logits": X}), (equipoise.calibration, {"logits": X}), (equipoise.solve, {"l2": 0.1})):
            with pytest.raises(ValueError) as error:
                arguments = (X, y) if function is equipoise.solve else (y,)
                function(*arguments, sample_weight=wrong, **options)
            said.append(str(error.value))
        assert len(set(said)) == 1, said


def test_probabilities_may_be_rounded_wherever_they_are_taken():
    """Single precision is off by 1e-7."""
    rounded = [[1.0000001, 0.0], [1.0000001, -1e-7]]
    assert equipoise.audit([0, 0], probabilities=rounded).accuracy == 1.0
    assert equipoise.prior_correct(rounded, [1.0, 2.0]).tolist() == [[1.0, 0.0], [1.0, 0.0]]
    for wrong in ([[1.00001, 0.0]], [[1.0, -1e-5]], [[0.0, -1e-7]]):
        with pytest.raises(ValueError, match="probabilities must be numbers from 0 to 1"):
            equipoise.prior_correct(wrong, [1.0, 2.0])


def test_balance_takes_designed_weights():
    P = [[0.8, 0.2], [0.4, 0.6]]
    by_name = equipoise.balance(P, [20, 10], class_weight={"b": 2.0, "a": 1.0}, classes=["a", "b"])
    assert by_name.record == equipoise.balance(P, [20, 10], class_weight=[1.0, 2.0], classes=["a", "b"]).record


def test_words_are_those_of_python():
    """Not the command line's: names of arguments, and functions in place of commands."""
    text = equipoise.losses().to_frame().to_csv()
    assert "--" not in text and "reduction element-mean" in text
    X, y = drawn()
    logits = equipoise.SoftmaxRegression(l2=1e-3).fit(X, y).decision_function(X)
    assert "design_weights(X, y, 'equal-recall') finds one" in repr(equipoise.audit(y, logits=logits))
    shifted = repr(equipoise.audit(y, logits=logits + [5.0, 0.0, 0.0]))
    assert "recalibrate shows" in shifted and "--" not in shifted
    assert shifted.startswith("AuditResult: Softmax cross-entropy (SML): loss ")
    assert "(law I3 of docs/theory.md)" in shifted and "masses" not in shifted
    focal = repr(equipoise.audit(y, logits=logits, loss="focal", gamma=1.5))
    assert focal.startswith("AuditResult: Softmax focal loss, gamma 1.5: loss ")


def test_balance_takes_class_weights_of_every_kind():
    P, counts = [[0.8, 0.2], [0.4, 0.6]], np.array([20.0, 10.0])
    X, y = np.zeros((30, 1)), np.repeat([0, 1], [20, 10])
    for weights in ("balanced", 0.9, 0, {0: 1.0, 1: 3.0}, None):
        numbers = equipoise.SoftmaxRegression(class_weight=weights).fit(X, y).class_weight_
        assert np.allclose(equipoise.balance(P, counts, class_weight=weights).record["mass"], numbers * counts, rtol=1e-14)


def test_probabilities_that_are_zeros_and_ones_are_in_balance():
    """Single precision rounds to them; what remains of zeros is no flow."""
    y = np.random.default_rng(0).integers(0, 3, 300)
    for scores in ({"probabilities": np.eye(3)[y]}, {"logits": 800 * np.eye(3)[y]}):
        result = equipoise.audit(y, **scores)
        assert result.stationary and result.verdict[0].startswith("Balanced as at the end of training"), result.verdict
    wrong = equipoise.audit((y + (np.arange(300) == 7)) % 3, probabilities=np.eye(3)[y])
    assert not wrong.stationary


def test_the_record_of_a_result_has_all_of_it():
    X, y = drawn()
    result = equipoise.solve(X, y, l2=1e-2)
    assert result.record["coefficients"] == result.coef.tolist() and result.record["intercepts"] == result.intercept.tolist()
    assert "coefficients" not in result.certificate.record
    check_result(result.certificate, 1)


def test_results_of_another_analysis_are_kept_unless_told(tmp_path):
    equipoise.run(ANALYSIS, out=tmp_path / "kept")
    with pytest.raises(ValueError, match="choose another out, or give overwrite=True to replace them"):
        equipoise.run({**ANALYSIS, "name": "other"}, out=tmp_path / "kept")


def test_calibration_compares_before_and_after():
    X, y = drawn()
    model = equipoise.SoftmaxRegression(l2=1e-3, class_weight="balanced").fit(X, y)
    frame = equipoise.calibration(y, logits=model.decision_function(X), class_weight="balanced")
    assert list(frame.columns) == ["as_predicted", "prior_corrected"]
    assert frame.loc["log_loss", "prior_corrected"] < frame.loc["log_loss", "as_predicted"]


def test_balance_of_a_matrix():
    P = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.2, 0.1, 0.7]]
    result = equipoise.balance(P, counts=[20, 10, 10], classes=["a", "b", "c"])
    assert result.worst_residual < 1e-12
    assert result.polytope["admissible"]
    check_result(result, 3)
    with pytest.raises(ValueError, match="sum to 1"):
        equipoise.balance(np.array(P) / 2, counts=[20, 10, 10])
    lopsided = equipoise.balance([[0.1, 0.9], [0.0, 1.0]], counts=[10, 10])
    assert not lopsided.polytope["admissible"] and "class 0" in lopsided.polytope["why"]


def test_claims_are_verified_with_progress():
    seen = []
    result = equipoise.verify(["b1"], progress=lambda *at: seen.append(at))
    assert result.holds and result.verdicts[0]["id"] == "B1"
    assert seen and seen[-1][0] <= seen[-1][1]
    check_result(result, 1)
    with pytest.raises(ValueError, match="Z9"):
        equipoise.verify("Z9")


ANALYSIS = {
    "name": "tiny",
    "title": "Two classes of saturated groups",
    "measure": ["mean_probability", "loss"],
    "data": {"groups": {"counts": [[30, 10], [5, 20]]}},
    "series": [{"loss": "logistic"}],
}


def test_runs_return_the_records(tmp_path):
    records = equipoise.run(ANALYSIS, out=tmp_path / "tiny")
    assert set(records["status"]) == {"stationary"}
    with open(tmp_path / "tiny" / "records.csv", newline="") as file:
        written = list(csv.DictReader(file))
    assert [float(row["value"]) for row in written] == records["value"].tolist()
    assert [row["measure"] for row in written] == records["measure"].tolist()
    with pytest.raises(ValueError, match="none of"):
        equipoise.run("no-such-analysis")


def test_text_of_every_kind_goes_into_a_run():
    title = 'q " b \\ n \n t \t umlaut ä smile \U0001f600'
    records = equipoise.run({**ANALYSIS, "title": title})
    assert set(records["status"]) == {"stationary"}
    for analysis in (3, b"binary-weights"):
        with pytest.raises(TypeError, match="analysis must be"):
            equipoise.run(analysis)
    with pytest.raises(TypeError, match="overrides must be"):
        equipoise.run(ANALYSIS, overrides="repetitions=1")
    with pytest.raises(TypeError):
        equipoise.run(ANALYSIS, out=3)


def test_a_thousand_classes_have_room():
    """In a notebook, and in a picture."""
    classes = 1000
    random = np.random.default_rng(0)
    result = equipoise.audit(np.arange(2 * classes) % classes, logits=random.standard_normal((2 * classes, classes)))
    assert len(result._repr_html_()) < 50_000
    width, height = result.plot().figure.get_size_inches()
    assert max(width, height) < 15 and len(result.to_frame()) == classes


def test_losses_are_listed():
    table = equipoise.losses()
    assert len(table.names) == len(set(table.names)) >= 14
    check_result(table, len(table.names))


def test_importing_is_quick():
    """By the processor's time, which other work on the machine does not change."""
    code = "import time; begin = time.process_time(); import equipoise; print(time.process_time() - begin)"
    seconds = min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3))
    assert seconds < 0.1


def test_everything_may_be_imported_at_once():
    """Without PyTorch, too."""
    code = """
        import sys

        class NoTorch:
            def find_spec(self, name, *_):
                if name.split(".")[0] == "torch":
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, NoTorch())
        from equipoise import *
        import equipoise
        print(solve.__name__, len(equipoise.__all__))
    """
    output = subprocess.check_output([sys.executable, "-c", textwrap.dedent(code)], text=True)
    assert output == f"solve {len(equipoise.__all__)}\n"


WITHOUT = """
    import sys

    class Without:
        def find_spec(self, name, *_):
            if name.split(".")[0] in ("matplotlib", "pandas"):
                raise ModuleNotFoundError(name)

    sys.meta_path.insert(0, Without())
    import numpy as np
    import equipoise
    X, y = np.random.default_rng(0).standard_normal((30, 2)), np.arange(30) % 2
    calls = {
        "plot": [
            equipoise.solve(X, y, l2=0.1).plot,
            equipoise.audit(y, logits=X).plot,
            equipoise.balance([[0.8, 0.2], [0.4, 0.6]], [20, 10]).plot,
            equipoise.weight_effects(X, y, l2=0.1).plot,
            equipoise.design_weights(X, y, l2=0.1).plot,
            equipoise.SoftmaxRegression().fit_path(X, y, l2s=3).path_.plot,
        ],
        "to_frame": [equipoise.losses().to_frame],
        "run": [lambda: equipoise.run("averaging")],
        "calibration": [lambda: equipoise.calibration(y, logits=X)],
    }
    for name, functions in calls.items():
        library = "matplotlib" if name == "plot" else "pandas"
        for function in functions:
            try:
                function()
            except ImportError as error:
                print(str(error) == f"{name} needs {library}: pip install {library}", error)
"""


def test_what_is_to_be_installed_is_said_with_the_function_that_was_called():
    output = subprocess.check_output([sys.executable, "-c", textwrap.dedent(WITHOUT)], text=True).splitlines()
    assert len(output) == 9 and all(line.startswith("True") for line in output), output


FORKED = """
    import multiprocessing, warnings
    import numpy as np
    import equipoise
    warnings.simplefilter("ignore")
    random = np.random.default_rng(0)
    X, y = random.standard_normal((20_000, 4)), np.arange(20_000) % 3

    def work(kind):
        if kind == "verify":
            return equipoise.verify("B1", case=0).holds
        if kind == "audit":
            return equipoise.audit(y, logits=X[:, :3]).accuracy
        return equipoise.SoftmaxRegression(l2=1e-3).fit(X, y).coef_.tolist()

    kinds = ["fit", "verify", "audit", "fit"]
    here = [work(kind) for kind in kinds]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = pool.map_async(work, kinds).get(timeout=60)
    print(here == there)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="children of a fork")
def test_a_child_of_multiprocessing_has_threads_of_its_own():
    """After the parent's threads, which a fork leaves behind, have begun."""
    output = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORKED)], capture_output=True, text=True, timeout=120, env={**os.environ, "RAYON_NUM_THREADS": "2"}
    )
    assert output.stdout == "True\n", output.stderr


def test_bars_of_tqdm(capsys):
    pytest.importorskip("tqdm")
    X, y = drawn()
    equipoise.design_weights(X, y, l2=1e-2, progress=True)
    equipoise.verify("B1", case=0, progress=True)
    assert "steps" in (written := capsys.readouterr().err) and "set-ups" in written
    equipoise.design_weights(X, y, l2=1e-2, progress=False)
    assert capsys.readouterr().err == ""


P2 = [[0.8, 0.2], [0.4, 0.6]]


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda X, y: equipoise.solve(X, y, l2=-1), "l2 must be a number from 0"),
        (lambda X, y: equipoise.solve(X, y, l2=None), "l2 must be a number from 0"),
        (lambda X, y: equipoise.solve(X, y, fit_intercept="no"), "fit_intercept must be True or False"),
        (lambda X, y: equipoise.solve(X, np.where(y == 0, np.nan, y)), "Input y contains NaN"),
        (lambda X, y: equipoise.design_weights(X, y, l2="a"), "l2 must be a number from 0"),
        (lambda X, y: equipoise.weight_effects(X, y, l2=np.inf), "l2 must be a number from 0"),
        (lambda X, y: equipoise.audit(y, logits=X, recalibrate="no"), "recalibrate must be True or False"),
        (lambda X, y: equipoise.verify("B1", case=-1), "case must be"),
        (lambda X, y: equipoise.verify("B1", case=0.5), "case must be"),
        (lambda X, y: equipoise.verify(["B1", 2]), "ids must be"),
        (lambda X, y: equipoise.verify(2), "ids must be"),
        (lambda X, y: equipoise.verify("B1", quick="no"), "quick must be True or False"),
        (lambda X, y: equipoise.solve(X, y, tol=-1), "tol must be"),
        (lambda X, y: equipoise.solve(X, y, max_iter=2.5), "max_iter must be"),
        (lambda X, y: equipoise.solve(X, y, time_limit=0), "time_limit must be"),
        (lambda X, y: equipoise.solve(X, y, sample_weight=np.ones(3)), r"sample_weight.shape == \(3,\)"),
        (lambda X, y: equipoise.solve(X, y, sample_weight=-np.ones(len(y))), "Negative values"),
        (lambda X, y: equipoise.solve(X, y[1:]), "inconsistent numbers of samples"),
        (lambda X, y: equipoise.solve(X, y * 0), "at least 2 classes"),
        (lambda X, y: equipoise.solve(X, y, "focal", gamma=-1), "gamma = -1"),
        (lambda X, y: equipoise.solve(X, y, "inr", variant="x", l2=0.1), "unknown variant"),
        (lambda X, y: equipoise.audit(y[:0], logits=X[:0]), "at least one sample"),
        (lambda X, y: equipoise.audit(y + 0.5, logits=X), "whole numbers"),
        (lambda X, y: equipoise.audit(np.where(y == 0, np.nan, y), logits=X), "whole numbers"),
        (lambda X, y: equipoise.audit(y + 1, logits=X), "classes are 0 to 2"),
        (lambda X, y: equipoise.audit(y[1:], logits=X), "one label for each"),
        (lambda X, y: equipoise.audit(y, logits=X, tol=-1), "tol must be"),
        (lambda X, y: equipoise.audit(y, logits=X, coef=np.eye(3)), "give its inputs"),
        (lambda X, y: equipoise.audit(["a"] * len(y), logits=X, classes=["a", "a", "b"]), "must differ"),
        (lambda X, y: equipoise.audit(y, logits=X, reduction="average"), "reduction must be one of 'weighted-mean'"),
        (lambda X, y: equipoise.audit(y, logits=X[None]), "one or two axes"),
        (lambda X, y: equipoise.audit(y, probabilities=X), "from 0 to 1"),
        (lambda X, y: equipoise.design_weights(X, y, ("prior", {0: 0.5})), "one number for each"),
        (lambda X, y: equipoise.design_weights(X, y, None), "give 'equal-shortfall'"),
        (lambda X, y: equipoise.design_weights(X, y, loss="inr"), "does not read class weights"),
        (lambda X, y: equipoise.weight_effects(X, y, loss="focal", l2=0.1), "no response to weights"),
        (lambda X, y: equipoise.weight_effects([[0.0], [1.0]], [0, 1]), "give a penalty"),
        (lambda X, y: equipoise.balance(P2, [0, 1]), "counts must be numbers from 1e-50"),
        (lambda X, y: equipoise.balance(P2, [1, 1e300]), "counts must be numbers from 1e-50"),
        (lambda X, y: equipoise.balance(P2, [1, 2], class_weight="auto"), "class_weight must be a dict"),
        (lambda X, y: equipoise.balance(P2, np.ma.array([1.0, 2.0], mask=[0, 1])), "counts has masked entries"),
        (lambda X, y: equipoise.solve(X, y, sample_weight=masked(y)), "sample_weight has masked entries"),
        (lambda X, y: equipoise.design_weights(X, y, sample_weight=masked(y)), "sample_weight has masked entries"),
        (lambda X, y: equipoise.weight_effects(X, y, sample_weight=masked(y)), "sample_weight has masked entries"),
        (lambda X, y: equipoise.audit(y, logits=X, sample_weight=masked(y)), "sample_weight has masked entries"),
        (lambda X, y: equipoise.solve(X, y, class_weight=masked(range(3))), "class_weight has masked entries"),
        (lambda X, y: equipoise.audit(y, logits=X, class_weight=masked(range(3))), "class_weight has masked entries"),
        (lambda X, y: equipoise.design_weights(X, y, loss="focal"), "no response to weights yet; softmax, logistic, pos-weight have"),
        (lambda X, y: equipoise.audit(y, loggits=X), "takes no parameter loggits"),
        (lambda X, y: equipoise.audit(y + 1, logits=X), r"give classes=range\(1, 4\), or y - 1$"),
        (lambda X, y: equipoise.run({}), "missing field name; docs/analyses.md shows"),
        (lambda X, y: equipoise.balance(P2, [1, 2], class_weight={0: -1.0}), "class_weight of class 0"),
        (lambda X, y: equipoise.balance(P2, [1, 2], classes=["a", "a"]), "2 different names"),
        (lambda X, y: equipoise.balance(P2, [1]), "one row and one column"),
        (lambda X, y: equipoise.balance(P2, [1, 2], classes=["a"]), "2 different names"),
        (lambda X, y: equipoise.prior_correct(P2, {0: 1.0}), "got a dict"),
        (lambda X, y: equipoise.prior_correct(P2, [1.0, -1.0]), "class_weight of class 1"),
        (lambda X, y: equipoise.prior_correct(P2, [1e300, 1e-300]), "class_weight of class 0"),
        (lambda X, y: equipoise.audit(None, logits=X), "should be a 1d array"),
        (lambda X, y: equipoise.audit(1, logits=X), "should be a 1d array"),
        (lambda X, y: equipoise.audit(np.c_[y, y], logits=X), "one label for each row"),
        (lambda X, y: equipoise.audit(np.c_[y, y, y] > 0, logits=X), "one label for each row"),
        (lambda X, y: equipoise.audit(np.eye(2)[y % 2], logits=X), "one label for each row"),
        (lambda X, y: equipoise.audit(np.c_[y, y], logits=X, classes=["a", "b", "c"]), "one label for each row"),
        (lambda X, y: equipoise.audit(y, logits=X + 1j), "Complex data not supported: logits"),
        (lambda X, y: equipoise.audit(y, logits=np.ma.masked_greater(X, 0)), "logits has masked entries"),
        (lambda X, y: equipoise.audit(np.ma.masked_equal(y, 0), logits=X), "y has masked entries"),
        (lambda X, y: equipoise.solve(np.ma.masked_greater(X, 0), y), "Input X has masked entries"),
        (lambda X, y: equipoise.solve(X, np.ma.masked_equal(y, 0)), "Input y has masked entries"),
        (lambda X, y: equipoise.audit(y, logits=X, tol="a"), "tol must be"),
        (lambda X, y: equipoise.audit(y, logits=X, l2=np.nan), "l2 must be"),
        (lambda X, y: equipoise.audit(y, logits=X, l2="a"), "l2 must be"),
        (lambda X, y: equipoise.audit(y, logits=X, reduction=None), "reduction must be one of"),
        (lambda X, y: equipoise.audit(y, logits=X, loss=None), "loss must be the name"),
        (lambda X, y: equipoise.audit(y, logits=X, loss="focal", gamma="a"), "gamma"),
        (lambda X, y: equipoise.audit(y, logits=X, loss="inr", beta=1.0, variant=None), "variant"),
        (lambda X, y: equipoise.audit(y, logits=X, class_weight=1.0), "class_weight must be .* a number from 0 to below 1"),
        (lambda X, y: equipoise.audit(y, logits=X, class_weight=[[1.0, 2.0, 3.0]]), r"shape \(1, 3\)"),
        (lambda X, y: equipoise.audit(y, logits=X, class_weight={"a": 1.0}), r"The classes, \[0, 1, 2\], are not in"),
        (lambda X, y: equipoise.audit(y, logits=X, class_weight=pd.Series([1.0, 2.0, 3.0], index=list("abc"))), "are not in"),
        (lambda X, y: equipoise.audit(y, logits=X, features=X, coef=np.ones((3, 5))), "^coef: has shape"),
        (lambda X, y: equipoise.audit(y, logits=X, features=X, coef=np.eye(3), intercept=[1.0]), "^intercept: has shape"),
        (lambda X, y: equipoise.audit(y, logits=X, features=X, coef=np.eye(3), intercept=np.ones((1, 3))), "intercept must have one axis"),
        (lambda X, y: equipoise.audit(y, logits=X, alternatives="yes"), "alternatives must be True or False"),
        (lambda X, y: equipoise.audit(y, logits=X, classes=[["a", "b", "c"]]), r"classes of shape \(1, 3\)"),
        (lambda X, y: equipoise.prior_correct([[np.nan, 1.0]], [1.0, 1.0]), "from 0 to 1"),
        (lambda X, y: equipoise.prior_correct([[0.0, 0.0]], [1.0, 1.0]), "above 0"),
        (lambda X, y: equipoise.verify([]), "ids is empty"),
        (lambda X, y: equipoise.verify("B1", seed=-1), "seed must be"),
        (lambda X, y: equipoise.verify("B1", case=10**9), "has cases"),
        (lambda X, y: equipoise.run({**ANALYSIS, "data": {"nothing": 1}}), "nothing"),
        (lambda X, y: equipoise.run("no-such.toml"), "no-such.toml"),
        (lambda X, y: equipoise.run(ANALYSIS, overrides={"zzz": 1}), "zzz"),
        (lambda X, y: equipoise.losses().parameters("hinge"), "none of"),
    ],
)
def test_bad_input_is_named(call, text):
    with pytest.raises((ValueError, OSError), match=text) as error:
        call(*drawn())
    assert "--" not in str(error.value) and "\n" not in str(error.value)


INTERRUPTED = """
    import signal, sys, time
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import numpy as np
    import equipoise
    {prepare}
    print("ready", flush=True)
    try:
        {work}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize(
    "prepare, work",
    [
        ("", 'equipoise.verify(["B", "R"], quick=False)'),
        (
            "X = np.random.default_rng(0).standard_normal((3000, 40)); y = np.arange(3000) % 30",
            "while True: equipoise.SoftmaxRegression(l2=1e-6).fit(X, y)",
        ),
        (
            "X = np.random.default_rng(0).standard_normal((20_000, 8)); y = np.arange(20_000) % 20",
            "equipoise.weight_effects(X, y, l2=1e-3)",
        ),
    ],
    ids=["verify", "fit", "effects"],
)
def test_ctrl_c_stops(prepare, work):
    code = textwrap.dedent(INTERRUPTED).format(prepare=prepare, work=work)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert output == "interrupted\n", errors
    assert "panic" not in errors


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (lambda X, y: equipoise.solve(np.where(X > 2, np.nan, X), y), ValueError, "Input X contains NaN"),
        (lambda X, y: equipoise.solve(X, np.zeros(len(y))), ValueError, "needs samples of at least 2 classes in the data"),
        (lambda X, y: equipoise.solve(X, []), ValueError, "inconsistent numbers of samples"),
        (lambda X, y: equipoise.solve(X, y, class_weight=True), ValueError, "class_weight must be a dict, 'balanced', a number .* or None; got True"),
        (lambda X, y: equipoise.solve(X, y, "focal", gamma=None), ValueError, 'loss "focal": gamma: must be real number, not NoneType'),
        (lambda X, y: equipoise.solve(X, y, "focal", gama=1), ValueError, "takes no parameter gama"),
        (lambda X, y: equipoise.design_weights(X, y, loss="inr"), ValueError, "target equal-shortfall: this loss does not read class weights"),
        (lambda X, y: equipoise.audit(y, logits=sparse_of(X)), TypeError, "Sparse data was passed for logits, but dense data is required"),
        (lambda X, y: equipoise.audit(y, logits=X, classes=["1", "2", "3"]), ValueError, "labels that are no classes"),
        (lambda X, y: equipoise.audit(y + 1, logits=X, classes=["a", "b", "c"]), ValueError, "row .*: 3, but classes are 0 to 2"),
        (lambda X, y: equipoise.run("nowhere.toml"), FileNotFoundError, "nowhere.toml"),
    ],
)
def test_bad_input_of_functions_is_named(call, kind, text):
    X, y = drawn()
    with pytest.raises(kind, match=text) as error:
        call(X, y)
    assert "TypeError" not in str(error.value)


def sparse_of(X):
    import scipy.sparse

    return scipy.sparse.csr_matrix(X)


def test_labels_of_an_audit_are_names_or_numbers_of_columns():
    """A network's targets are numbers, also where its classes have names."""
    X, y = drawn()
    names = np.array(["ant", "bee", "cat"])
    by_name = equipoise.audit(names[y], logits=X, classes=names)
    by_number = equipoise.audit(y, logits=X, classes=names)
    assert by_number.record == by_name.record and by_number.classes == names.tolist()
    ignored = equipoise.audit(np.where(y == 2, -100, y), logits=X, classes=names)
    assert ignored.record["class_counts"][:2] == by_name.record["class_counts"][:2] and ignored.record["class_counts"][2] == 0
