"""A report in which every name is the same text, however strange."""

INTERVAL = {"value": 0.875, "low": 0.75, "high": 0.9375}


def report_of(name, label):
    """A report in which every name is the same strange text."""
    scores = {"log_loss": INTERVAL, "accuracy": INTERVAL, "macro_auc": INTERVAL, "prior": {"log_loss": 1.0625}}
    horizons = {"5y": {"observed_over_expected": INTERVAL, "concordance": {"value": None, "low": None, "high": None}}}
    horizons["5y"] |= {"auc": INTERVAL, "brier": INTERVAL}
    points = [{"predicted": 0.25, "observed": 0.5, "low": 0.125, "high": 0.625, "rows": 17}]
    counts = {"visits": 31, "patients": 23, "groups": 23}
    curve = [
        {"threshold": at, "value": 0.35, "low": -0.15, "high": 0.45, "all": 0.21, "simple": None} for at in (0.1, 0.2)
    ]
    curves = {label: {"points": curve, "useful": [0.1, 0.2]}, "no" + label: {"points": [], "useful": []}}
    parted = {"age": {name: {"people": 41, "scores": {}}, "other": {"people": "suppressed", "scores": {}}}}
    people = {"people": 61}
    by_label = {
        "by_label": {label: people | {"coverage": INTERVAL}, name: people | {"coverage": {"least": 0.9345}}}
        | {"few": people | {"coverage": {"most": 0.0655}}, "none": people | {"coverage": "suppressed"}}
    }
    sets = {"promised": 0.9, "coverage": INTERVAL, "sizes": {"1": 18, "2": "suppressed"}} | by_label
    sets["by_part"] = {name: {label: {"people": 67, "coverage": INTERVAL}}, "site": {}}
    at_sites = sets | {
        "by_part": {"site": {"site 1": {"people": 71, "coverage": {"value": 0.8, "low": 0.7, "high": 0.89}}}}
    }
    right = {"right": 0.71875, "low": 0.59375, "high": 0.84375}
    typed = {
        "counts": counts | {"labels": {label: 19, "other": "suppressed"}},
        "scores": scores,
        "warnings": [f"feature '{name}' tells"],
        "comparators": {name: scores},
        "chosen": name,
        "candidates": {name: 1.5},
        "calibration": {"of": label, "points": points, "calibration_slope": INTERVAL, "ici": INTERVAL}
        | {"ici_by_chance": {"value": 0.0625, "high": 0.1875}},
        "confusion": {name: {label: {"people": 29, "taken_for": {label: 22, name: "suppressed"}}}},
        "decisions": curves,
        "subgroups": parted | {"sex": {name: {"people": 43, "scores": {"accuracy": INTERVAL}}}},
        "reasons": {name: {"people": 59, "parts": {"Recording of the head, posture": 0.71, label: 0.73}}},
        "one_against_rest": {label: INTERVAL, "other": "suppressed"},
        "sets": {name: sets},
        "left_out_sites": scores,
        "left_out_sets": {name: at_sites},
        "answered": {
            name: {"points": [{"answered": 0.4375, "from": 0.8125} | right, {"answered": 0.9375, "from": 0.1} | right]}
        },
        "told_apart": {
            name: {
                "pairs": [{"labels": [label, name], "auc": INTERVAL}],
                "precision": {label: {"average_precision": INTERVAL, "share": 0.3}},
            }
        },
        "sample_size": {
            "parameters": 79,
            "people": 23,
            "needed": {label: {"people": 683, "events_per_parameter": 0.2}},
        },
    }
    timed = {
        "counts": counts | {"events": "suppressed"},
        "scores": horizons,
        "warnings": [],
        "comparators": {name: horizons},
        "left_out_sites": horizons,
        "left_out_recalibrated": {"50": {"before": 0.26, "after": 0.24, "sites": 3}},
        "sample_size": {"parameters": 79, "people": 23, "needed": {}},
        "calibration": {"of": "5y", "points": []},
        "decisions": {},
        "subgroups": parted,
        "recalibrated": {"50": {"before": 0.36, "after": 0.34}},
    }
    return {
        "model": name,
        "study": name,
        "title": name,
        "synthetic": True,
        "external": False,
        "people": {
            "people": 53,
            "columns": {
                name: {"known": 47, "mean": 1.1, "sd": 1.2, "unit": "y"},
                "sex": {"counts": {label: 37, "not recorded": "suppressed"}},
            },
        },
        "missing": {name: {"share": 0.17, "sex": {"least": 0.13, "most": 0.19}}},
        "rows": {"visits": 31, "rejected": 0, "notes": 2},
        "group_by": name,
        "card": {
            "known_at": ["referral"],
            "hidden": [name],
            "folds": 61,
            "seed": 67,
            "targets": {"type": {"kind": "classification", "labels": [name], "horizons": []}},
            "versions": {"numpy": "2.0"},
            "said": {"26": name},
        },
        "features": 12,
        "targets": {"type" + name: typed, "spread": timed},
    }
