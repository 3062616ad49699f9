"""Users' features: from installed packages, by entry point, and only where a study names them.

A study names a plugin by distribution and entry point, ``"gait-lab-features:sway"``. Nothing else that is installed is
loaded, and no code ever comes with a bundle: it stores which plugin it needs, and what its features gave on the probes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from pipeline.errors import UsageError
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.spec import Feature, spec_of

GROUP = "dystonia_pipeline.features"
"""Group of the entry points: each leads to one feature, or to a tuple of them."""

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99}):([A-Za-z0-9_.-]{1,100})")


@dataclass(frozen=True)
class Plugin:
    """Features of an installed package.

    Attributes
    ----------
    name : str
        As the study has it, ``distribution:entry``.
    distribution, version : str
    features : tuple of Feature
    """

    name: str
    distribution: str
    version: str
    features: tuple[Feature, ...]


def load_plugin(name: str) -> Plugin:
    """Load the features that an installed package offers under a name.

    Raises
    ------
    UsageError
        If the name has another form, the package is not installed, or what it offers is no feature.

    Examples
    --------
    >>> load_plugin("gait-lab-features:sway")
    Traceback (most recent call last):
    pipeline.errors.UsageError: plugin gait-lab-features:sway: not installed. Run: pip install gait-lab-features.
    """
    where, parts = f"plugin {name}", _NAME.fullmatch(name)
    if parts is None:
        raise UsageError(f"plugin {name[:100]!r}", "no name of a plugin", needed="it is 'distribution:entry'")
    entry = next((each for each in entry_points(group=GROUP, name=parts[2]) if _is_of(each, parts[1])), None)
    if entry is None or entry.dist is None:
        raise UsageError(where, "not installed", do=f"Run: pip install {parts[1]}")
    try:
        offered = entry.load()
    except Exception as error:
        raise UsageError(where, f"it can't be imported ({type(error).__name__})", do="Ask who wrote it") from error
    features = tuple(offered) if isinstance(offered, (tuple, list)) else (offered,)
    for feature in features:
        spec_of(feature)
    return Plugin(name, entry.dist.name, entry.dist.version, features)


def features_with(plugins: Sequence[str]) -> tuple[Feature, ...]:
    """Return the catalogue, and after it the features of the plugins named.

    Raises
    ------
    UsageError
        If a plugin can't be loaded, or two features or columns have one name.

    Examples
    --------
    >>> features_with([]) == CATALOGUE
    True
    """
    own = [(name, feature) for name in plugins for feature in load_plugin(name).features]
    features = (*CATALOGUE, *(feature for _, feature in own))
    counts = Counter(name for feature in features for name in {feature.spec.name, *feature.spec.columns})
    for plugin, feature in own:
        twice = next((name for name in (feature.spec.name, *feature.spec.columns) if counts[name] > 1), None)
        if twice is not None:
            raise UsageError(f"plugin {plugin}", f"'{twice}' is the name of another feature too", do="Rename it")
    return features


def _is_of(entry: EntryPoint, distribution: str) -> bool:
    return entry.dist is not None and _plain(entry.dist.name) == _plain(distribution)


def _plain(name: str) -> str:
    """Return a distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
