"""Net benefit beside the package of its authors."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.decisions import net_benefit

pytestmark = [pytest.mark.references, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("seed", range(3))
def test_net_benefit_is_that_of_dcurves(seed):
    from dcurves import dca

    rng = np.random.default_rng(seed)
    p = rng.beta(1.0, 3.0, 400)
    y = (rng.random(400) < p).astype(int)
    thresholds = [0.05, 0.1, 0.25, 0.5]
    table = dca(data=pd.DataFrame({"y": y, "p": p}), outcome="y", modelnames=["p"], thresholds=thresholds)
    theirs = table[table["model"] == "p"].sort_values("threshold")["net_benefit"].to_numpy()
    np.testing.assert_allclose(net_benefit(p, y, np.array(thresholds)), theirs, atol=1e-12)
