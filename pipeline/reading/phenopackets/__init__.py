"""GA4GH phenopackets (version 2) as raw batches: one packet, one visit record; medical actions are treatments.

Source: Jacobsen et al. 2022, Nat Biotechnol 40:817; the schema's elements are named as there. An observed term is
written as it stands, an excluded one with ``!`` before it. The patient is the packet's id (a subject's id repeats
between publications), the publication the first external reference. What has no column is noted, once a packet and
kind: nothing is left out in silence but labels of terms and the metadata.
"""

from pipeline.reading.phenopackets.batches import holds_treatments, read, read_treatments
from pipeline.reading.phenopackets.elements import ANY_DISEASE, LOCAL, MAKER, ucum
from pipeline.reading.phenopackets.times import duration, read_time, time_element, timestamp

__all__ = [
    "ANY_DISEASE",
    "LOCAL",
    "MAKER",
    "duration",
    "holds_treatments",
    "read",
    "read_time",
    "read_treatments",
    "time_element",
    "timestamp",
    "ucum",
]
