"""Where the school lives: French regions and their cities, campuses, and competing schools.

Weights are relative and rounded by hand; they only have to be believable. Companies are
spread unlike the population, so that the two can be told apart in an analysis.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Region:
    """A region: relative population, companies and fairs, and cities that hold fairs."""

    name: str
    population: float
    companies: float
    fairs: float
    cities: tuple[str, ...]


REGIONS = (
    Region("Île-de-France", 12.0, 10.0, 4.0, ("Paris", "Versailles", "Créteil")),
    Region("Auvergne-Rhône-Alpes", 8.0, 9.0, 3.0, ("Lyon", "Grenoble", "Annecy")),
    Region("Hauts-de-France", 6.0, 2.5, 3.0, ("Lille", "Amiens", "Lens")),
    Region("Occitanie", 6.0, 5.0, 1.0, ("Toulouse", "Montpellier", "Nîmes")),
    Region("Nouvelle-Aquitaine", 6.0, 3.0, 1.5, ("Bordeaux", "Limoges", "Pau")),
    Region("Provence-Alpes-Côte d'Azur", 5.0, 2.0, 2.0, ("Marseille", "Nice", "Toulon")),
    Region("Grand Est", 5.5, 2.0, 1.0, ("Strasbourg", "Reims", "Metz")),
    Region("Pays de la Loire", 3.8, 6.0, 2.0, ("Nantes", "Angers", "Le Mans")),
    Region("Bretagne", 3.4, 4.0, 1.0, ("Rennes", "Brest", "Vannes")),
    Region("Normandie", 3.3, 1.5, 2.0, ("Caen", "Rouen", "Le Havre")),
    Region("Bourgogne-Franche-Comté", 2.8, 1.2, 1.0, ("Dijon", "Besançon", "Belfort")),
    Region("Centre-Val de Loire", 2.6, 1.2, 0.8, ("Tours", "Orléans", "Bourges")),
    Region("Corse", 0.6, 0.5, 0.3, ("Ajaccio", "Bastia")),
)

CAMPUSES = (
    ("Paris", "Île-de-France", "75011"),
    ("Lyon", "Auvergne-Rhône-Alpes", "69007"),
    ("Lille", "Hauts-de-France", "59000"),
    ("Toulouse", "Occitanie", "31000"),
    ("Nantes", "Pays de la Loire", "44000"),
    ("Bordeaux", "Nouvelle-Aquitaine", "33000"),
    ("Marseille", "Provence-Alpes-Côte d'Azur", "13002"),
    ("Strasbourg", "Grand Est", "67000"),
    ("Rennes", "Bretagne", "35000"),
    ("Caen", "Normandie", "14000"),
    ("Tours", "Centre-Val de Loire", "37000"),
    ("Dijon", "Bourgogne-Franche-Comté", "21000"),
    ("Montpellier", "Occitanie", "34000"),
    ("Nice", "Provence-Alpes-Côte d'Azur", "06000"),
    ("Grenoble", "Auvergne-Rhône-Alpes", "38000"),
    ("Metz", "Grand Est", "57000"),
    ("Reims", "Grand Est", "51100"),
    ("Clermont-Ferrand", "Auvergne-Rhône-Alpes", "63000"),
    ("Orléans", "Centre-Val de Loire", "45000"),
    ("Rouen", "Normandie", "76000"),
    ("Le Mans", "Pays de la Loire", "72000"),
    ("Limoges", "Nouvelle-Aquitaine", "87000"),
    ("Brest", "Bretagne", "29200"),
    ("Troyes", "Grand Est", "10000"),
    ("Valenciennes", "Hauts-de-France", "59300"),
    ("Besançon", "Bourgogne-Franche-Comté", "25000"),
    ("Ajaccio", "Corse", "20000"),
    ("Angers", "Pays de la Loire", "49000"),
    ("Versailles", "Île-de-France", "78000"),
    ("Annecy", "Auvergne-Rhône-Alpes", "74000"),
)

COMPETITORS = (
    "Institut Ada Lovelace",
    "École du Code de Paris",
    "Campus Turing",
    "ISN Lyon",
    "École d'Ingénierie Logicielle de l'Ouest",
    "Académie Numérique du Nord",
    "Sud Tech School",
    "Institut Grace Hopper",
)
"""Schools that compete for students: invented names."""

REGION_NAMES = tuple(region.name for region in REGIONS)

ORIGINS = tuple(
    f"{kind} {city}"
    for region in REGIONS
    for kind, city in zip(
        ("Lycée Jean-Monnet,", "Lycée Simone-Veil,", "Université de"), region.cities, strict=False
    )
)
"""Schools from which students come besides the competitors."""

ORIGIN_REGION = np.array(
    [number for number, region in enumerate(REGIONS) for _ in region.cities[:3]]
)
"""For each of `ORIGINS`, the position of its region."""


def weights(attribute: str) -> np.ndarray:
    """Returns one weight of every region as shares that sum to 1."""
    values = np.array([getattr(region, attribute) for region in REGIONS])
    return values / values.sum()


def region_number(name: str) -> int:
    """Returns the position of a region in `REGIONS`."""
    return REGION_NAMES.index(name)
