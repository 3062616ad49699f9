"""What features of rendered recordings lose against the blurred latents: ``python -m benchmarks.rendered [PATIENTS]``.

The same model learns the type of the same patients from features of recordings that were rendered for them, and from
the latents blurred as the measurement oracle assumes. What lies between is what features miss, or see beside. A third
source parts the two: the latents as boosted trees tell them from the features.
Written to ``docs/rendered.md``; what was measured is kept in ``build/rendered`` until what it depends on changes.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import cross_val_predict

import pipeline.features
import pipeline.learners
import pipeline.synthetic
from benchmarks.keeping import digest_of, kept
from benchmarks.truth.measures import losses, prior_losses, share
from benchmarks.truth.patients import STUDY, margin
from pipeline.config import load_recipe
from pipeline.engine import workers
from pipeline.features.catalogue import CATALOGUE, column_names, model_columns
from pipeline.features.extract import extract
from pipeline.learners.types import TypeClassifier
from pipeline.outcomes import PAIR
from pipeline.recipe import Recipe
from pipeline.records import Recording, Samples
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.synthetic.movement_figures import LATENTS
from pipeline.synthetic.signals.battery import BATTERIES, Take
from pipeline.synthetic.signals.files import sessions
from pipeline.synthetic.signals.render import Session
from pipeline.visible import visible

_PAGE, _KEPT = Path("docs/rendered.md"), Path("build/rendered")
_SEEDS = {"train": 11, "test": 12}
_TESTED = 2_000
_PARTS = ("phenotype", "aetiology")
_SENSOR = tuple(name for each in CATALOGUE if each.spec.level != "record" for name in each.spec.columns)
_BAR = 0.05


@dataclass(frozen=True)
class Rendered:
    """Gives the samples of one sensor of a take, rendered when they are asked for."""

    session: Session
    take: Take
    sensor: str

    def __call__(self) -> Samples:
        """Render them."""
        return self.session.track(self.take).samples(self.sensor)


def recordings(made: SyntheticCohort) -> Iterator[Recording]:
    """Go through all recordings of a cohort."""
    for session, _ in sessions(made):
        for take in BATTERIES[made.recipe.battery]:
            track = session.track(take)
            for sensor in track.sensors:
                name, site = f"{session.visit_id} {take.name} {sensor}", take.site(session.habits.side)
                key = name, session.patient_id, session.visit_id, site
                yield Recording(*key, take.task, sensor, track.rate_hz, Rendered(session, take, sensor))


@dataclass(frozen=True)
class Patients:
    """First visits with a recording each: what is known of them, from the form, the features and the latents."""

    form: np.ndarray
    features: np.ndarray
    latents: np.ndarray
    made: SyntheticCohort

    def inputs(self, movement: np.ndarray, *, form: bool) -> np.ndarray:
        """Return what a model sees."""
        return np.hstack([self.form, movement]) if form else movement

    @property
    def exact(self) -> np.ndarray:
        """Latents as they are, shape (visits, latents)."""
        return self.made.truth.visits.filter(like="latent_").to_numpy()

    @property
    def label(self) -> np.ndarray:
        """Recorded label of each visit."""
        outcomes = self.made.cohort.outcomes
        return (outcomes["phenotype"] + PAIR + outcomes["aetiology"]).to_numpy(str)

    def oracle(self, *, form: bool) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the measurement oracle's probability of each class."""
        names = self.made.truth.evidence.mix.names
        pattern = "measured" if form else "sensor"
        return self.made.truth.oracle[[f"{pattern}__{name}" for name in names]].to_numpy(), names


_People = tuple[Patients, Patients]
"""Who train, and who are judged."""


def patients(recipe: Recipe, count: int, part: str) -> Patients:
    """Make patients of one visit, and what is known of them."""
    made = generate(recipe, patients=count, seed=_SEEDS[part])
    seen = visible(made.cohort, STUDY)
    digest = digest_of(*(Path(each.__file__).parent for each in (pipeline.synthetic, pipeline.features)))
    path = _KEPT / f"{digest}-{part}-{count}.json"
    table = np.array(kept(path, partial(_extracted, made)), dtype=float)
    columns = list(column_names())
    where = [columns.index(name) for name in _SENSOR if name in set(model_columns())]
    form = [columns.index(name) for name in model_columns() if name not in set(_SENSOR)]
    plain = extract(seen)[columns].to_numpy(float)
    return Patients(plain[:, form], table[:, where], made.truth.visits.filter(like="blurred_").to_numpy(), made)


def _extracted(made: SyntheticCohort) -> list[list[float | None]]:
    with workers(0) as map:
        table = extract(replace(made.cohort, recordings=tuple(recordings(made))), map=map)
    values = table[list(column_names())].to_numpy(float)
    return [[None if np.isnan(cell) else cell for cell in row] for row in values.tolist()]


def compared(sources: dict[str, tuple[np.ndarray, np.ndarray]], people: _People, *, form: bool) -> dict[str, Any]:
    """Fit the same model to each source, and say what each attains."""
    train, test = people
    found: dict[str, Any] = {}
    said = {}
    for source, (learned, judged) in sources.items():
        model = TypeClassifier(labels=tuple(sorted(set(train.label))))
        model.fit(train.inputs(learned, form=form), train.label)
        said[source] = (model.predict_proba(test.inputs(judged, form=form)), tuple(model.classes_))
        found[f"{source}_chosen"] = model.chosen_
    for part, name in enumerate(_PARTS):
        truth, seen = (np.array([each.split(PAIR)[part] for each in one.label]) for one in (test, train))
        prior, best = prior_losses(seen, truth), _losses(test.oracle(form=form), part, truth)
        found[f"{name}_attainable"] = float((prior - best).mean())
        for source, answer in said.items():
            found[f"{name}_{source}"] = share(prior, _losses(answer, part, truth), best)
    return found


def _losses(answer: tuple[np.ndarray, tuple[str, ...]], part: int, truth: np.ndarray) -> np.ndarray:
    return losses(*margin(*answer, part), truth)


def latents_told(train: Patients, test: Patients) -> tuple[list[list[float]], list[list[float]]]:
    """Return the latents as features tell them; of those who train, by trees that have not seen them."""
    known = np.isfinite(train.features).any(axis=0)
    features = train.features[:, known], test.features[:, known]
    trees = HistGradientBoostingRegressor(max_iter=60, random_state=0)
    learned = [cross_val_predict(trees, features[0], latent, cv=5) for latent in train.exact.T]
    judged = [trees.fit(features[0], latent).predict(features[1]) for latent in train.exact.T]
    return np.transpose(learned).tolist(), np.transpose(judged).tolist()


def how_well(test: Patients, told: np.ndarray) -> dict[str, dict[str, float]]:
    """Return Spearman's rank correlation of each latent with what it is, by source."""
    return {
        name: {
            source: float(spearmanr(values[:, at], test.exact[:, at])[0])
            for source, values in (("latents", test.latents), ("features", told))
        }
        for at, name in enumerate(LATENTS)
    }


def main(count: int) -> None:
    """Write the page."""
    warnings.simplefilter("ignore")
    recipe = replace(load_recipe("near-naive"), recordings=1.0, max_visits=1)
    train, test = patients(recipe, count, "train"), patients(recipe, _TESTED, "test")
    places = [Path(each.__file__).parent for each in (pipeline.learners, pipeline.synthetic, pipeline.features)]
    digest = digest_of(*places, Path(__file__))
    told = kept(_KEPT / f"{digest}-{count}-told.json", partial(latents_told, train, test))
    both = {"latents": (train.latents, test.latents), "features": (train.features, test.features)}
    all_three = both | {"told": (np.array(told[0]), np.array(told[1]))}
    found = {
        form: kept(_KEPT / f"{digest}-{count}-{form}.json", partial(compared, sources, (train, test), form=form))
        for form, sources in ((False, all_three), (True, both))
    }
    _PAGE.write_text(page(found, how_well(test, np.array(told[1])), count), encoding="utf-8")
    print(_PAGE.read_text(encoding="utf-8"))


def page(found: dict[bool, dict[str, Any]], told: dict[str, dict[str, float]], count: int) -> str:
    """Return the page."""
    lines = [
        "# Features of rendered recordings against blurred latents",
        "",
        f"Made by `python -m benchmarks.rendered {count}` with version {version('dystonia-pipeline')} on",
        f"{date.today()}. {count:,} patients of the recipe `near-naive`, one visit each, all recorded, and {_TESTED:,}",
        "others to judge by.",
        "Share of attainable information: (log-loss of the prior - the model's) / (the same for the measurement oracle",
        f"that sees as much). **Bold**: features lose more than {_BAR:g} against the latents.",
        "",
        "| the model sees | label | attainable, nats | from latents | from features | difference |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for form, figures in found.items():
        for name in _PARTS:
            latents, features = figures[f"{name}_latents"], figures[f"{name}_features"]
            lost = f"{latents - features:+.3f}"
            lines.append(
                f"| {'form and recordings' if form else 'recordings'} | {name} | {figures[f'{name}_attainable']:.3f} "
                f"| {latents:.3f} | {features:.3f} | {f'**{lost}**' if latents - features > _BAR else lost} |"
            )
    lines += [
        "",
        "## Where the difference comes from",
        "",
        "The ten latents are told from the features by boosted trees (of those who train the model, by trees that have",
        "not seen them). The model that learns from these ten loses what features do not tell; what it has more than",
        "from the features themselves is what the model does not make of a hundred columns.",
        "",
        "| label, recordings alone | features do not tell | the model does not make of them |",
        "| --- | --- | --- |",
    ]
    for name in _PARTS:
        latents, told_share, features = (found[False][f"{name}_{source}"] for source in ("latents", "told", "features"))
        lines.append(f"| {name} | {latents - told_share:+.3f} | {told_share - features:+.3f} |")
    lines += [
        "",
        "Rank correlation with the exact latent on the patients that are judged: of the blurred latent, and of what",
        "the trees make of the features.",
        "",
        "| latent | blurred | from features |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{name}` | {each['latents']:.2f} | {each['features']:.2f} |" for name, each in told.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
