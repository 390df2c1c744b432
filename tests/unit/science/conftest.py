"""What simulated schools knew of their students at cut-off dates, without a server."""

import pandas as pd
import pytest

from erp.effects import Effects
from erp.scales import scale_named
from erp.simulation import simulate
from science.dropout_risk import Rules, scores
from tests.observations import known_of, observations


def observed(effects: Effects) -> pd.DataFrame:
    """Returns the observations of a school, keyed as in the mart."""
    found = observations(known_of(simulate(scale_named("demo"), 7, effects)))
    return found.rename(columns={"student_id": "student_key"})


def judged(observations: pd.DataFrame) -> pd.DataFrame:
    """Returns the scores of an observed school with what became of the students, where known."""
    told = scores(observations, Rules.of_project())
    found = told.merge(observations[["student_key", "cutoff_date", "drops_out"]])
    found = found[found["drops_out"].notna()]
    return found.assign(drops_out=found["drops_out"].astype(bool))


@pytest.fixture(scope="session")
def believable() -> pd.DataFrame:
    """A school with causes."""
    return observed(Effects())


@pytest.fixture(scope="session")
def causeless() -> pd.DataFrame:
    """The same school in which nothing causes anything."""
    return observed(Effects.none())
