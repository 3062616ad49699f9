"""Names from a study or a cohort, made fit to be shown."""

from __future__ import annotations

import unicodedata
from functools import cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Controls, what steers the direction of text or has no width, lone surrogates, ends of line."""

_LONGEST = 34


def plain(text: object) -> str:
    r"""Return a text without what is not seen itself but changes how the rest is seen.

    Examples
    --------
    >>> plain("cer\u202evical\x00"), plain(3)
    ('cervical', '3')
    """
    return "".join(sign for sign in str(text) if unicodedata.category(sign) not in _HIDDEN)


def spoken(text: object) -> str:
    """Return a name as it is read: blanks for low lines, the parts of a joint label with commas.

    Examples
    --------
    >>> spoken("cervical/idiopathic_isolated")
    'cervical, idiopathic isolated'
    """
    return plain(text).replace("/", ", ").replace("_", " ")


def drawable(text: object, longest: int = _LONGEST) -> str:
    """Return a name as a figure can show it: short, and signs that the font lacks as a square.

    Examples
    --------
    >>> drawable("musician, right hand, with a very long name")
    'musician, right hand, with a very…'
    """
    shown = "".join(sign if ord(sign) in _signs() else "□" for sign in spoken(text))
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


@cache
def _signs() -> frozenset[int]:
    """Return the signs of matplotlib's own font."""
    return frozenset(FT2Font(font_manager.findfont("DejaVu Sans")).get_charmap())
