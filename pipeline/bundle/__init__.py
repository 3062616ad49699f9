"""A trained model as a folder: saved, verified, refused, loaded, and asked."""

from pipeline.bundle.load import exposed, load_bundle, refuse_changed_sensors, tell_exposed
from pipeline.bundle.model import ModelBundle
from pipeline.bundle.target import TargetModel

__all__ = ["ModelBundle", "TargetModel", "exposed", "load_bundle", "refuse_changed_sensors", "tell_exposed"]
