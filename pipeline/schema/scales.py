"""Totals of rating scales. A site-specific scale that is filled in gives the site away, so it defines the phenotype."""

from pipeline.records import Column
from pipeline.units import Unit


def _total(name: str, meaning: str, high: float, source: str) -> Column:
    return Column(
        f"{name}_points",
        "number",
        meaning,
        unit=Unit.POINTS,
        low=0,
        high=high,
        known_at="examination",
        defines=("phenotype",),
        source=source,
    )


SCALES = (
    _total("twstrs_total", "TWSTRS: severity 0-35, disability 0-30, pain 0-20.", 85, "Espay 2018"),
    _total("bfmdrs_movement", "Burke-Fahn-Marsden movement score.", 120, "Burke 1985"),
    _total("bfmdrs_disability", "Burke-Fahn-Marsden disability score.", 30, "Burke 1985"),
    _total("gdrs_total", "Global Dystonia Rating Scale, 14 areas of 0-10.", 140, "Comella 2003"),
    _total("jrs_total", "Jankovic Rating Scale: severity and frequency of lid spasms.", 8, "Jankovic 2009"),
    _total("wcrs_total", "Writer's Cramp Rating Scale.", 30, "Wissel 1996"),
    _total("vhi10_total", "Voice Handicap Index, 10 items of 0-4.", 40, "Rosen 2004"),
)
