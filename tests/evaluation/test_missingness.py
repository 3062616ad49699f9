"""What is missing, and for whom: brute force over visits, parts of few people left out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_study
from pipeline.evaluation.people import missingness
from pipeline.outcomes import derive
from pipeline.records import Cohort
from pipeline.validation import labels_of_visits


@st.composite
def cohorts(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = rng.integers(0, draw(st.integers(2, 90)), size=draw(st.integers(1, 150)))
    visits = pd.DataFrame(
        {"patient_id": [f"p{each}" for each in people], "visit_id": [str(at) for at in range(len(people))]}
    )
    visits["pain"] = np.where(rng.uniform(size=len(people)) < draw(st.floats(0.0, 1.0)), np.nan, 1.0)
    label = np.array(["", "cervical", "laryngeal"], dtype=object)[people % 3]
    return Cohort(visits=visits), label


@given(cohorts())
def test_shares_are_those_of_the_visits_and_ends_those_of_large_parts(case):
    cohort, label = case
    found = missingness(cohort, {"phenotype": label})
    empty = cohort.visits["pain"].isna().to_numpy()
    if not empty.any():
        assert found == {}
        return
    assert found["pain"]["share"] == pytest.approx(empty.mean(), abs=0.005 + 1e-9)
    large = [name for name in ("cervical", "laryngeal") if len(set(cohort.groups[label == name])) >= 20]
    if len(large) < 2:
        assert "phenotype" not in found["pain"]
        return
    shares = [empty[label == name].mean() for name in large]
    ends = found["pain"]["phenotype"]
    assert (ends["least"], ends["most"]) == pytest.approx((min(shares), max(shares)), abs=0.005 + 1e-9)


def test_every_label_column_is_a_part_and_an_event_is_none(line):
    """Each visit has the label that the truth has for it; visits without a truth have none."""
    for target in load_study("dystonia-intake").targets:
        truth = derive(line.cohort, target)
        found = labels_of_visits(truth, target, len(line.cohort))
        if target.kind != "classification":
            assert found == {}
            continue
        assert list(found) == ["phenotype", "aetiology"]
        joint = [f"{one}/{other}" for one, other in zip(*found.values(), strict=True)]
        assert np.array(joint)[truth.visits].tolist() == truth.label.tolist()
        assert (labels_of_visits(truth.at(np.arange(3)), target, len(line.cohort))["phenotype"] != "").sum() == 3
