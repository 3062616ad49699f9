"""What a recipe of a synthetic cohort may say; `config` reads it from TOML.

Plain frozen dataclasses, as those of a study (`pipeline.study`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.study import STRICT

Battery = Literal["short", "full"]


@dataclass(frozen=True)
class Centre:
    """One clinic of a synthetic cohort.

    Attributes
    ----------
    share : float
        Share of the patients; the shares of all clinics add up to 1.
    device : str
        Its movement sensor, one of `pipeline.synthetic.devices.DEVICES`.
    record_s : float
        Seconds that a recording lasts.
    case_mix : dict
        Factor on the weight of a phenotype; 1 where none is named.
    missing : float
        Factor on the share of items that are left empty.
    label_noise : float
        Factor on the share of wrong labels.
    """

    share: float = 1.0
    device: str = "bmi270"
    record_s: float = 20.0
    case_mix: dict[str, float] = field(default_factory=dict)
    missing: float = 1.0
    label_noise: float = 1.0
    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class Recipe:
    """How a synthetic cohort is made.

    Attributes
    ----------
    name, title : str
    classes : dict
        Weight of each allowed ``phenotype/aetiology`` pair; the weights are normalised.
    phenotypes, aetiologies : dict
        Shares that the classes are raked to, so that the table keeps its odds ratios and meets these margins. Each adds
        up to 1 and names all that `classes` has; empty: the table stays as it is.
    missing : float
        Probability that an item of the form was left empty.
    max_visits : int
        Most visits a patient has.
    label_noise : float
        Share of patients with a wrong recorded label.
    rater_noise : float
        Factor on the errors of the form's items: 0 for none, 1 for the usual ones.
    recordings : float
        Share of visits at which movement was recorded.
    battery : {"short", "full"}
        Which tasks are recorded, with what: see `pipeline.synthetic.signals.battery`.
    absent : float
        Share of visits without an instrument (history, early signs, mood).
    absence_follows_class : float
        How much the absence of an instrument or a recording depends on the class; 0 for not at all.
    heavy_tails : tuple of float
        Shares of visits whose latents spread 1, 2 and 4 times as wide.
    twist : float
        How far each kind of tremor falls apart into two halves that no straight line keeps together, in standard
        deviations.
    separation : float
        Factor on the distances between the kinds of movement.
    centres : tuple of Centre
    """

    name: str
    title: str
    classes: dict[str, float]
    phenotypes: dict[str, float] = field(default_factory=dict)
    aetiologies: dict[str, float] = field(default_factory=dict)
    missing: float = 0.1
    max_visits: int = 4
    label_noise: float = 0.15
    rater_noise: float = 1.0
    recordings: float = 0.8
    battery: Battery = "short"
    absent: float = 0.05
    absence_follows_class: float = 0.0
    heavy_tails: tuple[float, float, float] = (1.0, 0.0, 0.0)
    twist: float = 0.0
    separation: float = 1.0
    centres: tuple[Centre, ...] = (Centre(0.25), Centre(0.25), Centre(0.25), Centre(0.25))
    __pydantic_config__ = STRICT
