"""How a model does against the gates, and against the champion, on people whom neither has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pipeline.bundle import ModelBundle, TargetModel
from pipeline.bundle.model import Map
from pipeline.command import Say
from pipeline.errors import ContractError, UsageError
from pipeline.evaluation import events, gates, summary
from pipeline.evaluation.gates import Gate
from pipeline.evaluation.held_out import HeldOut, with_parts
from pipeline.evaluation.intervals import cluster_bootstraps
from pipeline.evaluation.people import parts_of
from pipeline.evaluation.risks import event_by
from pipeline.evaluation.scores import row_log_losses
from pipeline.external import clusters, held_predictions, known_truth
from pipeline.outcomes import Truth
from pipeline.records import Cohort
from pipeline.study import Target


def judge(
    candidate: ModelBundle,
    champion: ModelBundle | None,
    cohort: Cohort,
    *,
    map: Map = map,
    say: Say = lambda _: None,
) -> tuple[Gate, ...]:
    """Hold a model against every gate.

    Parameters
    ----------
    candidate : ModelBundle
    champion : ModelBundle, optional
        The model that it would replace; without one, only what it says itself is judged.
    cohort : Cohort
        With outcomes, of people whom neither was trained on.
    map : callable
        Runs one function over many recordings.
    say : callable
        Is told of progress, a line at a time.

    Returns
    -------
    tuple of Gate
        Target by target.

    Raises
    ------
    ContractError
        If the cohort has no visit.
    UsageError
        If the champion answers another question.
    """
    if not len(cohort):
        raise ContractError("the cohort", "no visit that can be used", do="See 'dystonia check'", code="NO_VISITS")
    rivals = _rivals(candidate, champion)
    study = candidate.study
    groups, parts = clusters(cohort, study), parts_of(cohort, study.leave_out)
    say("extracting features")
    X = candidate.vectors(cohort, map=map)
    other = X if champion is None or _sees_alike(candidate, champion) else champion.vectors(cohort, map=map)
    found: list[Gate] = []
    for model in candidate.models:
        name = model.target.name
        truth = known_truth(cohort, model)
        if truth is None:
            found.append(gates.events_gate(name, 0))
            continue
        say(f"{name}: judging on {len(truth.visits)} visits")
        held = with_parts(held_predictions(model, X, truth, cohort, groups, seed=study.seed), parts)
        found += _alone(held, model)
        if name in rivals:
            known = held_predictions(rivals[name], other, truth, cohort, groups, seed=study.seed)
            found += compared(held, known)
    return tuple(found)


def _sees_alike(one: ModelBundle, other: ModelBundle) -> bool:
    """Whether the features of a visit are the same for both, so that they are computed once."""
    mine, theirs = one.study, other.study
    return (one.features, mine.inputs, mine.targets) == (other.features, theirs.inputs, theirs.targets)


def _rivals(candidate: ModelBundle, champion: ModelBundle | None) -> Mapping[str, TargetModel]:
    """Return the champion's model of each target; the candidate has to answer the same questions, at least."""
    if champion is None:
        return {}
    asked = {model.target.name: model.target for model in candidate.models}
    for model in champion.models:
        name, target = model.target.name, model.target
        if name not in asked:
            raise _another_question(f"does not predict '{name}', as the champion does")
        mine = asked[name]
        if _question(mine) != _question(target):
            raise _another_question(f"asks something else under the name '{name}' than the champion")
        if target.horizons and not set(mine.horizons) & set(target.horizons):
            raise _another_question(f"has no horizon of '{name}' in common with the champion")
    return {model.target.name: model for model in champion.models}


def _question(target: Target) -> Target:
    """Return a target without what only says how it is to be learned."""
    return replace(target, horizons=(), prespecified=(), through="", clock="")


def _another_question(found: str) -> UsageError:
    return UsageError("the model", found, do="Register it under another --name")


def _alone(held: HeldOut, model: TargetModel) -> list[Gate]:
    """Judge what can be judged without another model."""
    name, truth = held.target.name, held.truth
    if held.is_risk:
        people = len(np.unique(held.people[truth.event_indicator].astype(str)))
        period = min(held.horizons.values()) / summary.PERIODS_TO_SHORTEST

        def ratios(at: np.ndarray) -> dict[str, float]:
            rows = truth.left[at], truth.right[at]
            risks = zip(held.horizons.items(), held.predicted[at].T, strict=True)
            return {
                text: events.observed_over_expected(*rows, risk, years, period=period) for (text, years), risk in risks
            }

        drawn = cluster_bootstraps(ratios, held.groups, level=gates.LEVEL_OF_CHANCE, seed=held.seed)
        calibrated = [
            gates.calibration_gate(f"{name} {text}", ratio.value, (ratio.low, ratio.high))
            for text, ratio in drawn.items()
        ]
        return [gates.events_gate(name, people), *calibrated]
    counts = np.unique(truth.label.astype(str), return_counts=True)[1]
    others = "whose label is not the most frequent one"
    found = [gates.events_gate(name, int(counts.sum() - counts.max()), others)]
    for column, said in held.columns.items():
        of = column if column == name else f"{name} {column}"
        found.append(gates.coverage_gate(of, said.inside, model.sets[column].n_calibration_, said.promised))
        found.append(gates.label_calibration_gate(of, said.probabilities, said.truth, said.labels))
    return found


def compared(held: HeldOut, champion: HeldOut) -> list[Gate]:
    """Judge a model's predictions beside the champion's of the very same visits.

    Parameters
    ----------
    held, champion : HeldOut
        Of the same visits, in the same order.
    """
    name = held.target.name
    difference = log_loss_differences(held, champion)
    return [
        gates.log_loss_gate(name, difference, held.groups, held.seed),
        *gates.subgroup_gates(name, difference, held.people, held.groups, parts=held.parts, seed=held.seed),
    ]


def log_loss_differences(held: HeldOut, champion: HeldOut) -> np.ndarray:
    """Return by how much each visit's log-loss is larger than the champion's, in nats; shape (n,).

    Of risks, the mean over the horizons that both have. Where it was not seen whether the event came by a horizon, it
    counts by how probable that is, for both models alike: people are grouped by the mean of both risks.
    """
    if not held.is_risk:
        mine, theirs = (
            row_log_losses(each.predicted, summary.label_codes(held.truth.label, each.labels))
            for each in (held, champion)
        )
        return mine - theirs
    shared = [text for text in held.horizons if text in champion.horizons]
    each = [_risk_differences(held, champion, text, held.truth) for text in shared]
    return np.mean(each, axis=0)


def _risk_differences(held: HeldOut, champion: HeldOut, horizon: str, truth: Truth) -> np.ndarray:
    mine, theirs = (each.predicted[:, list(each.horizons).index(horizon)] for each in (held, champion))
    event = event_by(truth.left, truth.right, (mine + theirs) / 2.0, held.horizons[horizon])
    return gates.risk_log_losses(mine, event) - gates.risk_log_losses(theirs, event)
