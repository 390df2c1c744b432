"""The companies that employ students: where they are and how many they take."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from erp import places
from erp.copy_text import rows
from erp.names import NamePool
from erp.randomness import stream
from erp.scales import Scale

SECTORS = (
    "Services numériques",
    "Banque et assurance",
    "Industrie",
    "Commerce",
    "Énergie",
    "Santé",
    "Transports",
    "Secteur public",
    "Télécommunications",
)
_SECTOR_SHARE = np.array([0.34, 0.12, 0.12, 0.10, 0.07, 0.07, 0.06, 0.06, 0.06])
_APPETITE_SPREAD = 1.0


@dataclass(frozen=True)
class Companies:
    """One value per company; its id is its position + 1. `appetite`: relative jobs offered."""

    region: np.ndarray
    appetite: np.ndarray

    @property
    def count(self) -> int:
        """Number of companies."""
        return len(self.region)


def found_companies(scale: Scale, seed: int) -> Companies:
    """Founds the companies of a scale: each region has its share of them, and at least one."""
    rng = stream(seed, "companies")
    share = places.weights("companies")
    spread = rng.choice(len(share), p=share, size=scale.companies - len(share))
    region = np.concatenate([np.arange(len(share)), spread])
    return Companies(
        region=rng.permutation(region),
        appetite=rng.lognormal(0, _APPETITE_SPREAD, scale.companies),
    )


def draw_company(
    companies: Companies, home: np.ndarray, near_home: float, rng: np.random.Generator
) -> np.ndarray:
    """Draws a company position per person: of the region `home` with chance `near_home`.

    The others go anywhere; in both cases a company is met in proportion to its appetite.
    """
    near = rng.random(len(home)) < near_home
    pick = rng.random(len(home))
    anywhere = np.cumsum(companies.appetite)
    chosen = np.searchsorted(anywhere, pick * anywhere[-1], side="right")
    for region in np.unique(home[near]):
        here = np.flatnonzero(companies.region == region)
        of_region = np.cumsum(companies.appetite[here])
        who = near & (home == region)
        chosen[who] = here[np.searchsorted(of_region, pick[who] * of_region[-1], side="right")]
    return chosen


def company_rows(companies: Companies, pool: NamePool, seed: int) -> Iterator[bytes]:
    """Yields `companies`; namesakes carry their city."""
    rng = stream(seed, "company records")
    name_order = rng.permutation(len(pool.companies))
    city_pick = rng.random(companies.count)
    sector = rng.choice(len(SECTORS), p=_SECTOR_SHARE, size=companies.count)
    names, cities = [], []
    for number, region in enumerate(companies.region):
        candidates = places.REGIONS[region].cities
        city = candidates[int(city_pick[number] * len(candidates))]
        name = pool.companies[name_order[number % len(name_order)]]
        names.append(name if number < len(name_order) else f"{name} {city}")
        cities.append(city)
    yield from rows(
        range(1, companies.count + 1),
        names,
        [SECTORS[number] for number in sector],
        cities,
        [places.REGION_NAMES[region] for region in companies.region],
    )
