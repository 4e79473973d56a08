"""What `help` and tab completion show: every parameter, with its type, default and text."""

from __future__ import annotations

import ast
import inspect
import pydoc
import re
import typing

import pytest
from architecture_walk import ARCHITECTURES, ESTIMATORS, over
from numpydoc.docscrape import NumpyDocString

from sklearn_ple import PLEClassifierRegressor, PLEEstimator
from sklearn_ple.base import SharedParameters
from sklearn_ple.base.documentation import compose
from sklearn_ple.base.parameters import CONSTRAINTS, DEFAULTS

FITTED = {
    *("tasks_", "classes_", "n_outputs_", "target_names_in_", "feature_names_in_"),
    *("n_features_in_", "net_", "module_", "device_", "history_", "best_epoch_", "callbacks_"),
    *("target_summary_", "calibration_"),
}


def documented(cls: type) -> NumpyDocString:
    return NumpyDocString(inspect.getdoc(cls))


@over(ESTIMATORS)
def test_the_docstring_lists_exactly_the_signature(cls) -> None:
    listed = [parameter.name for parameter in documented(cls)["Parameters"]]
    assert listed == list(inspect.signature(cls).parameters)
    assert set(listed) == set(cls().get_params(deep=False))


@over(ESTIMATORS)
def test_every_parameter_has_text_and_says_its_default(cls) -> None:
    for parameter in documented(cls)["Parameters"]:
        assert len(" ".join(parameter.desc)) >= 20, parameter.name
        said = re.search(r"default=(.+)$", parameter.type)
        assert said, parameter.name
        default = inspect.signature(cls).parameters[parameter.name].default
        assert ast.literal_eval(said[1]) == default, parameter.name


@over(ESTIMATORS)
def test_help_shows_every_parameter_with_its_text(cls) -> None:
    shown = pydoc.plain(pydoc.render_doc(cls))
    # In one line, or from Python 3.13 on in one for each parameter.
    signature = re.search(rf"\|  {cls.__name__}\((.*?)\)$", shown, re.M | re.S)[1]
    assert "ForwardRef" not in signature
    for name, parameter in inspect.signature(cls).parameters.items():
        default = re.escape(repr(parameter.default))
        assert re.search(rf"\b{name}: [^=]+ = {default}(,|\s|$)", signature)
        assert re.search(rf"\|  {name} : .*default=", shown), name


@over(ESTIMATORS)
def test_fitted_attributes_are_listed(cls) -> None:
    assert {attribute.name for attribute in documented(cls)["Attributes"]} == FITTED


@over(ESTIMATORS)
def test_sections_and_summary(cls) -> None:
    parsed = documented(cls)
    assert len(" ".join(parsed["Summary"])) < 100
    assert parsed["Summary"][0].endswith(".")
    assert parsed["Examples"]
    text = inspect.getdoc(cls)
    headings = re.findall(r"^(\w+)\n-+$", text, re.MULTILINE)
    order = ["Parameters", "Attributes", "References", "Examples"]
    assert headings == [heading for heading in order if heading in headings]
    assert "{" not in re.sub(r"\{(\"\w+\"|label|target name)[^}]*\}", "", text)


def test_roles_say_what_they_take() -> None:
    sentences = {
        tuple(documented(cls)["Extended Summary"]) for cls in ESTIMATORS if cls not in ARCHITECTURES
    }
    assert len(sentences) == 3
    for cls in ARCHITECTURES:
        assert documented(cls)["Summary"]


@over(ESTIMATORS)
def test_signatures_are_annotated(cls) -> None:
    for name, parameter in inspect.signature(cls).parameters.items():
        assert parameter.annotation is not inspect.Parameter.empty, name
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY


def test_shared_parameters_stand_in_one_order_everywhere() -> None:
    names = list(SharedParameters.__annotations__)
    assert names == list(DEFAULTS) == list(CONSTRAINTS)
    for cls in ESTIMATORS:
        assert list(inspect.signature(cls).parameters)[-len(names) :] == names
    assert typing.get_type_hints(SharedParameters)


@over(ESTIMATORS)
def test_every_parameter_has_a_constraint_and_every_default_meets_it(cls) -> None:
    assert set(cls._parameter_constraints) == set(inspect.signature(cls).parameters)
    cls()._validate_params()


class TallPLE(PLEEstimator):
    """PLE with one more parameter.

    Parameters
    ----------
    height : int, default=3
        Of nothing.
    """

    def __init__(self, *, height: int = 3, **inherited) -> None:
        self.height = height
        super().__init__(**inherited)


def test_an_estimator_made_of_another_one_shows_the_parameters_of_both() -> None:
    names = ["height", *inspect.signature(PLEEstimator).parameters]
    assert list(inspect.signature(TallPLE).parameters) == names
    assert set(TallPLE().get_params()) == set(names)
    assert [p.name for p in NumpyDocString(TallPLE.__doc__)["Parameters"]] == names
    assert (
        TallPLE(n_levels=5, gate_bias=True).get_params().items()
        >= {"n_levels": 5, "gate_bias": True}.items()
    )


def test_tab_completion_and_repr() -> None:
    model = PLEClassifierRegressor(lr=0.5, n_levels=3)
    assert repr(model) == "PLEClassifierRegressor(lr=0.5, n_levels=3)"
    assert {"fit", "partial_fit", "predict", "predict_frame", "score", "score_tasks"} <= set(
        dir(model)
    )


OWN = """A thing.

It does much.

Parameters
----------
size : int, default=1
    How large.

References
----------
Nobody.
"""


def test_composing_puts_sections_in_order() -> None:
    text = compose(OWN, "A role.", {"embedding": "7"})
    parsed = NumpyDocString(text)
    assert parsed["Summary"] == ["A thing."]
    assert parsed["Extended Summary"] == ["A role.", "", "It does much."]
    names = [parameter.name for parameter in parsed["Parameters"]]
    assert names == ["size", *DEFAULTS]
    (embedding,) = [p for p in parsed["Parameters"] if p.name == "embedding_dim"]
    assert '"auto" takes 7.' in " ".join(embedding.desc)
    assert parsed["References"] == ["Nobody."]


@pytest.mark.parametrize("own", ["", "A thing.", "A thing.\n\nReferences\n----------\nNobody."])
def test_a_docstring_without_parameters_is_left_alone(own: str) -> None:
    assert compose(own, "A role.", {}) == own
