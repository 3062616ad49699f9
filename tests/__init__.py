"""A package, so that a worker process finds these modules and not a `tests` that some package has installed."""
