"""Simulated schools in memory: no server is needed to look at what the generator decides."""

import pytest

from erp.effects import Effects
from erp.scales import scale_named
from erp.simulation import Simulation, simulate


@pytest.fixture(scope="session")
def demo() -> Simulation:
    """The believable school at demo scale."""
    return simulate(scale_named("demo"), 7, Effects())


@pytest.fixture(scope="session")
def plain() -> Simulation:
    """The same school in which nothing causes anything."""
    return simulate(scale_named("demo"), 7, Effects.none())
