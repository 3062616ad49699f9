"""What a paper on a prediction model has to say: the 52 items of TRIPOD+AI, and which of them the software can fill.

Collins et al. 2024, BMJ 385:e078378. The wording is ours and short: read the checklist itself before you submit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Item:
    """One item of the checklist.

    Attributes
    ----------
    number : str
    asks : str
        What has to be said, in short.
    filled : {"software", "half", "people"}
        Who can say it.
    where : str
        What the software says of it, or where in the report that stands.
    """

    number: str
    asks: str
    filled: Literal["software", "half", "people"] = "people"
    where: str = ""


ITEMS = (
    Item(
        "1", "Title: that a model is developed or judged, for whom, to predict what", "half", "The title of the study."
    ),
    Item("2", "Abstract"),
    Item("3a", "Background: the question in health care, and what models there are"),
    Item("3b", "Whom the model is for, and where in care it is meant to be used"),
    Item("3c", "Known inequalities in health between groups of people"),
    Item("4", "Objectives", "half", "The targets of the study; why they matter is for people to say."),
    Item("5a", "Sources of data, why these, and how far they represent those the model is for"),
    Item("5b", "Dates: from when to when people were taken in and followed"),
    Item("6a", "Setting, centres and their number"),
    Item("6b", "Who was eligible", "half", "Whom a target can be asked of; who was invited is for people to say."),
    Item("6c", "Treatments received, and how they were handled"),
    Item(
        "7",
        "Preparation of the data",
        "software",
        "Contract of the columns, rejects and notes: 'Rows', and the data dictionary.",
    ),
    Item(
        "8a",
        "Outcome, horizon, how and when assessed",
        "software",
        "The targets in the study file, with their horizons.",
    ),
    Item("8b", "Who assessed an outcome that needs judgement"),
    Item("8c", "What was done so that assessors did not know the predictors"),
    Item(
        "9a",
        "Choice of predictors before modelling",
        "software",
        "All that is known at the times the study names; see the model card.",
    ),
    Item("9b", "Definition of all predictors", "software", "The catalogue of features and the data dictionary."),
    Item("9c", "Who assessed predictors that need judgement"),
    Item(
        "10",
        "Sample size",
        "software",
        "'Learned from', 'People by recorded label', 'Were there people enough?'; warnings where there is too little.",
    ),
    Item(
        "11",
        "Missing data",
        "software",
        "'Missing'; nothing is filled in before a fit, the models take missing as missing.",
    ),
    Item(
        "12a",
        "How data were used: development, evaluation, parts",
        "software",
        "Grouped, nested cross-validation; see the model card.",
    ),
    Item("12b", "How predictors were handled", "software", "In the catalogue of features and the model's file."),
    Item(
        "12c",
        "Type of model, steps of building, tuning, validation",
        "software",
        "'What was chosen among', and the study file.",
    ),
    Item("12d", "Differences between clusters", "software", "'At sites that it never saw', and scores by site."),
    Item("12e", "Measures and figures of performance", "software", "All of each target's section."),
    Item("12f", "Updating of the model", "software", "None: the model is judged as it was saved."),
    Item(
        "12g",
        "How predictions are calculated when a model is judged",
        "software",
        "By the saved model, as in 'dystonia predict'.",
    ),
    Item("13", "Class imbalance", "software", "Nothing is resampled; probabilities keep the shares of the labels."),
    Item("14", "Fairness", "software", "Scores by sex, age, site and recordings, with the largest gap."),
    Item("15", "What the model gives out", "software", "Probabilities, sets of labels, risks with intervals."),
    Item(
        "16",
        "Differences between training and evaluation",
        "software",
        "In an external validation, 'Beside the people of the training'.",
    ),
    Item("17", "Approval by an ethics committee, and consent"),
    Item("18a", "Funding"),
    Item("18b", "Conflicts of interest"),
    Item("18c", "Protocol"),
    Item("18d", "Registration"),
    Item("18e", "Access to the data"),
    Item("18f", "Access to the code", "software", "This software, in the versions that the model card names."),
    Item("19", "Part that patients and the public had in it"),
    Item("20a", "Flow of participants", "software", "'Rows', and the counts of each target."),
    Item("20b", "Characteristics of participants", "software", "'Table one'."),
    Item(
        "20c",
        "Participants beside those of the development",
        "half",
        "In an external validation; a training has nobody to compare.",
    ),
    Item("21", "Numbers of participants and outcomes in each analysis", "software", "The counts of each target."),
    Item("22", "The full model", "software", "The bundle: its files hold every number of it."),
    Item(
        "23a",
        "Performance with intervals, in subgroups too",
        "software",
        "'How good it is', and scores by part of the people.",
    ),
    Item("23b", "Performance by cluster", "software", "'At sites that it never saw', and scores by site."),
    Item("24", "Results of updating", "software", "None: the model is judged as it was saved."),
    Item("25", "Interpretation, fairness included, beside other studies"),
    Item("26", "Limitations"),
    Item(
        "27a",
        "What happens where input is poor or missing",
        "software",
        "Rejects with reasons, missing as missing, abstention: 'dystonia predict'.",
    ),
    Item("27b", "What users have to do, and have to know"),
    Item("27c", "Next steps for research"),
)
"""The items, in the order of the checklist."""
