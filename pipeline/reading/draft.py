"""A mapping proposed for an unknown table: what is certain, what is guessed, and by which evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.errors import ContractError
from pipeline.reading.headers import plain, term_of
from pipeline.reading.profile import DATE_SHAPES, SEXES, Profile, profiles
from pipeline.reading.raw import RAW_KEYS, THEIRS
from pipeline.reading.source import Source
from pipeline.records import Column
from pipeline.schema import TABLES

SYNONYMS = {
    "patient_id": ("patient", "patientid", "subject", "subject_id", "participant_id", "record_id", "individual_id"),
    "visit_id": ("visit", "visit_no", "event", "redcap_event_name", "encounter_id", "session"),
    "visit_date": ("date_of_visit", "exam_date", "examination_date", "assessment_date"),
    "weeks_since_enrolment": ("week", "study_week"),
    "age_at_visit_y": ("age", "age_at_visit", "aae", "age_at_examination", "age_at_exam"),
    "age_at_enrolment_y": ("age_at_baseline", "baseline_age", "age_at_enrollment"),
    "age_at_onset_y": ("aao", "onset_age", "age_onset", "age_of_onset", "age_at_first_symptom"),
    "sex": ("gender", "sex_at_birth"),
    "centre": ("center", "site", "clinic", "hospital"),
    "publication": ("pmid", "paper", "reference"),
    "phenotype": ("dystonia_type", "type_of_dystonia"),
    "aetiology": ("etiology", "cause"),
    "kind": ("treatment", "treatment_kind", "treatment_type"),
    "family_history_dystonia": ("famhx", "family_history", "positive_family_history"),
}
"""What other tables call our columns."""

_BESIDE = {"treatments": ("kind",), "outcomes": ("phenotype", "aetiology")}
"""Tables that a file of visits may hold, too, and the columns one of which has to be there for it."""

_TIMES = {"months": ("month", "months", "mo", "mths"), "weeks": ("week", "weeks", "wks"), "days": ("day", "days")}
_NEAR = 0.84
_EXACT, _SAME, _SYNONYM = 4.0, 3.0, 2.0
_VALUE = re.compile(r"^\s*([+-]?[\d.,/:-]+|yes|no|true|false|male|female|)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """One of their columns and the one of ours that it seems to be.

    Attributes
    ----------
    score : float
        The higher, the surer.
    why : str
        What speaks for it.
    """

    theirs: str
    ours: Column
    score: float
    why: str

    @property
    def is_the_name(self) -> bool:
        """Whether their column has our name to the letter."""
        return self.score == _EXACT


def draft_mapping(source: Source, name: str) -> str:
    """Propose a mapping for the visits of a source, and for treatments and outcomes that its rows tell of.

    Nothing is applied, and no cell of the table stands in the text: only names of columns, counts and patterns.

    Parameters
    ----------
    source : Source
        Opened without a mapping.
    name : str
        What the mapping is called.

    Returns
    -------
    str
        TOML that `config.load_mapping` reads.

    Raises
    ------
    ContractError
        If the first line does not look like one with names of columns.
    """
    names = _header(source)
    found = profiles(source.batches("visits", THEIRS), names)
    matches = match_columns(found)
    taken = {match.theirs for match in matches}
    beside = {table: _matches_beside(table, found, matches) for table in _BESIDE}
    taken |= {match.theirs for each in beside.values() for match in each}
    named = [each for each in names if term_of(each) and each not in taken]
    rest = [each for each in names if each not in taken and each not in named]
    lines = [
        "# Drafted from the names of columns and from counts of what cells look like. Check every line marked 'guess'.",
        f"name = {_quoted(name)}",
        f"title = {_quoted('Drafted mapping: say here what one row is')}",
        *_for_all(named, found),
        "",
        "[tables.visits.columns]",
    ]
    for match in matches:
        lines += _lines(match, found[match.theirs])
    lines += _unmatched_of_ours(matches)
    lines += _findings(named, found)
    for table, more in beside.items():
        if more:
            lines += ["", f"# guess: a row tells of {table}, too", f"[tables.{table}.columns]"]
            lines += [line for match in more for line in _lines(match, found[match.theirs])]
    if rest:
        lines += ["", "# no column of ours was found for:"]
        lines += [f"#   {_quoted(each)}: {found[each].says()}" for each in rest]
    return "\n".join(lines) + "\n"


def _matches_beside(table: str, found: Mapping[str, Profile], visits: list[Match]) -> list[Match]:
    """Match what is left to another table of ours, with the ids and times that it shares with the visits."""
    used = {match.theirs for match in visits}
    shared = {match.ours.name: match for match in visits}
    own = tuple(column for column in TABLES[table] if column.name not in shared)
    matches = match_columns({name: each for name, each in found.items() if name not in used}, own)
    if not any(match.ours.name in _BESIDE[table] and match.score >= _SYNONYM for match in matches):
        return []
    return [*(shared[column.name] for column in TABLES[table] if column.name in shared), *matches]


def _unmatched_of_ours(matches: list[Match]) -> list[str]:
    matched = {match.ours.name for match in matches}
    needed = [column.name for column in TABLES["visits"] if column.required and column.name not in matched]
    return [f'# needed, but nothing was found: {name} = {{ source = "..." }}' for name in needed]


def _header(source: Source) -> list[str]:
    names: dict[str, None] = {}
    for part in source.tables["visits"]:
        names |= dict.fromkeys(next(part.read(THEIRS)).column_names)
    header = [name for name in names if name not in RAW_KEYS]
    if sum(bool(_VALUE.match(name)) for name in header) * 4 > len(header):
        raise ContractError(
            ", ".join(source.visit_files),
            "the first line holds values",
            needed="it has to name the columns",
            code="FORMAT",
        )
    return header


def match_columns(found: Mapping[str, Profile], ours: Sequence[Column] = TABLES["visits"]) -> list[Match]:
    """Match columns to ours, each at most once, the surest first; in the order of our schema.

    Examples
    --------
    >>> [(match.theirs, match.ours.name) for match in match_columns({"Gender": Profile(), "AAO": Profile()})]
    [('AAO', 'age_at_onset_y'), ('Gender', 'sex')]
    """
    by_name = {column.name: column for column in ours}
    possible = [
        match
        for theirs in found
        for column in ([by_name[theirs]] if theirs in by_name else ours)  # our name to the letter is no other column
        if (match := _match(theirs, column, found[theirs]))
    ]
    taken: dict[str, Match] = {}
    used: set[str] = set()
    for match in sorted(possible, key=lambda each: -each.score):
        if match.ours.name not in taken and match.theirs not in used:
            taken[match.ours.name] = match
            used.add(match.theirs)
    return [taken[column.name] for column in ours if column.name in taken]


def _match(theirs: str, ours: Column, profile: Profile) -> Match | None:
    """Say how well a name fits one of our columns, if it does, and whether the cells agree."""
    if theirs == ours.name:
        return Match(theirs, ours, _EXACT, "the same name")
    term, key = term_of(theirs), _key(theirs)
    if ours.code and term == ours.code:
        return _judged(theirs, ours, _SAME, f"the same code {term}", profile)
    if term:
        return None
    if key == _key(ours.name):
        return _judged(theirs, ours, _SAME, "the same name but for letter case, blanks and marks", profile)
    bare = _without_unit(key)
    if bare == _without_unit(_key(ours.name)):
        return _judged(theirs, ours, _SAME - 0.5, "the same name but for the unit", profile)
    if {key, bare} & set(SYNONYMS.get(ours.name, ())) or key == _key(ours.meaning):
        return _judged(theirs, ours, _SYNONYM, "a synonym", profile)
    near = _similarity(bare, _without_unit(_key(ours.name)))
    return _judged(theirs, ours, near, f"a similar name ({near:.0%})", profile) if near >= _NEAR else None


def _judged(theirs: str, ours: Column, score: float, why: str, profile: Profile) -> Match | None:
    """Drop a match which the cells speak against: a similar name alone is not enough."""
    if profile.fits(ours):
        return Match(theirs, ours, score, why)
    return Match(theirs, ours, score - 2.0, f"{why}, but the cells don't look like it") if score >= _SAME else None


def _similarity(one: str, other: str) -> float:
    compared = SequenceMatcher(None, one, other, autojunk=False)
    return compared.ratio() if compared.real_quick_ratio() >= _NEAR and compared.quick_ratio() >= _NEAR else 0.0


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", plain(name)).strip("_")


def _without_unit(key: str) -> str:
    units = {"y", "years", "yrs", "points", *(word for words in _TIMES.values() for word in words)}
    head, _, last = key.rpartition("_")
    return head if head and last in units else key


def _their_unit(theirs: str, ours: Column) -> str:
    last = _key(theirs).rpartition("_")[2]
    unit = next((unit for unit, words in _TIMES.items() if last in words), "")
    return unit if ours.unit in ("y", "weeks") and not (ours.unit == "weeks" and unit == "weeks") else ""


def _lines(match: Match, profile: Profile) -> list[str]:
    """Write one column with its evidence; a column that has our name stays as it is."""
    keys = {"source": _quoted(match.theirs)}
    if match.ours.name == "sex" and profile.coded_sexes:
        keys |= {"ignore_case": "true", "values": _inline(SEXES)}
    guesses = [] if match.is_the_name else _recoding(match, profile, keys)
    sure = match.score >= _SAME and not guesses
    mark = "certain" if sure else "guess"
    text = ", ".join(f"{key} = {value}" for key, value in keys.items())
    return [
        f"# {mark}: {match.why}; {profile.says()}",
        *(f"# guess: {guess}" for guess in guesses),
        f"{match.ours.name} = {{ {text} }}",
    ]


def _recoding(match: Match, profile: Profile, keys: dict[str, str]) -> list[str]:
    """Add how the cells are recoded, and return what of that is guessed."""
    guesses = []
    if profile.padded:
        keys["strip"] = "true"
    if profile.tokens and match.ours.kind not in ("id", "text"):
        keys["missing"] = "[" + ", ".join(map(_quoted, sorted(profile.tokens))) + "]"
        keys["ignore_case"] = "true"
        guesses.append("these tokens mean that nothing is recorded")
    if unit := _their_unit(match.theirs, match.ours):
        keys["unit"] = _quoted(unit)
        guesses.append(f"the numbers are {unit}, as the name says")
    elif match.ours.kind == "number" and not profile.in_range(match.ours):
        guesses.append("some numbers lie outside our range: is it another unit?")
    if match.ours.kind == "date":
        guesses += _dates(profile, keys)
    return guesses


def _dates(profile: Profile, keys: dict[str, str]) -> list[str]:
    formats = profile.date_formats()
    if len(formats) > 1:
        return [f"{' and '.join(formats)} both fit: choose one as date_format"]
    if formats and formats[0] != next(iter(DATE_SHAPES)):
        keys["date_format"] = _quoted(formats[0])
        return ["the dates are written like that"]
    return []


def _for_all(named: list[str], found: Mapping[str, Profile]) -> list[str]:
    """Write for all columns what those need that are named by an HPO term."""
    tokens = sorted({token for name in named for token in found[name].tokens})
    lines = ["strip = true"] if any(found[name].padded for name in named) else []
    if tokens:
        lines += ["# guess: these tokens mean that nothing is recorded", "ignore_case = true"]
        lines.append(f"missing = [{', '.join(map(_quoted, tokens))}]")
    return lines


def _findings(named: list[str], found: Mapping[str, Profile]) -> list[str]:
    """Write the rule for columns that are named by an HPO term."""
    if not named:
        return []
    flags = [name for name in named if found[name].told == 0 or found[name].flags > 0]
    lines = ["", "[tables.visits.findings]"]
    lines.append(f"# certain: {len(flags)} columns are named by an HPO term and hold yes or no")
    lines.append("named_by_term = true")
    other = [name for name in named if name not in flags]
    if other:
        lines += ["# guess: these hold something else", f"leave_out = [{', '.join(map(_quoted, other))}]"]
    return lines


def _inline(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_quoted(key)} = {_quoted(value)}" for key, value in values.items()) + " }"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
