"""Hypothesis profiles, a small model trained once, and the folder of real records."""

import os
import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from pipeline.bundle import ModelBundle
from pipeline.bundle.save import members_of
from pipeline.config import load_recipe, load_study, study_options
from pipeline.fitting import fit_study
from pipeline.generate import generate
from pipeline.partition import read_whole
from pipeline.publish import publishing
from pipeline.reading.source import Options, open_source
from pipeline.recipe import Recipe
from pipeline.records import Cohort
from pipeline.synthetic.canaries import canaries

settings.register_profile("dev", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, database=None)
settings.register_profile(
    "mutation", settings.get_profile("ci"), max_examples=12, phases=(Phase.explicit, Phase.generate)
)
settings.register_profile("nightly", settings.get_profile("dev"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

REAL_DATA = "DYSTONIA_REAL_DATA"
_ROWS_OF_FAULTS = re.compile(r"test_((?:[SRBD]\d+_)+)")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test with the tables of faults whose rows it is named after, so that `pytest -m S` runs these."""
    if named := _ROWS_OF_FAULTS.match(item.name):
        for table in sorted({row[0] for row in named[1].split("_") if row}):
            item.add_marker(table)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Fail a test that skips because a package is missing, where all packages were to be installed."""
    report = yield
    missing = report.skipped and "could not import" in str(report.longrepr)
    if missing and os.environ.get("PIPELINE_REQUIRE_ALL") == "1":
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real records; a test that needs it skips where there is none."""
    folder = os.environ.get(REAL_DATA)
    if not folder:
        pytest.skip(f"{REAL_DATA} is not set: run make test-real REAL=DIR")
    return Path(folder)


@pytest.fixture(autouse=True)
def _away_from_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test in a folder of its own, so that nothing is written beside the code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def three_kinds() -> Recipe:
    """Return a recipe of three kinds of people, which few of them suffice to tell apart."""
    shares = {"cervical/idiopathic_isolated": 2.0, "laryngeal/idiopathic_isolated": 1.0, "healthy/not_dystonia": 1.0}
    return replace(load_recipe("demo"), classes=shares)


@dataclass(frozen=True)
class Line:
    """A small synthetic cohort, as files and in memory, and a model trained on it."""

    cohort_folder: Path
    bundle_folder: Path
    bundle: ModelBundle
    cohort: Cohort


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Train once for all tests that need a model; two folds and few patients keep it quick."""
    root = tmp_path_factory.mktemp("line")
    generate(root / "cohort", three_kinds(), patients=90, seed=3)
    study = replace(load_study("dystonia-intake"), name="small", folds=2)
    options = study_options(study, Options())
    source = open_source(root / "cohort", options)
    cohort = read_whole(source, options, root)
    bundle, report = fit_study(cohort, study, "small")
    with publishing(root / "model", {"made": "once"}) as staging:
        assert staging is not None
        members_of(bundle, canaries(), report)(staging)
    return Line(root / "cohort", root / "model", bundle, cohort)
