"""The words of the feature table: each column has some, with a unit, and a clinician's name for what it belongs to."""

import re

from pipeline.features.catalogue import CATALOGUE, column_names
from pipeline.features.spec import record_feature
from pipeline.features.words import parts_of, said_of
from pipeline.units import Unit

SAID = said_of(CATALOGUE)
PURE = (Unit.NONE, Unit.COUNT, Unit.RATIO, Unit.STATE)


def test_every_column_has_words_and_is_in_one_part():
    assert list(SAID) == column_names()
    columns = [at for part in parts_of(column_names(), SAID).values() for at in part]
    assert sorted(columns) == list(range(len(SAID)))


def test_words_are_for_people():
    """No name of a column, no mark of a list, no sentence; every measured value has its unit."""
    for said in SAID.values():
        for words in (said.part, said.title, said.answer):
            assert not re.search(r"[_|`\n]|\.$|: ", words)
        assert said.part[0].isupper()
        if said.unit not in PURE:
            assert re.search(
                r"[0-9] (years|weeks|%|points|units|Hz|m?m?/?s|g|g/s|degrees|degrees/s|microvolts)$", said.value(3.25)
            )


def test_a_part_is_measured_or_asked_never_both():
    for columns in parts_of(column_names(), SAID).values():
        words = [SAID[column_names()[at]] for at in columns]
        assert len({bool(each.title) for each in words}) == 1
        names = [each.title or each.answer for each in words]
        assert len(set(names)) == len(names)


def test_the_form_is_read_back_as_it_asks():
    assert SAID["sex_male_state"].value(1.0) == "male"
    assert SAID["sensory_trick_effect_state"].value(0.5) == "partly"
    assert SAID["finding_tremor_state"].value(0.0) == "excluded"
    assert SAID["age_at_onset_y"].part == SAID["onset_in_infancy_state"].part


def test_a_feature_without_words_of_its_own_is_called_by_its_first_sentence_or_its_columns():
    """Somebody else's feature needs to declare nothing more."""

    @record_feature(unit=Unit.YEARS, bounds=(0.0, 9.0), source="us")
    def waiting_y(history):
        """Time on the list: from referral to visit; NaN where unknown."""

    @record_feature(unit=Unit.COUNT, outputs=["red_count", "blue_count"], bounds=(0.0, 9.0), source="us")
    def pills_count(history):
        """Pills by colour."""

    said = said_of([waiting_y, pills_count])
    assert [each.part for each in said.values()] == ["Time on the list", "Red", "Blue"]
    assert said["waiting_y"].value(2.0) == "2 years"
