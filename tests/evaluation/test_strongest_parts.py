"""What a model goes by, as a report tells it: means over people enough, whatever the contributions are."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.cells import LEAST_TO_SCORE
from pipeline.evaluation.reasons import MOST_PARTS, strongest_parts


@given(seed=st.integers(0, 9999), people=st.integers(0, 60), parts=st.integers(1, 25), recorded=st.floats(0.0, 1.0))
def test_means_of_people_enough_the_largest_first(seed, people, parts, recorded):
    """Brute force, part by part; who has nothing on record counts as not moved."""
    rng = np.random.default_rng(seed)
    known = rng.random((people, parts)) < recorded
    shares = rng.normal(size=(people, parts, 1)) * known[:, :, None]
    names = [f"part {number}" for number in range(parts)]
    found = strongest_parts(shares, known, names, ["what"])
    if people < LEAST_TO_SCORE:
        assert found == {}
        return
    brute = {
        name: float(np.mean([abs(shares[person, part, 0]) for person in range(people)]))
        for part, name in enumerate(names)
        if known[:, part].sum() >= LEAST_TO_SCORE
    }
    told = found["what"]["parts"]
    assert found["what"]["people"] == people
    assert list(told.values()) == sorted(told.values(), reverse=True)
    assert set(told) <= set(brute)
    np.testing.assert_allclose(list(told.values()), sorted(brute.values(), reverse=True)[:MOST_PARTS], rtol=1e-12)


def test_a_training_tells_what_its_model_goes_by(line):
    """For each label column and each risk, in the words of the form; `report.html` draws it."""
    targets = json.loads((line.bundle_folder / "report.json").read_text())["targets"]
    assert {name for target in targets.values() for name in target["reasons"]} == {"phenotype", "aetiology", "spread"}
    for target in targets.values():
        for found in target["reasons"].values():
            assert LEAST_TO_SCORE <= found["people"] <= len(set(line.cohort.groups))
            assert len(found["parts"]) <= MOST_PARTS
            assert set(found["parts"]) <= set(line.bundle.teller.parts)
    assert "Abnormal head movements" in targets["type"]["reasons"]["phenotype"]["parts"]
    page = (line.bundle_folder / "report.html").read_text()
    assert "What does it go by?" in page
