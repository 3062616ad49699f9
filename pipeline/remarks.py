"""Why visit records were rejected, and what was noted of the others: counted by reason, and said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pipeline.records import Cohort
from pipeline.vocabulary import REASONS


@dataclass
class Remarks:
    """Counts by reason.

    Attributes
    ----------
    rejected : Counter of str
        A record that was rejected for several reasons counts for each.
    noted : Counter of str
    """

    rejected: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, cohort: Cohort) -> Remarks:
        """Count those of a cohort."""
        reasons = (reason for reasons in cohort.rejects["reasons"] for reason in reasons.split("|"))
        return cls(Counter(reasons), Counter(cohort.notes["reason"]))

    def add(self, other: Remarks) -> None:
        """Count others too."""
        self.rejected += other.rejected
        self.noted += other.noted

    def lines(self) -> list[str]:
        """Say them, the most frequent first.

        Examples
        --------
        >>> Remarks(noted=Counter(NO_RECORDING=2)).lines()
        ["noted: 2 x NO_RECORDING: the recording's file is not there"]
        """
        return [
            f"{title}: {count} x {reason}: {REASONS[reason]}"
            for title, counts in (("rejected because", self.rejected), ("noted", self.noted))
            for reason, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        ]
