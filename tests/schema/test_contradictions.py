"""Columns that cannot all be true, and what must not be missed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contradictions import contradictions, label_contradictions
from pipeline.red_flags import red_flags
from pipeline.rules import body_distribution, isolated_or_combined
from pipeline.vocabulary import BODY_DISTRIBUTIONS, REGIONS

FREE = {f"dystonia_{region}": [0.0] for region in REGIONS}


def found_in(**columns):
    """Return the columns that are named for a visit."""
    return {each.column for each in contradictions(pd.DataFrame(columns)) if each.where.any()}


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"age_at_onset_y": [50.0], "age_at_visit_y": [45.0]}, {"age_at_onset_y"}),
        ({"age_at_enrolment_y": [50.0], "age_at_visit_y": [45.0]}, {"age_at_enrolment_y"}),
        ({"onset_date": ["2024-04-03"], "visit_date": ["2023-12-31"]}, {"onset_date"}),
        ({"onset_date": ["2024-04-03"], "visit_date": ["2024-04-03"]}, set()),
        ({"onset_date": ["2024-04-03"], "visit_date": [""]}, set()),
        ({"onset_date": [""], "visit_date": ["2024-04-03"]}, set()),
        ({"task_specific": [1.0], "task_affected": ["none"]}, {"task_affected"}),
        ({"task_specific": [1.0], "task_affected": ["writing"]}, set()),
        ({"task_specific": [1.0], "task_affected": [""]}, set()),
        ({"task_specific": [np.nan], "task_affected": ["none"]}, set()),
        ({"head_injury": [1.0], "head_injury_before_onset_y": [-2.0]}, {"head_injury_before_onset_y"}),
        ({"head_injury": [0.0], "head_injury_before_onset_y": [-2.0]}, set()),
        (FREE | {"onset_region": ["neck"]}, {"onset_region"}),
        (FREE | {"onset_region": [""]}, set()),
        (FREE | {"onset_region": ["neck"], "in_remission": [1.0]}, set()),
        (FREE | {"onset_region": ["neck"], "dystonia_jaw": [np.nan]}, set()),
        (FREE | {"onset_region": ["neck"], "dystonia_jaw": [1.0]}, set()),
        (FREE | {"body_distribution": ["focal"]}, {"body_distribution"}),
        (FREE | {"body_distribution": ["focal"], "dystonia_neck": [1.0]}, set()),
        (FREE | {"body_distribution": ["generalized"], "dystonia_neck": [1.0]}, {"body_distribution"}),
        (FREE | {"body_distribution": ["focal"], "dystonia_neck": [np.nan]}, set()),
    ],
)
def test_what_cannot_be_is_named_and_what_is_not_recorded_contradicts_nothing(columns, named):
    assert found_in(**columns) == named


def test_a_region_that_was_affected_at_another_visit_is_where_it_may_have_begun():
    """A patient whose dystonia has gone is no contradiction; the other patient never had any."""
    visits = pd.DataFrame({name: values * 4 for name, values in FREE.items()})
    visits = visits.assign(patient_id=["a", "a", "b", "b"], onset_region="neck")
    visits.loc[0, "dystonia_neck"] = 1.0
    (found,) = (each for each in contradictions(visits) if each.column == "onset_region")
    assert found.where.tolist() == [False, False, True, True]


@given(st.sets(st.sampled_from(REGIONS)), st.sampled_from(BODY_DISTRIBUTIONS))
def test_the_derived_distribution_never_contradicts_itself(held, other):
    """Nor does the choice between segmental and multifocal, which rests on an assumption of ours."""
    visits = pd.DataFrame({f"dystonia_{region}": [float(region in held)] for region in REGIONS})
    (derived,) = body_distribution(visits)
    assert not found_in(**visits.to_dict("list"), body_distribution=[derived])
    if {derived, other} == {"segmental", "multifocal"}:
        assert not found_in(**visits.to_dict("list"), body_distribution=[other])


@pytest.mark.parametrize(
    ("columns", "flags"),
    [
        ({"kayser_fleischer_ring": [1.0]}, "wilson"),
        ({"ceruloplasmin_mg_per_dl": [8.0]}, "wilson"),
        ({"ceruloplasmin_mg_per_dl": [25.0]}, ""),
        ({"urinary_copper_ug_per_day": [180.0]}, "wilson"),
        ({"urinary_copper_ug_per_day": [20.0]}, ""),
        ({"liver_disease": [1.0], "age_at_onset_y": [17.0]}, "wilson"),
        ({"liver_disease": [1.0], "age_at_onset_y": [np.nan]}, "wilson"),
        ({"cirrhosis": [1.0], "age_at_onset_y": [70.0]}, ""),
        ({"findings": ["HP:0200032"]}, "wilson"),
        ({"dopamine_blocker_at_onset": [1.0], "onset_mode": ["hours_to_days"]}, "acute_drug_reaction"),
        ({"neuroleptic_exposure": [1.0], "sudden_onset": [1.0]}, "acute_drug_reaction"),
        ({"neuroleptic_exposure": [1.0], "onset_mode": ["insidious"]}, ""),
    ],
)
def test_what_must_not_be_missed_is_seen_in_any_column(columns, flags):
    assert red_flags(pd.DataFrame(columns)).tolist() == [flags]


def told_of(labels, *visits, visit_id="1"):
    """Return the messages for the labels of a patient with these visits."""
    table = pd.DataFrame(visits).assign(patient_id="a", visit_id=[str(n + 1) for n in range(len(visits))])
    outcomes = pd.DataFrame([{"patient_id": "a", "visit_id": visit_id} | labels])
    return [each.message for each in label_contradictions(outcomes, table) if each.where.any()]


TARDIVE, TBI = {"aetiology": "acquired_tardive"}, {"aetiology": "acquired_tbi"}
WRITER, HEALTHY = {"phenotype": "writers_cramp"}, {"phenotype": "healthy"}


@pytest.mark.parametrize(
    ("labels", "visit", "words"),
    [
        (TARDIVE, {"neuroleptic_exposure": 0.0}, "dopamine-blocking"),
        ({"aetiology": "acquired_acute_drug"}, {"neuroleptic_exposure": 0.0}, "dopamine-blocking"),
        (TARDIVE, {"neuroleptic_exposure": 1.0}, ""),
        (TARDIVE, {"neuroleptic_exposure": np.nan}, ""),
        (TARDIVE, {"neuroleptic_exposure": 0.0, "dopamine_blocker": "haloperidol"}, ""),
        (TARDIVE, {"neuroleptic_exposure": 0.0, "dopamine_blocker_use_y": 2.0}, ""),
        (TBI, {"head_injury": 0.0}, "head injury"),
        (TBI, {"head_injury_before_onset_y": -1.0}, "head injury"),
        (TBI, {"head_injury_before_onset_y": 1.0}, ""),
        (TBI, {"head_injury": 1.0}, ""),
        (WRITER, {"task_specific": 0.0}, "one task"),
        (WRITER, {"task_specific": 1.0}, ""),
        (HEALTHY, {"dystonia_neck": 1.0}, "region"),
        (HEALTHY, {"dystonia_neck": 0.0}, ""),
        (HEALTHY | {"aetiology": "wilson"}, {}, "can't have"),
        (HEALTHY | {"aetiology": "not_dystonia"}, {}, ""),
        ({"phenotype": "functional", "aetiology": "idiopathic_isolated"}, {}, "can't have"),
        ({"aetiology": "idiopathic_isolated"}, {"neuroleptic_exposure": 0.0}, ""),
    ],
)
def test_a_label_that_cannot_be_is_told(labels, visit, words):
    """What clinical facts exclude is found; what was not recorded excludes nothing."""
    found = told_of(labels, visit)
    assert [words in message for message in found] == ([True] if words else [])


def test_history_that_one_visit_tells_holds_for_all_and_regions_for_their_own():
    """A drug that was remembered later was taken; a region that was affected later was not affected before."""
    assert told_of(TARDIVE, {"neuroleptic_exposure": 0.0}, {"neuroleptic_exposure": 1.0}) == []
    visits = {"dystonia_neck": 0.0}, {"dystonia_neck": 1.0}
    assert [len(told_of(HEALTHY, *visits, visit_id=visit)) for visit in ("1", "2", "")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"combined_with": ["none"]}, "isolated"),
        ({"combined_with": ["none"], "findings": ["HP:0001336"]}, "isolated"),
        ({"combined_with": ["chorea"]}, "combined"),
        ({"findings": ["HP:0001337|HP:0001300"]}, "combined"),
        ({"findings": ["HP:0045084"]}, "combined"),
        ({"findings": ["!HP:0001336"]}, ""),
        ({"findings": ["HP:0001337"]}, ""),
        (FREE | {"combined_with": ["none"]}, ""),
        ({}, ""),
    ],
)
def test_isolated_is_said_and_combined_is_said_or_found(columns, expected):
    """Tremor belongs to dystonia; a finding that is not there is no answer."""
    visits = pd.DataFrame({"patient_id": ["a"]} | columns)
    assert isolated_or_combined(visits).tolist() == [expected]
