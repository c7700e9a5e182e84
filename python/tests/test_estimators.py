"""Conventions of scikit-learn: its own checks, and what people do with classifiers."""

import pickle
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import expit, softmax
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.feature_selection import RFE
from sklearn.linear_model import LogisticRegression as PeerLogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from equipoise import (
    InrClassifier,
    LogisticRegression,
    LogisticRegressionPath,
    NotConvergedError,
    SeparableDataError,
    SeparableDataWarning,
    SoftmaxRegression,
    solve,
)

ALL = [LogisticRegression(), SoftmaxRegression(), InrClassifier()]


@parametrize_with_checks(ALL)
def test_scikit_learn_finds_nothing(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def drawn(samples=300, features=4, classes=3, seed=5):
    random = np.random.default_rng(seed)
    X = random.standard_normal((samples, features))
    heads = random.standard_normal((features, classes))
    y = np.argmax(X @ heads + random.gumbel(size=(samples, classes)), axis=1)
    return X, y


X3, Y3 = drawn(samples=60)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1.0, 1: 2.0, 2: 0.5}])
def test_softmax_solves_scikit_learn_problem(class_weight):
    X, y = drawn()
    ours = SoftmaxRegression(C=0.7, class_weight=class_weight).fit(X, y)
    peer = PeerLogisticRegression(C=0.7, class_weight=class_weight, tol=1e-12, max_iter=10_000, solver="newton-cg")
    peer.fit(X, y)
    assert np.abs(ours.coef_ - peer.coef_).max() < 1e-6
    assert np.abs(ours.predict_proba(X) - peer.predict_proba(X)).max() < 1e-6
    assert ours.certificate_.gradient < 1e-13


def test_binary_solves_scikit_learn_problem_with_sample_weights():
    X, y = drawn(classes=2)
    weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(float)
    ours = LogisticRegression(C=2.0).fit(X, y, sample_weight=weight)
    peer = PeerLogisticRegression(C=2.0, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(X, y, weight)
    assert ours.coef_.shape == (1, 4)
    assert np.abs(ours.coef_ - peer.coef_).max() < 1e-8
    repeated = LogisticRegression(C=2.0).fit(np.repeat(X, weight.astype(int), 0), np.repeat(y, weight.astype(int)))
    assert np.abs(ours.coef_ - repeated.coef_).max() < 1e-12


@pytest.mark.parametrize("classes, kind", [(2, LogisticRegression), (3, SoftmaxRegression)])
def test_without_intercepts_it_is_scikit_learn_problem_too(classes, kind):
    X, y = drawn(classes=classes)
    X = X + 1.0
    ours = kind(C=0.7, fit_intercept=False).fit(X, y)
    peer = PeerLogisticRegression(C=0.7, fit_intercept=False, tol=1e-12, max_iter=10_000, solver="newton-cg").fit(X, y)
    assert (ours.intercept_ == 0).all() and ours.certificate_.gradient < 1e-13
    assert np.abs(ours.coef_ - peer.coef_).max() < 1e-6
    assert np.abs(ours.coef_ - kind(C=0.7).fit(X, y).coef_).max() > 1e-3
    loss = "logistic" if classes == 2 else "softmax"
    path = LogisticRegressionPath([0.1, 0.7], loss=loss, fit_intercept=False).fit(X, y)
    assert np.abs(path.coefs_[1] - ours.coef_).max() < 1e-9 and (path.intercepts_ == 0).all()
    assert np.abs(solve(X, y, loss, l2=1 / (0.7 * len(y)), fit_intercept=False).coef - ours.coef_).max() < 1e-9


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layout_and_precision_change_nothing(order, dtype):
    X, y = drawn()
    X = X.astype(np.float32)
    ours = SoftmaxRegression(l2=1e-3).fit(np.asarray(X, dtype=dtype, order=order), y)
    usual = SoftmaxRegression(l2=1e-3).fit(np.asarray(X, dtype=np.float64), y)
    assert (ours.coef_ == usual.coef_).all()
    assert (ours.intercept_ == usual.intercept_).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("values", [[0, 1, 2], [3, 7, 90], [-1, 0, 5], [10**12, 1, 2], [1, 0, 0]], ids=str)
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.uint32, np.int8, float])
def test_labels_of_every_type_are_those_of_lists(dtype, values, weighted):
    # Arrays of small whole numbers are read by the compiled part, lists by scikit-learn.
    drawn = np.arange(90) % 3
    labels = np.array(values)[drawn]
    if (labels.astype(dtype) != labels).any():
        pytest.skip("this type does not hold these labels")
    labels = labels.astype(dtype)
    X = np.random.default_rng(5).standard_normal((90, 2)) + drawn[:, None]
    weights = np.arange(90) % 4 + 0.5 if weighted else None
    model = SoftmaxRegression(C=0.7).fit(X, labels, weights)
    listed = SoftmaxRegression(C=0.7).fit(X.tolist(), labels.tolist(), weights)
    assert model.classes_.dtype == dtype
    assert model.classes_.tolist() == listed.classes_.tolist() == np.unique(labels).tolist()
    assert np.array_equal(model.coef_, listed.coef_)
    assert np.array_equal(model.intercept_, listed.intercept_)
    assert model.certificate_.record["class_counts"] == listed.certificate_.record["class_counts"]


def test_weights_of_another_number_of_samples_are_refused():
    X, y = np.zeros((10, 2)), np.arange(8) % 2
    with pytest.raises(ValueError, match="sample_weight.shape|inconsistent numbers of samples"):
        SoftmaxRegression().fit(X, y, np.ones(8) * 2)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SoftmaxRegression().fit(X, y, np.ones(10) * 2)


@pytest.mark.parametrize("dtype", [np.float16, np.uint8, np.int16, bool])
def test_small_numbers_take_single_precision(dtype):
    """Halves of a network's features and pixels: exact, and half the memory of doubles."""
    import tracemalloc

    X, y = drawn(samples=20_000, features=50)
    X = np.abs(4 * X).astype(dtype)
    usual = SoftmaxRegression(l2=1e-2).fit(X.astype(np.float64), y)
    tracemalloc.start()
    model = SoftmaxRegression(l2=1e-2).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (model.coef_ == usual.coef_).all() and peak < 6 * X.size
    assert (model.predict(X) == usual.predict(X)).all()


def test_frames_name_their_features(iris):
    X, y = iris
    names = ["a", "b", "c", "d"]
    usual = SoftmaxRegression().fit(X, y)
    for frame in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)):
        model = SoftmaxRegression().fit(frame, y)
        assert list(model.feature_names_in_) == names
        assert (model.coef_ == usual.coef_).all()
        assert (model.predict(frame) == usual.predict(X)).all()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(pd.DataFrame(X, columns=names[::-1]))


def test_pipelines_and_searches(iris):
    X, y = iris
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0, 10.0]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.9
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert (again.predict_proba(X) == search.predict_proba(X)).all()


def test_prior_correction_undoes_class_weights():
    X, y = drawn(classes=2)
    model = LogisticRegression(C=1e6, class_weight={0: 1.0, 1: 4.0}).fit(X, y)
    odds = lambda p: p[:, 1] / p[:, 0]
    plain, corrected = model.predict_proba(X), model.predict_proba(X, prior_corrected=True)
    assert np.allclose(odds(corrected), odds(plain) / 4.0, rtol=1e-12)
    assert np.allclose(corrected.sum(axis=1), 1.0)


def test_separable_classes_have_an_exception_or_a_warning():
    X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    with pytest.raises(SeparableDataError, match="no minimum") as error:
        LogisticRegression(C=np.inf).fit(X, y)
    assert error.value.direction.shape == (1, 1)
    with pytest.warns(SeparableDataWarning) as caught:
        model = LogisticRegression(C=np.inf, separable="warn").fit(X, y)
    assert (caught[0].message.direction == model.coef_).all()
    assert model.predict(X).tolist() == y
    assert model.certificate_.status == "separable"
    with pytest.raises(SeparableDataError):
        model.predict_proba(X)


def test_a_search_that_is_cut_short_warns():
    X, y = drawn()
    with pytest.warns(ConvergenceWarning, match="limit of 1 iterations was reached; raise max_iter"):
        model = SoftmaxRegression(max_iter=1).fit(X, y)
    assert model.certificate_.status == "not_converged"
    assert np.isfinite(model.coef_).all()


def test_dependent_columns_are_named():
    X, y = drawn()
    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "both": X[:, 0] + X[:, 1]})
    model = SoftmaxRegression(C=np.inf).fit(table, y)
    assert model.certificate_.gradient < 1e-10
    assert "both" in str(model.certificate_.dependent_columns)


def stop(*_):
    raise KeyboardInterrupt


SEPARABLE = np.arange(10.0)[:, None] * [1.0, 1.0], np.array(list("aaaaabbbbb"))
WITHOUT_ANSWER = {
    "separable": (SeparableDataError, lambda model: model.fit(*SEPARABLE)),
    "separable frame": (SeparableDataError, lambda model: model.fit(pd.DataFrame(SEPARABLE[0], columns=["u", "v"]), SEPARABLE[1])),
    "interrupted": (KeyboardInterrupt, lambda model: model.fit(X3[:, :3], np.array(list("xyz"))[(Y3 + 1) % 3], callback=stop)),
    "interrupted path": (KeyboardInterrupt, lambda model: model.fit_path(X3[:, :3], Y3 + 1, l2s=3, callback=stop)),
    "weights of other classes": (ValueError, lambda model: clone(model).set_params(class_weight={7: 1.0}).fit(X3[:, :3], Y3)),
}


@pytest.mark.parametrize("name", WITHOUT_ANSWER)
@pytest.mark.parametrize("kind", [LogisticRegression, SoftmaxRegression])
def test_a_fit_without_an_answer_changes_nothing(kind, name):
    """Neither classes of one fit beside coefficients of another, nor a model that is fitted by halves."""
    error, attempt = WITHOUT_ANSWER[name]
    first = kind(C=np.inf)
    with pytest.raises(error):
        attempt(first)
    with pytest.raises(NotFittedError):
        first.predict(X3)
    assert not [name for name in vars(first) if name.endswith("_")]
    for table in (X3, pd.DataFrame(X3, columns=list("abcd"))):
        model = kind(C=np.inf).fit_path(table, Y3, l2s=[1e-2, 1e-1])
        before, fitted = model.predict_proba(table), dict(vars(model))
        with pytest.raises(error):
            attempt(model)
        assert vars(model) == fitted and (model.predict_proba(table) == before).all()


def test_a_path_without_an_answer_changes_nothing():
    path = LogisticRegressionPath([0.1, 1.0])
    with pytest.raises(KeyboardInterrupt):
        path.fit(X3, Y3, callback=stop)
    with pytest.raises(NotFittedError):
        path.at(1.0)
    fitted = dict(vars(path.fit(X3, Y3)))
    with pytest.raises(KeyboardInterrupt):
        path.set_params(Cs=[0.1, 1.0]).fit(X3[:, :2], Y3 + 1, callback=stop)
    assert {name: value for name, value in vars(path).items() if name != "Cs"} == {n: v for n, v in fitted.items() if n != "Cs"}
    assert path.at(1.0).predict(X3).shape == (60,)


def test_a_path_knows_its_features():
    path = LogisticRegressionPath([1.0]).fit(pd.DataFrame(X3, columns=list("abcd")), Y3)
    assert path.n_features_in_ == 4 and path.feature_names_in_.tolist() == path.at(1.0).feature_names_in_.tolist() == list("abcd")
    path.fit(X3[:, :2], Y3)
    assert path.n_features_in_ == 2 and not hasattr(path, "feature_names_in_")


@pytest.mark.parametrize("kind", ALL, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("classes", [2, 3])
def test_logarithms_of_probabilities_are_finite_and_exact(kind, classes):
    X, y = drawn(classes=classes)
    model = clone(kind).set_params(l2=1e-4).fit(X, y)
    usual = model.predict_log_proba(X)
    assert np.abs(np.expm1(usual - np.log(model.predict_proba(X)))).max() < 1e-12
    far = model.predict_log_proba(X * 2000)
    assert np.isfinite(far).all() and far.min() < -1000 and (far <= 0).all()
    if isinstance(model, SoftmaxRegression):
        # The likeliest class has the digits that its probability rounds away.
        logits = np.array([[40.0, 0.0, -1.0][:classes]])
        exact = -np.log1p(np.exp(logits[0, 1:] - 40.0).sum())
        assert abs(model._log_probabilities(logits)[0, 0] / exact - 1) < 1e-12
    separable = LogisticRegression(C=np.inf, separable="warn")
    with pytest.warns(SeparableDataWarning):
        separable.fit(*SEPARABLE)
    with pytest.raises(SeparableDataError):
        separable.predict_log_proba(SEPARABLE[0])


def test_the_gradient_is_known_where_a_search_was_cut_short():
    X, y = drawn(classes=2)
    with pytest.warns(ConvergenceWarning):
        model = LogisticRegression(max_iter=1, l2=1e-3).fit(X, y)
    residual = (model.predict_proba(X)[:, 1] - y) / len(y)
    gradient = np.append(residual @ X + 1e-3 * model.coef_[0], residual.sum())
    assert abs(model.certificate_.gradient - np.abs(gradient).max()) < 1e-14
    frame = model.certificate_.to_frame()
    assert frame["status"].tolist() == ["not_converged"] and "<table" in model.certificate_._repr_html_()


def test_advice_is_given_once():
    random = np.random.default_rng(0)
    y = random.integers(0, 3, 150)
    X = random.standard_normal((150, 4)) + y[:, None] * 0.5
    for table in (X + 1e12, X * 1e-310):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                LogisticRegression(C=np.inf).fit(table, y > 0)
            except NotConvergedError as error:
                texts = [str(error)]
            else:
                texts = [str(warning.message) for warning in caught]
        assert texts and all(text.count("rescale") + text.count("subtract") == 1 for text in texts)


def test_inr_has_two_variants():
    X, y = drawn()
    attached = InrClassifier(beta=3.0, l2=1e-2).fit(X, y)
    detached = InrClassifier(beta=3.0, detached=True, l2=1e-2).fit(X, y)
    assert attached.certificate_.status == detached.certificate_.status == "stationary"
    assert np.abs(attached.coef_ - detached.coef_).max() > 1e-6
    assert np.allclose(attached.predict_proba(X).sum(axis=1), 1.0)


@pytest.mark.parametrize("loss, kind", [("logistic", LogisticRegression), ("softmax", SoftmaxRegression)])
def test_paths_are_their_single_fits(loss, kind):
    X, y = drawn()
    path = LogisticRegressionPath(Cs=[0.01, 1.0, 100.0], loss=loss, class_weight="balanced").fit(X, y)
    for place, C in enumerate(path.Cs_):
        single = kind(C=C, class_weight="balanced").fit(X, y)
        assert np.abs(path.coefs_[place] - single.coef_).max() < 1e-9
        assert path.certificates_[place].status == "stationary"
    assert (path.at(1.0).predict(X) == kind(C=1.0, class_weight="balanced").fit(X, y).predict(X)).all()
    with pytest.raises(ValueError, match="not on the path"):
        path.at(3.0)


def test_a_path_warns_of_values_without_an_answer():
    with pytest.warns(SeparableDataWarning):
        path = LogisticRegressionPath(Cs=[1.0, np.inf]).fit([[0.0], [1.0]], [0, 1])
    assert np.isfinite(path.coefs_[0]).all() and np.isnan(path.coefs_[1]).all()
    assert path.at(1.0).predict([[1.0]]) == [1]
    with pytest.raises(SeparableDataError):
        path.at(np.inf)
    with pytest.warns(ConvergenceWarning, match="limit of 1 iterations was reached; raise max_iter"):
        cut = LogisticRegressionPath(Cs=[1.0], max_iter=1).fit(*drawn())
    with pytest.raises(NotConvergedError, match="limit of 1 iterations"):
        cut.at(1.0)
    with pytest.raises(NotFittedError):
        LogisticRegressionPath(Cs=[1.0]).at(1.0)


def test_a_path_goes_on_from_value_to_value_in_any_order():
    X, y = drawn()
    values = np.logspace(-3, 3, 25)
    path = LogisticRegressionPath(values, loss="softmax").fit(X, y)
    singles = [SoftmaxRegression(C=C).fit(X, y) for C in values]
    gradients = [certificate.relative_gradient for certificate in path.certificates_]
    assert max(gradients) < 1e-13
    assert max(np.abs(path.coefs_[k] - single.coef_).max() for k, single in enumerate(singles)) < 1e-9
    steps = sum(certificate.iterations for certificate in path.certificates_)
    assert steps < sum(single.certificate_.iterations for single in singles)
    mixed = np.random.default_rng(0).permutation(len(values))
    again = LogisticRegressionPath(values[mixed], loss="softmax").fit(X, y)
    assert (again.coefs_ == path.coefs_[mixed]).all()
    twice = LogisticRegressionPath([1.0, 1.0, np.inf], loss="softmax").fit(X, y)
    assert np.abs(twice.coefs_[0] - twice.coefs_[1]).max() < 1e-12
    assert (twice.coefs_[2] == SoftmaxRegression(C=np.inf).fit(X, y).coef_).all()


@pytest.mark.parametrize("Cs", [[], [0.0], [-1.0], [np.nan], [[1.0]], 0, -1, "many", [[1.0], [1.0, 2.0]]])
def test_paths_need_values(Cs):
    with pytest.raises(ValueError, match="Cs must be"):
        LogisticRegressionPath(Cs).fit(*drawn())


def test_fit_path_chooses_the_penalty_by_held_out_samples():
    X, y = drawn()
    names = np.array(["ant", "bee", "cat"])[y]
    model = SoftmaxRegression(class_weight="balanced").fit_path(X, names, l2s=7, l2_range=(1e-4, 10.0), test=0.25, seed=3)
    path = model.path_
    assert (np.diff(path.l2s) < 0).all() and (path.l2s[0], path.l2s[-1]) == (10.0, 1e-4)
    assert model.l2_ == path.best == path.l2s[path.log_loss.argmin()]
    assert path.most_accurate == path.l2s[path.accuracy.argmax()]
    alone = SoftmaxRegression(l2=model.l2_, class_weight="balanced").fit(X, names)
    assert np.abs(model.coef_ - alone.coef_).max() < 1e-9 and model.certificate_.gradient < 1e-13
    assert (model.predict(X) == alone.predict(X)).all()
    frame = path.to_frame()
    assert frame.shape == (7, 6) and (frame["log_loss"].to_numpy() == path.log_loss).all()
    assert path.plot().get_xscale() == "log" and "<table" in path._repr_html_() and "best l2" in repr(path)
    again = pickle.loads(pickle.dumps(model))
    assert again.path_.best == path.best
    assert not hasattr(model.fit(X, names), "path_") and not hasattr(model, "l2_")


@pytest.mark.parametrize("kind", [LogisticRegression, SoftmaxRegression])
def test_fit_path_tests_on_other_samples_too(kind):
    X, y = drawn()
    other, labels = drawn(samples=90, seed=6)
    weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(float)
    model = kind().fit_path(X, y, weight, l2s=[1e-3, 1e-1], test=(other.astype(np.float32), labels))
    for l2, accuracy, loss in zip(model.path_.l2s, model.path_.accuracy, model.path_.log_loss, strict=True):
        alone = kind(l2=l2).fit(X, y, weight)
        single = other.astype(np.float32).astype(float)
        assert accuracy == alone.score(single, labels)
        # One-vs-all columns are probabilities as they are.
        logits = alone.decision_function(single)
        predicted = softmax(logits, axis=1) if kind is SoftmaxRegression else expit(logits)
        # Searches of a sweep end at a relative gradient of 1e-8.
        assert abs(loss + np.log(predicted[np.arange(len(labels)), labels]).mean()) < 1e-7
    assert model.certificate_.record["test"]["accuracy"] == model.score(other.astype(np.float32), labels)


@pytest.mark.parametrize(
    "options, text",
    [
        ({"l2s": 1}, "l2s must be"),
        ({"l2s": 1001}, "1000 penalties at most"),
        ({"l2s": []}, "l2s must be"),
        ({"l2s": [0.0, 1.0]}, "l2s must be"),
        ({"l2s": [np.nan]}, "l2s must be"),
        ({"l2s": [[1.0]]}, "l2s must be"),
        ({"l2_range": (1.0, 1e-3)}, "l2_range must go"),
        ({"l2_range": (0.0, 1.0)}, "l2_range must go"),
        ({"l2_range": 1.0}, "l2_range must go"),
        ({"test": 0.0}, "test must be"),
        ({"test": 1}, "test must be"),
        ({"test": np.nan}, "test must be"),
        ({"test": "file.csv"}, "test must be"),
        ({"test": (X3, Y3 + 1)}, r"y contains previously unseen labels: \[3\]"),
        ({"test": (X3[:, :2], Y3)}, "2 features"),
        ({"test": (X3[:-1], Y3)}, "inconsistent numbers of samples"),
        ({"test": (X3 * np.nan, Y3)}, "contains NaN"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 0.5}, "seed must be"),
    ],
)
def test_a_path_that_cannot_be_is_refused(options, text):
    with pytest.raises(ValueError, match=text):
        SoftmaxRegression().fit_path(X3, Y3, **options)


def test_a_path_without_an_answer_says_so_and_callbacks_may_stop_it():
    with pytest.raises(NotConvergedError, match=r"no penalty of the path has an answer; .* raise max_iter \(now 1\)"):
        SoftmaxRegression(max_iter=1).fit_path(X3, Y3, l2s=3)
    seen = []

    def stop(*step):
        seen.append(step)
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        SoftmaxRegression().fit_path(X3, Y3, callback=stop)
    assert len(seen) == 1


def words_of(model, *arguments, **options):
    """Type and text of the exception that fitting ends in, without the name of the estimator."""
    with pytest.raises(Exception) as error, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(*arguments, **options)
    return type(error.value), str(error.value).replace(type(model).__name__, "Model")


BAD = {
    "NaN": (np.where(X3 > 2, np.nan, X3), Y3),
    "infinity": (np.where(X3 > 2, np.inf, X3), Y3),
    "one axis": (X3[:, 0], Y3),
    "three axes": (X3[None], Y3),
    "no rows": (X3[:0], Y3[:0]),
    "no columns": (X3[:, :0], Y3),
    "text": (np.array([["a", "b"]] * 60, dtype=object), Y3),
    "complex": (X3 + 1j, Y3),
    "matrix": (np.asmatrix(X3), Y3) if hasattr(np, "asmatrix") else (X3[None], Y3),
    "names of several kinds": (pd.DataFrame(X3, columns=["a", 1, "c", "d"]), Y3),
    "names twice": (pd.DataFrame(X3, columns=["a", "a", "c", "d"]), Y3),
    "missing in pandas": (pd.DataFrame({"a": pd.array([1, None] * 30, dtype="Int64")}), Y3),
    "missing in polars": (pl.DataFrame({"a": [1.0, None] * 30}), Y3),
    "labels that are numbers": (X3, Y3 + 0.5),
    "labels with NaN": (X3, np.where(Y3 == 0, np.nan, Y3)),
    "labels of several kinds": (X3, np.array(["a", 1, None], dtype=object)[Y3]),
    "two columns of labels": (X3, np.c_[Y3, Y3]),
    "indicators": (X3, np.eye(3)[Y3]),
    "no labels": (X3, None),
    "too few labels": (X3, Y3[:-1]),
    "one class": (X3, np.zeros(60, dtype=int)),
    "weights with NaN": (X3, Y3, np.full(60, np.nan)),
    "too few weights": (X3, Y3, np.ones(59)),
    "two axes of weights": (X3, Y3, np.ones((60, 1))),
    "weights of text": (X3, Y3, ["a"] * 60),
    "infinite weights": (X3, Y3, np.full(60, np.inf)),
    "no weight": (X3, Y3, np.zeros(60)),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_what_it_is_to_scikit_learn(name):
    kind, text = words_of(PeerLogisticRegression(), *BAD[name])
    for model in ALL:
        assert words_of(model, *BAD[name]) == (kind, text)


@pytest.mark.parametrize("name, value", [("C", 0), ("C", -1.0), ("C", np.nan), ("C", "1"), ("C", None), ("tol", -1.0), ("tol", "a"), ("max_iter", -1), ("max_iter", 2.5)])
def test_bad_parameters_are_what_they_are_to_scikit_learn(name, value):
    kind, text = words_of(PeerLogisticRegression(**{name: value}), X3, Y3)
    for model in (LogisticRegression, SoftmaxRegression, InrClassifier):
        ours = words_of(model(**{name: value}), X3, Y3)
        # A search takes a step at least, and a tolerance is finite.
        assert ours[0] is kind and ours[1].replace("[1, inf)", "[0, inf)") == text


@pytest.mark.parametrize(
    "options, text",
    [
        ({"l2": -1}, "'l2' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
        ({"time_limit": 0}, "'time_limit' parameter"),
        ({"separable": "no"}, "'separable' parameter"),
        ({"class_weight": "auto"}, "'class_weight' parameter"),
        ({"class_weight": 1.0}, "'class_weight' parameter"),
        ({"class_weight": True}, "'class_weight' parameter"),
        ({"class_weight": False}, "class_weight must be a dict, 'balanced', a number .* or None; got False"),
        ({"class_weight": {0: -1.0}}, "class_weight of class 0"),
        ({"class_weight": {0: np.nan}}, "class_weight of class 0"),
        ({"class_weight": {0: None}}, "class_weight of class 0"),
        ({"class_weight": [{0: 1.0}, {1: 1.0}, {2: 1.0}]}, "class_weight of class 0"),
        ({"class_weight": [1.0, 2.0]}, r"shape \(2,\) for 3 classes"),
        ({"C": 1e-300}, "C=1e-300 is too small"),
    ],
)
def test_other_bad_parameters_are_named(options, text):
    with pytest.raises(ValueError, match=text):
        SoftmaxRegression(**options).fit(X3, Y3)


@pytest.mark.parametrize("weights", [{7: 1.0}, {0: 1.0, 7: 1.0}, {"0": 1.0}], ids=str)
def test_weights_of_unknown_classes_have_scikit_learn_words(weights):
    peer = words_of(PeerLogisticRegression(class_weight=weights), X3, Y3)
    for model in (LogisticRegression, SoftmaxRegression):
        assert words_of(model(class_weight=weights), X3, Y3) == peer


@pytest.mark.parametrize("weights", [{0: 2.0}, {}, {0: 1.0, 1: 2.0, 2: 3.0, 7: 4.0}], ids=str)
def test_weights_of_some_classes_or_of_more_are_what_they_are_to_scikit_learn(weights):
    """A fold of a cross-validation may lack a class that has a weight."""
    peer = PeerLogisticRegression(class_weight=weights, tol=1e-12, max_iter=10_000, solver="newton-cg").fit(X3, Y3)
    assert np.abs(SoftmaxRegression(class_weight=weights).fit(X3, Y3).coef_ - peer.coef_).max() < 1e-6


def test_weights_come_as_dicts_arrays_and_series():
    usual = SoftmaxRegression(class_weight={0: 1.0, 1: 2.0, 2: 3.0}).fit(X3, Y3).coef_
    for weights in ([1.0, 2.0, 3.0], np.array([1.0, 2.0, 3.0]), pd.Series({2: 3.0, 1: 2.0, 0: 1.0}), pl.Series([1.0, 2.0, 3.0])):
        assert (SoftmaxRegression(class_weight=weights).fit(X3, Y3).coef_ == usual).all()


def test_nothing_but_what_scikit_learn_warns_of_is_warned_of():
    for X in (X3 * 1e200, (X3 * 1e30).astype(np.float32), X3 * 1e-300):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            SoftmaxRegression(C=np.float32(1.0)).fit(X, Y3).predict(X)
    with pytest.warns(UserWarning, match="unique classes is greater than 50%"):
        SoftmaxRegression().fit(X3, np.arange(60))


def test_masked_entries_are_refused():
    masked = np.ma.masked_greater(X3, 0)
    for model in ALL:
        with pytest.raises(ValueError, match="Input X has masked entries"):
            model.fit(masked, Y3)
        with pytest.raises(ValueError, match="Input y has masked entries"):
            model.fit(X3, np.ma.masked_equal(Y3, 1))
        with pytest.raises(ValueError, match="Input X has masked entries"):
            model.fit(X3, Y3).predict(masked)
        with pytest.raises(ValueError, match="sample_weight has masked entries"):
            model.fit(X3, Y3, np.ma.masked_equal(np.arange(60.0), 5))
        assert (model.fit(np.ma.asarray(X3), Y3, np.ma.ones(60)).predict(np.ma.asarray(X3)) == model.fit(X3, Y3).predict(X3)).all()


def test_masked_weights_and_penalties_are_refused():
    """What lies under the mask would be used."""
    weights = np.ma.array([1.0, 100.0, 1.0], mask=[0, 1, 0])
    with pytest.raises(ValueError, match="class_weight has masked entries"):
        SoftmaxRegression(class_weight=weights).fit(X3, Y3)
    with pytest.raises(ValueError, match="l2s has masked entries"):
        SoftmaxRegression().fit_path(X3, Y3, l2s=weights)
    with pytest.raises(ValueError, match="Cs has masked entries"):
        LogisticRegressionPath(weights).fit(X3, Y3)
    with pytest.raises(ValueError, match="X of test has masked entries"):
        SoftmaxRegression().fit_path(X3, Y3, test=(np.ma.masked_greater(X3, 0), Y3))


def test_bad_sample_weights_are_named():
    for model in ALL:
        with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
            model.fit(X3, Y3, -np.ones(60))
        with pytest.raises(ValueError, match="sample_weight is 0 for every sample of class 0"):
            model.fit(X3, Y3, (Y3 > 0).astype(float))
    one, two = (SoftmaxRegression().fit(X3, Y3, weight) for weight in (2.0, np.full(60, 2.0)))
    assert (one.coef_ == two.coef_).all()


def test_predictions_refuse_what_scikit_learn_refuses():
    names = ["a", "b", "c", "d"]
    frame = pd.DataFrame(X3, columns=names)

    def said(model, X):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                model.predict(X)
            except Exception as error:
                return type(error), str(error).replace(type(model).__name__, "Model")
        return [str(one.message).replace(type(model).__name__, "Model") for one in caught]

    for table in (X3, frame):
        peer, ours = PeerLogisticRegression().fit(table, Y3), SoftmaxRegression().fit(table, Y3)
        for new in (X3[0], X3[:, :2], X3 * np.nan, X3[:0], frame, frame[["a", "b", "c"]], frame[names[::-1]], frame.rename(columns={"a": "z"}), X3):
            assert said(ours, new) == said(peer, new)
    assert not hasattr(SoftmaxRegression().fit(frame, Y3).fit(X3, Y3), "feature_names_in_")


def test_arrays_of_every_kind_are_read():
    usual = SoftmaxRegression().fit(X3, Y3).coef_
    unaligned = np.frombuffer(b"x" + X3.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(X3.shape)
    locked = X3.copy()
    locked.setflags(write=False)
    for X in (X3.astype(object), X3.astype(">f8"), X3.tolist(), locked, np.repeat(X3, 2, 0)[::2], unaligned, np.asfortranarray(X3)):
        assert (SoftmaxRegression().fit(X, Y3).coef_ == usual).all()
    names = np.array(["x", "y", "z"])
    for y in (names[Y3], names.astype(object)[Y3], pd.Series(names[Y3], dtype="category"), pl.Series(names[Y3])):
        model = SoftmaxRegression().fit(X3, y)
        assert model.classes_.tolist() == ["x", "y", "z"] and (model.coef_ == usual).all()


def test_many_processes_and_threads():
    X, y = drawn()
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3, n_jobs=2).fit(X, y)
    assert search.best_score_ > 0.3
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda C: SoftmaxRegression(C=C).fit(X, y).coef_, [0.1, 1.0] * 4))
    assert (found[0] == found[2]).all() and (found[1] == found[7]).all()


def test_the_gil_is_released():
    random = np.random.default_rng(0)
    X, y = random.standard_normal((4000, 60)), np.arange(4000) % 20
    thread = Thread(target=SoftmaxRegression(l2=1e-6).fit, args=(X, y))
    thread.start()
    turns = 0
    while thread.is_alive():
        time.sleep(0.001)
        turns += 1
    # With the GIL held there would be a turn or two, before and after.
    assert turns > 10


@pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: type(estimator).__name__)
def test_bad_input_has_scikit_learn_words(estimator):
    X, y = drawn()
    with pytest.raises(ValueError, match="Input X contains NaN"):
        estimator.fit(np.where(X > 2, np.nan, X), y)
    with pytest.raises(ValueError, match="Unknown label type"):
        estimator.fit(X, y + 0.5)
    with pytest.raises(ValueError, match="only one class"):
        estimator.fit(X, np.zeros(len(y)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(X, y[:-1])
    with pytest.raises(TypeError, match="[Ss]parse"):
        import scipy.sparse

        estimator.fit(scipy.sparse.csr_matrix(X), y)
    with pytest.raises(NotFittedError):
        type(estimator)().predict(X)


def test_callbacks_see_every_step_and_may_stop():
    X, y = drawn()
    seen = []
    SoftmaxRegression(l2=1e-3).fit(X, y, callback=lambda *step: seen.append(step))
    assert [number for number, *_ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1][2] < 1e-10

    def stop(*_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        SoftmaxRegression(l2=1e-3).fit(X, y, callback=stop)


def test_features_are_not_copied():
    X, y = drawn(samples=20_000, features=50)
    import tracemalloc

    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SoftmaxRegression(l2=1e-2, tol=1e-3).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # NumPy reports its memory to tracemalloc; a copy of the features would be X.nbytes.
    assert peak < X.nbytes / 4


@pytest.mark.parametrize("kind", ["Fortran", "Fortran single", "frame", "frame of columns", "polars", "every other row", "whole numbers"])
def test_features_in_other_layouts_are_copied_once(kind):
    import tracemalloc

    X, y = drawn(samples=20_000, features=50)
    names = [f"x{number}" for number in range(X.shape[1])]
    table = {
        "Fortran": lambda: np.asfortranarray(X),
        "Fortran single": lambda: np.asfortranarray(X.astype(np.float32)),
        "frame": lambda: pd.DataFrame(X, columns=names),
        "frame of columns": lambda: pd.DataFrame({name: X[:, number] for number, name in enumerate(names)}),
        "polars": lambda: pl.DataFrame(X, schema=names),
        "every other row": lambda: np.repeat(X, 2, axis=0)[::2],
        "whole numbers": lambda: (100 * X).astype(np.int64),
    }[kind]()
    size = X.nbytes / 2 if kind == "Fortran single" else X.nbytes
    for fit in (SoftmaxRegression(l2=1e-2, tol=1e-3).fit, lambda X, y: solve(X, y, l2=1e-2, tol=1e-3)):
        tracemalloc.start()
        fit(table, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert 0.9 * size < peak < 1.3 * size


WRAPPED = {
    "calibrated": lambda model: CalibratedClassifierCV(model, cv=3),
    "bagged": lambda model: BaggingClassifier(model, n_estimators=3, random_state=0),
    "stacked": lambda model: StackingClassifier([("one", model)], final_estimator=model, cv=3),
    "voting": lambda model: VotingClassifier([("one", model), ("two", clone(model).set_params(C=0.1))], voting="soft"),
    "of fewer features": lambda model: RFE(model, n_features_to_select=2),
    "one against the rest": lambda model: OneVsRestClassifier(model),
    "in a pipeline": lambda model: make_pipeline(StandardScaler().set_output(transform="pandas"), model),
}


@pytest.mark.parametrize("wrap", WRAPPED)
def test_it_does_in_every_wrapper_what_scikit_learn_does(wrap):
    X, y = drawn()
    names = np.array(["ant", "bee", "cat"])[y]
    # Of two classes, scikit-learn penalises one row of coefficients, as binary logistic regression does.
    model = LogisticRegression() if wrap == "one against the rest" else SoftmaxRegression()
    ours = WRAPPED[wrap](model).fit(X, names)
    theirs = WRAPPED[wrap](PeerLogisticRegression(tol=1e-12, max_iter=10_000, solver="newton-cg")).fit(X, names)
    assert (ours.predict(X) == theirs.predict(X)).all()


def test_two_targets_thresholds_and_folds_are_scikit_learn_s():
    X, y = drawn()
    peer = PeerLogisticRegression(tol=1e-12, max_iter=10_000, solver="newton-cg")
    both = np.column_stack([y > 1, y > 0])
    ours, theirs = (MultiOutputClassifier(model).fit(X, both) for model in (LogisticRegression(), peer))
    assert (ours.predict(X) == theirs.predict(X)).all()
    ours, theirs = (FixedThresholdClassifier(model, threshold=0.3).fit(X, y > 0) for model in (LogisticRegression(), peer))
    assert (ours.predict(X) == theirs.predict(X)).all()
    for scoring in ("accuracy", "neg_log_loss", "roc_auc_ovr"):
        ours, theirs = (cross_val_score(model, X, y, cv=3, scoring=scoring) for model in (SoftmaxRegression(), peer))
        assert np.abs(ours - theirs).max() < 1e-6


def test_sample_weights_are_routed_where_that_is_asked_for():
    X, y = drawn()
    weight = np.random.default_rng(2).uniform(0.5, 2.0, len(y))
    with config_context(enable_metadata_routing=True):
        model = SoftmaxRegression().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        search = GridSearchCV(model, {"C": [0.1, 1.0]}, cv=3).fit(X, y, sample_weight=weight)
    assert (search.best_estimator_.coef_ == SoftmaxRegression(**search.best_params_).fit(X, y, weight).coef_).all()


def test_labels_come_as_people_have_them():
    X, y = drawn(classes=2)
    usual = LogisticRegression().fit(X, y)
    for labels in (y.astype(float), y > 0, y.tolist(), pd.Series(y, dtype="Int64"), 2 * y - 1, pd.Series(y, index=np.arange(len(y)) + 7)):
        assert (LogisticRegression().fit(X, labels).coef_ == usual.coef_).all()
    for labels in (y.reshape(-1, 1), pd.DataFrame({"label": y})):
        for fit in (LogisticRegression().fit, solve):
            with pytest.warns(DataConversionWarning, match="column-vector"):
                fit(X, labels)


def test_sparse_columns_of_a_pipeline_are_made_dense_by_its_encoder():
    frame = pd.DataFrame({"colour": np.array(["red", "green", "blue"])[Y3]})
    labels = Y3 > 0
    with pytest.raises(TypeError, match=r"Sparse data was passed for X, but dense data is required. Use '.toarray\(\)'"):
        make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame, labels)
    assert make_pipeline(OneHotEncoder(sparse_output=False), LogisticRegression()).fit(frame, labels).score(frame, labels) == 1.0


def test_a_path_is_an_estimator():
    path = LogisticRegressionPath([0.1, 1.0], loss="softmax")
    assert repr(path) == "LogisticRegressionPath(Cs=[0.1, 1.0], loss='softmax')"
    again = clone(path).set_params(tol=1e-6).fit(X3, Y3)
    assert (again.get_params()["tol"], path.tol, len(again.coefs_)) == (1e-6, 0.0, 2)


@pytest.mark.parametrize("model", ALL, ids=lambda model: type(model).__name__)
def test_errors_of_a_call_name_the_class_that_was_called(model):
    name = type(model).__name__
    with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\) got an unexpected keyword argument 'solver'"):
        type(model)(solver="lbfgs")
    with pytest.raises(TypeError, match=rf"^{name}\.fit\(\) missing 2 required positional arguments"):
        model.fit()
    assert type(model).fit.__qualname__ == f"{name}.fit"
