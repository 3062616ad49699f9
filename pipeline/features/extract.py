"""From a cohort to its table of features: the only door, for training and for serving."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from pipeline.features.cache import SignalCache
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.spec import Feature
from pipeline.features.table import build
from pipeline.records import Cohort


def extract(
    cohort: Cohort,
    features: Sequence[Feature] = CATALOGUE,
    *,
    map: Callable[..., Iterable[Any]] = builtins.map,
    cache: SignalCache | None = None,
) -> pd.DataFrame:
    """Compute features of every visit of a cohort.

    A visit's row depends on its own patient's past and present only: not on other patients, on the order of the rows,
    on later visits, or on how the cohort was cut.

    Parameters
    ----------
    cohort : Cohort
        Left as it is. What it lacks, a column, a table or a recording, gives NaN.
    features : sequence of Feature
    map : callable
        Runs one function over many arguments, as the built-in does; a pool's `map` spreads recordings over processes.
    cache : SignalCache, optional
        Keeps what was measured of recordings, and is asked first.

    Returns
    -------
    DataFrame
        Float64, one row a visit in the cohort's order, columns in the order of the features.

    Raises
    ------
    ContractError
        If a recording does not have one time for each sample. What `Recording.open` raises passes through.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "findings": ["HP:0002346|!HP:0001250"]})
    >>> row = extract(Cohort(visits)).iloc[0]
    >>> row["finding_tremor_state"], row["finding_seizure_state"], row["finding_ataxia_state"]
    (np.float64(1.0), np.float64(0.0), np.float64(nan))
    """
    return build(cohort, features, map=map, cache=cache)
