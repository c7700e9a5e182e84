"""Pictures: names, numbers, scales and legends have room, for few and many classes, in a figure of their own and in small axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import equipoise


def result_of(classes, letters):
    """Classes with names of so many letters that differ at their ends."""
    random = np.random.default_rng(0)
    y = np.repeat(np.arange(classes), 12)
    X = random.standard_normal((len(y), 6)) + 1.5 * random.standard_normal((classes, 6))[y]
    names = np.array([f"{'a class with a rather long name'[: letters - 2]}{k:02d}" for k in range(classes)])
    return X, names[y], names


def axes_of(small):
    return plt.subplots(figsize=(3.5, 3.5))[1] if small else None


def boxes(figure, texts):
    renderer = figure.canvas.get_renderer()
    return [text.get_window_extent(renderer) for text in texts if text.get_text()]


def assert_has_room(ax):
    """Everything is within the figure, and no name of a class covers another."""
    figure = ax.figure
    figure.canvas.draw()
    page = figure.bbox
    around = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
    around += ax.get_legend().get_texts() if ax.get_legend() else []
    for box in boxes(figure, around):
        assert box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
    for axis in (ax.xaxis, ax.yaxis):
        labels = [label for label in axis.get_ticklabels() if label.get_text()]
        if labels and labels[0].get_rotation() == 45:
            # Slanted: their bounding boxes overlap, their lines do not.
            places = [label.get_transform().transform(label.get_position())[0] for label in labels]
            assert min(np.diff(places), default=99) > labels[0].get_size() * figure.dpi / 72
            continue
        found = boxes(figure, labels)
        assert not any(one.overlaps(other) for k, one in enumerate(found) for other in found[k + 1 :])
    plt.close(figure)


@pytest.mark.parametrize("small", [False, True], ids=["own figure", "small axes"])
@pytest.mark.parametrize("letters", [3, 30])
@pytest.mark.parametrize("classes", [2, 10, 60])
def test_names_and_numbers_have_room(classes, letters, small):
    X, y, names = result_of(classes, letters)
    result = equipoise.solve(X, y, l2=1e-2)
    ax = result.plot(axes_of(small))
    assert ax.get_title()
    cell = ax.transData.transform([(0, 0), (1, 0)])
    written = boxes(ax.figure, ax.texts)
    assert all(box.width < cell[1, 0] - cell[0, 0] for box in written) and bool(written) == (classes == 2 or not (small or classes > 12))
    assert_has_room(ax)
    assert result.to_frame()["class"].tolist() == names.tolist()
    if classes <= 10:
        design = equipoise.design_weights(X, y, l2=1e-2)
        assert_has_room(design.plot(axes_of(small)))
        assert_has_room(equipoise.weight_effects(X, y, l2=1e-2).plot(axes_of(small)))


def test_names_that_are_cut_stay_different():
    X, y, _ = result_of(10, 30)
    ax = equipoise.solve(X, y, l2=1e-2).plot()
    shown = [label.get_text() for label in ax.get_yticklabels()]
    assert len(set(shown)) == 10 and all("…" in name for name in shown)
    plt.close(ax.figure)


def test_a_dollar_sign_begins_no_formula():
    ax = equipoise.balance([[0.8, 0.2], [0.4, 0.6]], [20, 10], classes=["$a", "b$"]).plot()
    ax.figure.canvas.draw()
    assert ax.get_xticklabels()[0].get_text() == r"\$a"
    plt.close(ax.figure)


def test_small_values_have_colours_whose_scale_is_said():
    """Beside a diagonal near 1 all others would be white."""
    few = equipoise.balance([[0.98, 0.02], [0.04, 0.96]], [20, 10]).plot()
    assert few.images[0].get_clim() == (0.0, 0.08)
    assert "darkest from 0.08 on" in few.figure.axes[1].get_ylabel()
    tiny = equipoise.balance([[0.9998, 0.0002], [0.0004, 0.9996]], [20, 10]).plot()
    assert [text.get_text() for text in tiny.texts] == ["1.00", "2e-04", "4e-04", "1.00"]
    many = equipoise.balance([[0.6, 0.4], [0.8, 0.2]], [20, 10]).plot()
    assert many.images[0].get_clim() == (0.0, 1.0) and "darkest" not in many.figure.axes[1].get_ylabel()
    plt.close("all")


def test_a_user_s_figure_keeps_its_layout_and_titles():
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.5), layout="constrained")
    engine = figure.get_layout_engine()
    left.set_title("mine")
    X, y, _ = result_of(3, 3)
    assert equipoise.solve(X, y, l2=1e-2).plot(left).get_title() == "mine"
    model = equipoise.SoftmaxRegression().fit_path(X, y, l2s=3)
    assert model.path_.plot(right).get_title() and figure.get_layout_engine() is engine
    figure, ax = plt.subplots()
    equipoise.solve(X, y, l2=1e-2).plot(ax)
    figure.tight_layout()
    plt.close("all")
