"""What must not be missed: the rules of `rules.raised_flags`, applied to what the model may see."""

from __future__ import annotations

import numpy as np

from pipeline.features.columns import side_by_side
from pipeline.features.spec import Values, record_feature
from pipeline.features.timeline import History
from pipeline.red_flags import RED_FLAG_COLUMNS, raised_flags
from pipeline.units import Unit

_TEXTS = ("onset_mode",)
_COLUMNS = tuple(dict.fromkeys(name for columns in RED_FLAG_COLUMNS.values() for name in columns))


@record_feature(
    unit=Unit.STATE,
    outputs=[f"red_flag_{name}_state" for name in RED_FLAG_COLUMNS],
    bounds=(0.0, 1.0),
    source="rules.raised_flags",
    titles=[f"Red flag {name.replace('_', ' ')}" for name in RED_FLAG_COLUMNS],
)
def red_flag_state(history: History) -> Values:
    """Whether a rule raises a flag at this visit; NaN where it raises none and none of its columns was recorded."""
    read = {name: history.text(name) if name in _TEXTS else history.value(name) for name in _COLUMNS}
    raised = raised_flags(read, history.marks)
    states = []
    for name, columns in RED_FLAG_COLUMNS.items():
        known = raised[name].copy()
        for column in columns:
            known |= (read[column] != "") if column in _TEXTS else ~np.isnan(read[column])
        states.append(np.where(known, raised[name].astype(float), np.nan))
    return side_by_side(states)
