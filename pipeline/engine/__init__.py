"""Where work runs: in this process, over the cores, or on a Dask cluster. The only place that starts processes."""

from pipeline.engine.environment import environment
from pipeline.engine.start import ALL_CORES, Cluster, workers
from pipeline.engine.tasks import DIED, Map, Workers

__all__ = ["ALL_CORES", "DIED", "Cluster", "Map", "Workers", "environment", "workers"]
