"""What a report says of parts of the people: the numbers of each, and that nobody follows from them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.cells import SUPPRESSED
from pipeline.evaluation.held_out import HeldOut, LabelColumn, recalibrated_at_each, sets, subgroups
from pipeline.evaluation.local import after_recalibration
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


def test_parts_stand_in_the_order_of_their_numbers():
    names = np.repeat([f"site {number}" for number in (10, 2, 1, 33)], 6)
    nothing = np.zeros(24)
    target = Target(name="spread", kind="time_to_event", horizons=("5y",))
    alone = Truth(np.arange(24), nothing, nothing + 1.0, nothing + np.inf)
    held = HeldOut(target, nothing[:, None], alone, np.arange(24), np.arange(24), parts={"site": names})
    assert list(subgroups(held)["site"]) == ["site 1", "site 2", "site 10", "site 33"]


@given(judged())
def test_sets_are_judged_for_each_part_that_has_people_enough(held):
    site, column = held.parts["site"], held.columns["phenotype"]
    found = sets(held, "phenotype")
    assert found["by_part"].get("site", {}).keys() <= {name for name in np.unique(site) if (site == name).sum() >= 20}
    assert list(found["sizes"]) == sorted(found["sizes"], key=int)
    answered = np.where(column.answered, "answered", "abstained")
    for by, part in {"site": site, "answer": answered}.items():
        for name, each in found["by_part"].get(by, {}).items():
            assert each["people"] == (part == name).sum()
            if "value" in each["coverage"]:
                assert each["coverage"]["value"] == column.inside[part == name].mean()


@st.composite
def at_sites(draw):
    """People of families at sites, with labels, or with risks of an event of which it is known whether it came."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    families = draw(st.lists(st.sampled_from([2, 49, 99, 100, 120, 200]), min_size=1, max_size=3))
    sizes = [rng.integers(1, 3, size=count) for count in families]  # one or two people a family
    groups = np.repeat(np.arange(sum(families)), np.concatenate(sizes))
    site = np.repeat([f"s{at}" for at in rng.permutation(len(families))], [each.sum() for each in sizes])
    n = len(site)
    order = rng.permutation(n)
    nothing = np.zeros(n)
    if draw(st.booleans()):
        predicted, label = rng.dirichlet(np.ones(3), size=n), rng.choice(np.array(LABELS, dtype=object), n)
        truth, target = Truth(np.arange(n), label, nothing, nothing), Target(name="type", kind="classification")
    else:
        predicted = np.sort(rng.beta(1.0, 4.0, (n, 2)), axis=1)
        came = rng.random(n) < 0.4
        truth = Truth(np.arange(n), nothing, np.where(came, 0.5, 6.0), np.where(came, 1.0, np.inf))
        target = Target(name="spread", kind="time_to_event", horizons=("1y", "5y"))
    alike = (predicted[order], truth.at(order), np.arange(n), groups[order])
    return HeldOut(target, *alike, labels=LABELS, seed=int(rng.integers(100))), site[order]


@given(at_sites())
def test_recalibration_at_sites_is_the_mean_over_the_people_of_sites_that_are_large_enough(case):
    """Brute force: each person bears the score of their own site, recalibrated by itself."""
    held, site = case
    found = recalibrated_at_each(held, site)
    of_site = {}
    for name in set(site):
        rows = np.flatnonzero(site == name)
        if held.is_risk:
            predicted, truth = held.predicted[rows, -1], (held.truth.right[rows] <= 5.0).astype(float)
        else:
            predicted = held.predicted[rows]
            truth = np.array([LABELS.index(label) for label in held.truth.label[rows]])
        alone = {"is_risk": held.is_risk, "seed": held.seed}
        of_site[name] = after_recalibration(predicted, truth, held.groups[rows], **alone)
    for size in ("50", "100", "200"):
        people = [name for name in site if len(set(held.groups[site == name])) >= 2 * int(size)]
        assert (size in found) == bool(people)
        if people:
            assert found[size]["sites"] == len(set(people))
            for moment in ("before", "after"):
                mean = np.mean([of_site[name][size][moment] for name in people])
                np.testing.assert_allclose(found[size][moment], mean, rtol=1e-12)
