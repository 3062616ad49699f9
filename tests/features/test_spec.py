"""Declaring a feature: what is attached, and what is refused when the family is imported."""

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.features.catalogue import CATALOGUE, column_names, model_columns
from pipeline.features.places import on
from pipeline.features.spec import LATER, ROTATION, SCALE, record_feature, spec_of, visit_feature, window_feature
from pipeline.features.tremor_course import tremor_over_rest_ratio
from pipeline.units import Unit

REST = on(["head"], ["rest"], "median")


def declare(name="sway_deg", doc="Sway of the head.", **changed):
    """Decorate a function with this declaration."""

    def function(signal):
        return signal.fs

    function.__name__, function.__doc__ = name, doc
    declaration = {"unit": Unit.DEGREES, "outputs": REST, "bounds": (0.0, 1.0), "source": "a paper"} | changed
    return window_feature(**declaration)(function)


def test_the_decorator_returns_the_same_function_with_its_spec():
    """A feature stays a plain function: it can be called, tested and sent to another process."""
    feature = declare()
    assert feature.spec.columns == ("head__rest__median__sway_deg",)
    assert feature.spec.meaning == "Sway of the head."
    assert feature.spec.level == "window"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "sway"}, "it ends in its unit, '_deg'"),
        ({"name": "swaydeg"}, "it ends in its unit, '_deg'"),
        ({"bounds": (1.0, 0.0)}, "the lower one comes first"),
        ({"bounds": (1.0, 1.0)}, "the lower one comes first"),
        ({"name": "still_share", "unit": Unit.SHARE, "bounds": (0.0, 1.5)}, "a share is from 0 to 1"),
        ({"name": "still_share", "unit": Unit.SHARE, "bounds": (-0.1, 1.0)}, "a share is from 0 to 1"),
        ({"doc": None}, "no docstring"),
        ({"doc": "  "}, "no docstring"),
        ({"source": ""}, "no source"),
        ({"version": 0}, "1 or more"),
        ({"min_s": -1.0}, "0 or more"),
        ({"outputs": (*REST, *REST)}, "a column twice"),
        ({"outputs": ["sway_deg"]}, "they are places"),
        ({"outputs": on(["head"], ["rest"])}, "names a summary"),
        ({"invariant_to": [LATER]}, "a window feature has rotation, scale, mirror, rate"),
        ({"equivariant_to": [ROTATION]}, "that can be scale, mirror, later"),
        ({"invariant_to": [SCALE], "equivariant_to": [SCALE]}, "and not what it is invariant to"),
        ({"needs": [declare()]}, "a window feature can't"),
        ({"strength": tremor_over_rest_ratio}, "a window feature of a window feature"),
        ({"level": "recording", "outputs": on(["head"], ["rest"]), "strength": declare()}, "a window feature of a win"),
        ({"level": "recording", "outputs": REST}, "a recording feature names none"),
        (
            {"level": "recording", "outputs": on(["head"], ["rest"]), "needs": [tremor_over_rest_ratio]},
            "window features only",
        ),
        ({"level": "visit", "outputs": REST}, "they are full names of columns"),
        ({"level": "record", "outputs": ["sway_deg"], "needs": [declare()]}, "a record feature can't"),
        ({"sensor": "accelerometre"}, "Did you mean 'accelerometer'"),
        ({"sensor": "emg", "channels": ["antagonsit"]}, "Did you mean 'antagonist'"),
        ({"channels": ["muscle"]}, "channel 'muscle'"),
    ],
)
def test_a_bad_declaration_is_refused_at_once(changed, message):
    """A mistake shows when the family is imported, not in somebody's table."""
    with pytest.raises(UsageError, match=message) as raised:
        declare(**changed)
    assert str(raised.value).startswith("feature ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["haed"], ["rest"], "median"), "unknown site group 'haed'. Did you mean 'head'?"),
        ((["head"], ["postures"], "median"), "unknown task class 'postures'. Did you mean 'posture'?"),
        ((["head"], ["rest"], "mean"), "unknown summary 'mean'. Did you mean 'median'?"),
    ],
)
def test_an_unknown_place_is_refused_with_the_nearest_known_one(arguments, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        on(*arguments)


def test_a_contrast_can_only_need_declared_window_features():
    """What a contrast is computed from is declared, so that it is measured even when only the contrast is asked for."""

    def sway_ratio(visits):
        """Compare the sway of two tasks."""

    with pytest.raises(UsageError, match="no declaration"):
        visit_feature(unit=Unit.RATIO, bounds=(0, 1), source="a paper", needs=[np.mean])(sway_ratio)


def test_only_times_grow_with_time():
    with pytest.raises(UsageError, match="its unit is weeks or y"):

        @record_feature(unit=Unit.COUNT, bounds=(0, 9), source="a form", equivariant_to=[LATER])
        def falls_count(history):
            """Count the falls."""


def test_an_undecorated_function_is_no_feature():
    with pytest.raises(UsageError, match="Decorate it with @window_feature"):
        spec_of(np.mean)


def test_a_record_feature_without_outputs_has_one_column_of_its_own_name():
    @record_feature(unit=Unit.COUNT, bounds=(0, 9), source="a form")
    def falls_count(history):
        """Count the falls."""

    assert spec_of(falls_count).columns == ("falls_count",)


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.spec.name)
def test_every_feature_says_what_it_is(feature):
    """The data dictionary and the catalogue's list are written from the specs."""
    assert feature.spec.meaning.endswith(".")
    assert feature.spec.columns


def test_the_catalogue_is_no_wider_than_430_columns_and_names_each_once():
    """A form of clinic size cannot carry more; a new column has to earn its place."""
    names = column_names(CATALOGUE)
    assert len(names) == len(set(names)) <= 430


def test_quality_columns_are_model_inputs_only_when_named():
    """A model must not learn from how a recording or record was made, unless its study says so."""
    plain = model_columns()
    assert "findings_observed_count" not in plain
    assert not any(name.endswith("__clipped_share") for name in plain)
    with_counts = model_columns(["findings_observed_count"])
    assert set(with_counts) - set(plain) == {"findings_observed_count"}
    whole_entry = set(model_columns(["clipped_share"])) - set(plain)
    assert whole_entry == {name for name in column_names(CATALOGUE) if name.endswith("__clipped_share")}
    with pytest.raises(UsageError, match="Did you mean 'clipped_share'"):
        model_columns(["cliped_share"])
