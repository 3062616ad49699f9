"""What a report says of parts of the people: the numbers of each, and that nobody follows from them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.cells import SUPPRESSED
from pipeline.evaluation.held_out import HeldOut, LabelColumn, sets, subgroups
from pipeline.outcomes import Truth
from pipeline.study import Target

LABELS = ("cervical", "laryngeal", "musicians")


@st.composite
def judged(draw, most=60):
    """People with probabilities and sets, at sites of which some are small; where some were seen is not known."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(
        st.lists(
            st.sampled_from([size for size in (0, 1, 3, 4, 5, 19, 20, 60) if size <= most]), min_size=2, max_size=4
        ).filter(sum)
    )
    site = np.repeat(["", "site 1", "site 2", "site 3"][: len(sizes)], sizes).astype(object)
    n = len(site)
    probabilities = rng.dirichlet(np.full(3, 0.5), size=n)
    members = (probabilities > draw(st.floats(0.05, 0.6))) | np.eye(3, dtype=bool)[probabilities.argmax(axis=1)]
    code = np.array([rng.choice(3, p=row) for row in probabilities])
    label = np.array(LABELS, dtype=object)[code]
    column = LabelColumn(LABELS, probabilities, code, members, members.sum(axis=1) < 3, 0.9)
    truth = Truth(np.arange(n), label, np.zeros(n), np.zeros(n))
    target = Target(name="phenotype", kind="classification")
    return HeldOut(
        target,
        probabilities,
        truth,
        np.arange(n),
        np.arange(n),
        labels=LABELS,
        columns={"phenotype": column},
        parts={"site": site},
    )


@given(judged(most=19))  # with more, scores are computed, which takes long
def test_no_part_of_few_people_is_counted_nor_those_of_whom_it_is_not_known(held):
    """The number of all is told: what it leaves over is no number from 1 to 4 of people at one place."""
    site = held.parts["site"]
    found = subgroups(held).get("site", {})
    told = {name: each["people"] for name, each in found.items() if each["people"] != SUPPRESSED}
    assert all(count == (site == name).sum() and count >= 5 for name, count in told.items())
    if found and len(told) == len(found):
        assert not 0 < len(site) - sum(told.values()) < 5


@given(judged())
def test_sets_are_judged_for_each_part_that_has_people_enough(held):
    site, column = held.parts["site"], held.columns["phenotype"]
    found = sets(held, "phenotype")
    assert found["by_part"].get("site", {}).keys() <= {name for name in np.unique(site) if (site == name).sum() >= 20}
    answered = np.where(column.answered, "answered", "abstained")
    for by, part in {"site": site, "answer": answered}.items():
        for name, each in found["by_part"].get(by, {}).items():
            assert each["people"] == (part == name).sum()
            if "value" in each["coverage"]:
                assert each["coverage"]["value"] == column.inside[part == name].mean()
