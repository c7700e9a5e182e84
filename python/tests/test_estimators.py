"""Conventions of scikit-learn: its own checks, and what people do with classifiers."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression as PeerLogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from equipoise import (
    InrClassifier,
    LogisticRegression,
    LogisticRegressionPath,
    SeparableDataError,
    SeparableDataWarning,
    SoftmaxRegression,
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


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layout_and_precision_change_nothing(order, dtype):
    X, y = drawn()
    X = X.astype(np.float32)
    ours = SoftmaxRegression(l2=1e-3).fit(np.asarray(X, dtype=dtype, order=order), y)
    usual = SoftmaxRegression(l2=1e-3).fit(np.asarray(X, dtype=np.float64), y)
    assert (ours.coef_ == usual.coef_).all()
    assert (ours.intercept_ == usual.intercept_).all()


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
    with pytest.warns(ConvergenceWarning, match="limit of 1 iterations"):
        model = SoftmaxRegression(max_iter=1).fit(X, y)
    assert model.certificate_.status == "not_converged"
    assert np.isfinite(model.coef_).all()


def test_dependent_columns_are_named():
    X, y = drawn()
    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "both": X[:, 0] + X[:, 1]})
    model = SoftmaxRegression(C=np.inf).fit(table, y)
    assert model.certificate_.gradient < 1e-10
    assert "both" in str(model.certificate_.dependent_columns)


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
