"""Where work runs: in this process, over the cores, or on a Dask cluster. The only place that starts processes."""

from pipeline.engine.address import Cluster
from pipeline.engine.start import ALL_CORES, usable_cores, workers
from pipeline.engine.tasks import DIED, TRIES, Map, Workers
from pipeline.engine.versions import environment

__all__ = ["ALL_CORES", "DIED", "TRIES", "Cluster", "Map", "Workers", "environment", "usable_cores", "workers"]
