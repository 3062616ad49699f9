"""Import every module of the installed package, but for those that help to write tests."""

import sys
from importlib import import_module
from pkgutil import walk_packages

import pipeline

names = [each.name for each in walk_packages(pipeline.__path__, "pipeline.") if ".testing" not in each.name]
for name in names:
    import_module(name)
sys.stdout.write(f"Python {sys.version.split()[0]}: {len(names)} modules imported\n")
