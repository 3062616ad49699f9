"""Counts of joint labels beside counts of their columns: nothing that is hidden follows from what is told."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipeline.evaluation.cells import SUPPRESSED, label_counts
from pipeline.evaluation.joint_counts import joint_counts


@st.composite
def people(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cells = [
        (f"p{one}", f"a{other}") for one in range(draw(st.integers(1, 5))) for other in range(draw(st.integers(1, 4)))
    ]
    counts = rng.choice([0, 0, 1, 3, 4, 5, 7, 20], size=len(cells))
    if not counts.any():
        counts[0] = 9
    one, other = (np.repeat([cell[at] for cell in cells], counts) for at in (0, 1))
    return one, other, np.array([f"{a}/{b}" for a, b in zip(one, other, strict=True)])


def told_of(case):
    """All that is told: the joint labels a number adds up to, its name, its true count, and what is told of it."""
    one, other, label = case
    names = np.unique(label)
    joint, columns = joint_counts(label, [one, other])
    assert list(joint) == names.tolist()
    rows = [(names == name, np.sum(label == name), told) for name, told in joint.items()]
    for place, (part, column) in enumerate(zip((one, other), columns, strict=True)):
        of = np.array([name.split("/")[place] for name in names])
        rows += [(of == value, np.sum(part == value), told) for value, told in column.items()]
    return rows, names


@given(people())
def test_what_is_told_is_true_and_no_small_count_is_told(case):
    rows, _ = told_of(case)
    assert all(told in (count, SUPPRESSED) for _, count, told in rows)
    assert all(told == SUPPRESSED for _, count, told in rows if count < 5)


@given(people())
def test_no_small_count_follows_from_what_is_told(case):
    """Reference: linear programming finds two tables with the same told numbers in which it differs."""
    rows, names = told_of(case)
    if len(names) == 1:  # the total, which is told anyway
        return
    known = [(of, count) for of, count, told in rows if told != SUPPRESSED]
    known.append((np.ones(len(names)), len(case[2])))
    equal, to = np.array([of for of, _ in known], dtype=float), [count for _, count in known]
    for of, count, _ in rows:
        if count < 5 and not of.all():
            # counts below 0 are allowed here: that they are not is a bound, not a value
            ends = [linprog(sign * of, A_eq=equal, b_eq=to, bounds=(-1000, 1000)).fun for sign in (1.0, -1.0)]
            assert ends[0] < -ends[1] - 0.5


def test_a_rare_cause_of_a_frequent_kind_does_not_follow():
    """40 of 41 are told, and all 41 in the column by itself: the one would be known."""
    one = np.repeat(["blepharospasm", "blepharospasm", "cervical", "cervical"], [40, 1, 72, 9])
    other = np.repeat(["idiopathic", "tardive", "idiopathic", "tardive"], [40, 1, 72, 9])
    joint, _ = joint_counts(np.array([f"{a}/{b}" for a, b in zip(one, other, strict=True)]), [one, other])
    assert joint["blepharospasm/idiopathic"] == joint["blepharospasm/tardive"] == SUPPRESSED


@given(people())
def test_one_column_is_counted_as_it_is(case):
    one, _, _ = case
    joint, columns = joint_counts(one, [one])
    assert columns == [joint]
    assert joint == label_counts(one)
