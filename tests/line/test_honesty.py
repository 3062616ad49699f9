"""Results that can be stood behind: nothing leaks, and a risk means what it says."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pipeline
from pipeline.config import load_recipe, load_study
from pipeline.features.catalogue import model_columns
from pipeline.features.extract import extract
from pipeline.outcomes import derive
from pipeline.reading import phenopackets
from pipeline.records import Cohort
from pipeline.selection import TrainingRows, out_of_fold
from pipeline.synthetic.cohort import generate
from pipeline.visible import visible

QUICK = ("prior", "logistic", "generative", "pool")
POOLS = {"cpu_count", "ProcessPoolExecutor", "BrokenProcessPool", "TerminatedWorkerError"}


def _packet(*terms):
    features = [{"type": {"id": term.lstrip("!")}, "excluded": term.startswith("!")} for term in terms]
    return {"id": "one", "subject": {"id": "proband"}, "phenotypicFeatures": features}


def _read(tmp_path, packet):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(packet))
    (batch,) = phenopackets.read(path, "one.json")
    visits = batch.drop_columns(["problem", "age_at_visit_y", "age_at_onset_y"]).to_pandas()
    return Cohort(visits.astype({"findings": object, "patient_id": object}))


@pytest.mark.parametrize("terms", [("HP:0000473",), ("!HP:0000473",), ("HP:0001332", "!HP:0002356"), ("!HP:0100022",)])
def test_who_is_known_by_dystonia_alone_has_no_feature_set(tmp_path, terms):
    """A subtype of dystonia, or the exclusion of what is above it, tells the label: nothing of it reaches the model."""
    cohort = _read(tmp_path, _packet(*terms))
    table = extract(visible(cohort, load_study("phenopackets")))
    findings = [name for name in model_columns() if name.startswith("finding")]
    assert len(findings) > 80
    assert table[findings].isna().all(axis=None)


def test_other_findings_of_the_same_person_stay(tmp_path):
    """Hiding the label's terms hides nothing else: a head tremor is still a tremor."""
    cohort = _read(tmp_path, _packet("HP:0000473", "HP:0002346"))
    table = extract(visible(cohort, load_study("phenopackets")))
    recorded = table[[name for name in model_columns() if name.startswith("finding")]].notna().iloc[0]
    assert {name for name in recorded.index[recorded] if "tremor" in name}
    assert not {name for name in recorded.index[recorded] if "dystonia" in name or "torticollis" in name}


def test_a_predicted_risk_is_that_of_the_visit_not_of_a_visit_chosen_by_its_future():
    """People who spread have no later visits; were visits weighed by patient, the risk would come out twice too high.

    Five seeds of 800 synthetic people whose true time of spread is known: the mean out-of-fold 5-year risk is right.
    """
    study = load_study("dystonia-intake")
    target = next(target for target in study.targets if target.name == "spread")
    ratios = []
    for seed in range(5):
        synthetic = generate(load_recipe("demo"), patients=800, seed=seed)
        cohort = synthetic.cohort
        table = extract(visible(cohort, study))[model_columns()]
        truth = derive(cohort, target)
        patients = cohort.groups[truth.visits]
        rows = TrainingRows(target, table.to_numpy()[truth.visits], truth, patients, patients)
        risk = out_of_fold(rows, folds=2, seed=1)[:, -1]
        visits = cohort.visits.iloc[truth.visits]
        duration = (visits["age_at_visit_y"] - visits["age_at_onset_y"]).to_numpy()
        onset_to_spread = (
            synthetic.truth.patients.set_index("patient_id")["spread_from_onset_y"].loc[patients].to_numpy()
        )
        known = ~np.isnan(duration)
        ratios.append(np.mean((onset_to_spread - duration)[known] <= 5.0) / risk[known].mean())
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 1.0) < 0.15 + 2.0 * error


def test_no_module_can_load_a_pickle():
    """No code of the package imports what would run code that came with a file."""
    root = Path(pipeline.__file__).parent
    banned = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
    found = []
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            # joblib's pools pass pickles between processes of ours; its `load` and `Memory` would read them from files
            pools = path.parent.name == "engine" and {alias.name for alias in getattr(node, "names", ())} <= POOLS
            # what checks that a feature pickles makes the bytes itself, in memory; no command imports it
            own = path.parent.name == "testing" and names == ["pickle"] and "pickle.load(" not in path.read_text()
            found += [(path.name, name) for name in names if name.split(".")[0] in banned and not (pools or own)]
    assert not found


def test_permuted_labels_tell_nothing(line):
    """With labels dealt out anew among patients, nothing can be learned: twenty deals, scored against chance.

    What the model says is worth no more, and no less, than the shares of the labels in the same folds: its share of the
    label's entropy is 0 within two standard errors. A leak would raise it, a model that is too sure would lower it. The
    candidates are the quick ones.
    """
    study = load_study("dystonia-intake")
    table = extract(visible(line.cohort, study))[model_columns()].to_numpy()
    target = study.targets[0]
    truth = derive(line.cohort, target)
    patients = line.cohort.groups[truth.visits]
    people, who = np.unique(patients.astype(str), return_inverse=True)
    shares = []
    for seed in range(20):
        dealt = np.random.default_rng(seed).permutation(np.arange(len(people)) % 2)[who]
        permuted = replace(truth, label=dealt.astype(str).astype(object))
        rows = TrainingRows(target, table[truth.visits], permuted, patients, patients)
        at = rows.scored(seed)
        chance, model = (
            -np.log(out_of_fold(each, folds=2, seed=seed)[at, dealt[at]]).mean()
            for each in (replace(rows, candidates=names) for names in (("prior",), QUICK))
        )
        shares.append((chance - model) / np.log(2.0))
    error = np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert abs(np.mean(shares)) <= 2.0 * error
