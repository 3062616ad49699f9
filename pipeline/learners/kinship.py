"""Which labels are alike: those of one part of a joint label, or of one branch of the label tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.vocabulary import LABEL_TREE

_JOINT = "/"
_PARENT = {child: node for node, children in LABEL_TREE.items() for child in children}


@dataclass(frozen=True)
class Kinship:
    """Groups of labels, each as a number for each label.

    Attributes
    ----------
    branch : ndarray of int, shape (K,)
        Labels whose first part hangs from one node of the label tree; a label that the tree lacks is a branch itself.
    first, last : ndarray of int, shape (K,)
        Labels that share the first, or the last, part of a joint label.

    Examples
    --------
    >>> kinship_of(["cervical/genetic", "laryngeal/genetic", "musicians/idiopathic", "writers_cramp/idiopathic"])
    Kinship(branch=array([0, 0, 1, 1]), first=array([0, 1, 2, 3]), last=array([0, 0, 1, 1]))
    """

    branch: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @property
    def near(self) -> np.ndarray:
        """Whether one label is easily taken for another: bool, shape (K, K)."""
        return (self.branch[:, None] == self.branch) | (self.first[:, None] == self.first)


def kinship_of(labels: Sequence[str]) -> Kinship:
    """Return the groups of these labels."""
    firsts = [str(label).split(_JOINT)[0] for label in labels]
    lasts = [str(label).split(_JOINT)[-1] for label in labels]
    branches = [_PARENT.get(each, each) for each in firsts]
    return Kinship(*(np.unique(words, return_inverse=True)[1] for words in (branches, firsts, lasts)))
