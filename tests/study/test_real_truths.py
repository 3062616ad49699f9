"""Real records: the counts that were published, or counted by hand, come out of reading and deriving."""

import re
from collections import Counter

import numpy as np
import pytest

from pipeline.config import load_mapping, load_study
from pipeline.outcomes import derive
from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source
from pipeline.visible import visible

pytestmark = pytest.mark.real


def read(path, folder, **options):
    chosen = Options(**options)
    source = open_source(path, chosen)
    return read_whole(source, chosen, folder)


@pytest.fixture(scope="module")
def phenopackets(real_data, tmp_path_factory):
    path = real_data / "phenopackets" / "movement_phenopackets.jsonl"
    return read(path, tmp_path_factory.mktemp("spill"))


@pytest.fixture(scope="module")
def trial(real_data, tmp_path_factory):
    path = real_data / "cervical_trial" / "cervical_trial.csv"
    return read(path, tmp_path_factory.mktemp("spill"), mapping=load_mapping("cervical-trial"))


def test_each_phenopacket_is_taken_or_rejected(phenopackets):
    """826 packets, one record each."""
    assert len(phenopackets) + len(phenopackets.rejects) == 826
    rows = [*phenopackets.visits["row"], *phenopackets.rejects["row"]]
    assert sorted(rows) == list(range(1, 827))


def test_dystonia_among_the_phenopackets(phenopackets):
    """123 observed, 226 excluded, the others not said."""
    target = load_study("phenopackets").targets[0]
    assert Counter(derive(phenopackets, target).label) == {"yes": 123, "no": 226}


def test_no_label_can_be_read_from_what_the_model_sees(phenopackets):
    """Derived again from the visible findings, there is no label left."""
    study = load_study("phenopackets")
    assert len(derive(visible(phenopackets, study), study.targets[0]).visits) == 0


def test_the_trial_is_read_whole(trial):
    """272 visits of 46 patients, none rejected; each patient has the treatment of week 0."""
    assert (len(trial), len(trial.rejects), len(set(trial.groups))) == (272, 0, 46)
    assert set(trial.treatments["patient_id"]) == set(trial.groups)


def test_relapses_and_responses_of_the_trial(trial):
    """29 patients reach time zero, 16 of them relapse; 19 of 46 respond by week 4."""
    relapse, responder = load_study("cervical-trial").targets
    truth = derive(trial, relapse)
    assert (len(truth.visits), int(truth.event_indicator.sum())) == (29, 16)
    assert (truth.left < truth.right).all()
    assert not np.isnan(truth.left).any()
    labels = Counter(derive(trial, responder).label)
    assert (labels["yes"], sum(labels.values())) == (19, 46)


def test_no_message_quotes_a_record(phenopackets, trial):
    """Ids stand in their own columns, never in words."""
    for cohort in (phenopackets, trial):
        words = " ".join([*cohort.rejects["message"], *cohort.notes["message"]])
        assert not re.search(r"\d", words.replace("200 characters", "").replace("ISO 8601", ""))
