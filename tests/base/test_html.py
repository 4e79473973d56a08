"""The HTML diagram of a fitted estimator: scikit-learn's, with a table of tasks in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from distorted import fitted, make_rows
from sklearn import config_context
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple import PLEEstimator, SharedBottomRegressor
from sklearn_ple.base.html_tasks import MAX_CLASSES, MAX_TASKS

X, Y = make_rows(173, 1)
VOID = {"input", "br", "img", "meta", "link", "hr"}


class Page(HTMLParser):
    """Checks that tags nest; keeps the cells of every table, under the summary before it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.summary = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag == "summary":
            self.summary = ""
        if tag == "table":
            self.tables[self.summary.strip()] = []
        if tag == "tr":
            self.tables[self.summary.strip()].append([])
        if tag in ("td", "th"):
            self.tables[self.summary.strip()][-1].append("")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        """Nothing is inside."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "summary" in self.open:
            self.summary += data
        elif "td" in self.open or "th" in self.open:
            self.tables[self.summary.strip()][-1][-1] += data


def body(html: str) -> str:
    """Without styles and scripts, which are no HTML inside."""
    return re.sub(r"(?s)<(style|script).*?</\1>", "", html)


def page(estimator: Any) -> Page:
    return Page(body(estimator._repr_html_()))


def tasks_of(estimator: Any) -> pd.DataFrame:
    head, *rows = page(estimator).tables["Tasks"]
    return pd.DataFrame(rows, columns=head).set_index("Task")


def test_tasks_kinds_labels_and_what_is_missing() -> None:
    model = fitted()
    _, y = make_rows(241, 0)
    table = tasks_of(model)
    assert table.index.tolist() == list(y)
    assert table["Kind"].tolist() == ["binary", "regression", "count", "multiclass"]
    assert table["Labels"].tolist() == [str(n) for n in y.notna().sum()]
    assert table["Missing"].tolist() == [f"{share:.1%}" for share in y.isna().mean()]
    counts = y["shade"].value_counts()
    assert table.loc["shade", "Labels of classes"] == ", ".join(
        f"{name}: {counts[name]}" for name in ("blue", "green", "red")
    )
    assert table.loc["price", "Labels of classes"] == "-"


def test_validation_scores_are_those_of_the_epoch_that_was_kept() -> None:
    assert "Validation score" not in tasks_of(fitted())
    model = small(PLEEstimator, tasks={"visits": "count"}, early_stopping=True, max_epochs=5)
    model.fit(X, Y)
    kept = model.history_.set_index("epoch").loc[model.best_epoch_]
    expected = [f"{kept[f'score/{name}']:.3f}".replace("-0.000", "0.000") for name in Y]
    assert tasks_of(model)["Validation score"].tolist() == expected


def test_validation_rows_of_the_users_own() -> None:
    model = small(PLEEstimator, tasks={"visits": "count"}).fit(X[:90], Y[:90], X_val=X, y_val=Y)
    table = tasks_of(model)
    assert table["Validation score"].str.match(r"-?\d\.\d{3}").all()
    assert table["Labels"].tolist() == [str(n) for n in Y[:90].notna().sum()]


def test_calibration_shows_and_goes_with_the_next_fit() -> None:
    model = fitted()
    assert "Calibrated" not in tasks_of(model)
    model.calibrate(X, Y, thresholds={"sold": 0.25})
    table = tasks_of(model)
    assert table["Calibrated"].tolist() == ["sigmoid", "-", "-", "sigmoid"]
    assert table["Threshold"].tolist() == ["0.25", "-", "-", "-"]
    model.fit(X, Y)
    assert "Calibrated" not in tasks_of(model)


def test_scikit_learns_own_tables_stay() -> None:
    model = fitted()
    tables = page(model).tables
    assert list(tables) == ["Parameters", "Tasks", "Fitted attributes"]
    parameters = {row[1].strip() for row in tables["Parameters"]}
    assert parameters == set(model.get_params())
    assert {"n_outputs_", "target_summary_"} <= {
        row[0].strip() for row in tables["Fitted attributes"]
    }
    assert "Fitted</span>" in model._repr_html_()


def test_an_unfitted_estimator_has_no_table_of_tasks() -> None:
    assert list(page(PLEEstimator()).tables) == ["Parameters"]


def test_inside_a_pipeline_it_shows_as_well_and_links_of_others_stay() -> None:
    pipeline = make_pipeline(StandardScaler(), small(PLEEstimator, tasks={"visits": "count"}))
    assert "Tasks" not in page(pipeline).tables
    pipeline.fit(X, Y)
    assert "Tasks" in page(pipeline).tables
    assert "sklearn.preprocessing.StandardScaler.html" in pipeline._repr_html_()


def test_the_bundle_for_notebooks_has_it_and_text_alone_does_not() -> None:
    model = fitted()
    assert "<summary>Tasks</summary>" in model._repr_mimebundle_()["text/html"]
    with config_context(display="text"):
        assert set(model._repr_mimebundle_()) == {"text/plain"}


def test_names_and_labels_are_text_and_no_html() -> None:
    y = pd.DataFrame({"<b>sold</b>": np.where(X[:, 0] > 0, "<i>", "a & b"), "x" * 70: X[:, 1]})
    model = small(PLEEstimator).fit(X, y)
    table = tasks_of(model)
    assert table.index[0] == "<b>sold</b>"
    assert "<i>: " in table.iloc[0]["Labels of classes"]
    assert table.index[1] == "x" * 39 + "…"


def test_many_tasks_and_classes_are_cut_short() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(173, MAX_TASKS + 7))
    rows = page(small(SharedBottomRegressor, max_epochs=1).fit(X, y)).tables["Tasks"]
    assert len(rows) == 1 + MAX_TASKS + 1
    assert rows[-1] == ["… 7 more"]
    classes = np.array(list("abcdefghij"))[rng.integers(0, 10, 173)]
    table = tasks_of(small(PLEEstimator, max_epochs=1).fit(X, pd.DataFrame({"letter": classes})))
    assert table.iloc[0]["Labels of classes"].endswith(f"… {10 - MAX_CLASSES} more")


def test_a_view_is_drawn_without_complaint() -> None:
    assert "Parameters" in page(fitted().task_view("sold")).tables


@pytest.mark.parametrize("n_tasks", [1, 12])
def test_one_target_and_twelve(n_tasks) -> None:
    y = pd.DataFrame(np.random.default_rng(0).normal(size=(173, n_tasks)))
    table = tasks_of(small(SharedBottomRegressor, max_epochs=1).fit(X, y))
    assert len(table) == n_tasks
    assert "Labels of classes" not in table
