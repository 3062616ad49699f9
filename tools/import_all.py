"""Import every module of the installed package, but for those that help to write tests or need an extra."""

import sys
from importlib import import_module
from pkgutil import walk_packages

import pipeline

WITH_AN_EXTRA = {"pipeline.engine.cluster"}

names = [each.name for each in walk_packages(pipeline.__path__, "pipeline.") if ".testing" not in each.name]
names = [name for name in names if name not in WITH_AN_EXTRA]
for name in names:
    import_module(name)
sys.stdout.write(f"Python {sys.version.split()[0]}: {len(names)} modules imported\n")
