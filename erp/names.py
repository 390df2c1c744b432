"""What people are called and how they are reached: French names, e-mails, phones.

Faker gives pools of names once; people draw from the pools as whole columns.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass

import numpy as np
from faker import Faker

# Names that break naive quoting, ASCII assumptions and splitting on blanks.
_FIRST_MEN = ("Jean-Baptiste", "Noël", "Loïc", "M'Hamed")
_FIRST_WOMEN = ("Anne-Laure", "Zoé", "Maëlle", "Françoise")
_LAST = ("D'Angelo", "N'Diaye", "Le Goff", "Saint-Exupéry", "O'Connor", "Müller", "de La Tour")
_DOMAINS = ("courriel.example", "boite.example", "messagerie.example", "poste.example")


@dataclass(frozen=True)
class NamePool:
    """Names to draw from; `first` is (men, women)."""

    first: tuple[list[str], list[str]]
    last: list[str]
    companies: list[str]


def name_pool(seed: int) -> NamePool:
    """Returns the pool of a seed."""
    fake = Faker("fr_FR", use_weighting=False)
    fake.seed_instance(seed)

    def distinct(draw, times: int) -> list[str]:
        return sorted({draw() for _ in range(times)})

    return NamePool(
        first=(
            distinct(fake.first_name_male, 600) + list(_FIRST_MEN),
            distinct(fake.first_name_female, 600) + list(_FIRST_WOMEN),
        ),
        last=distinct(fake.last_name, 3000) + list(_LAST),
        companies=distinct(fake.company, 1500),
    )


def draw_names(
    pool: NamePool, women: np.ndarray, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Draws a first and a last name for each person of `women` (True: a woman)."""
    men_first, women_first = pool.first
    picks = rng.random(len(women))
    first = [
        women_first[int(pick * len(women_first))]
        if is_woman
        else men_first[int(pick * len(men_first))]
        for pick, is_woman in zip(picks, women, strict=True)
    ]
    last = [pool.last[number] for number in rng.integers(len(pool.last), size=len(women))]
    return first, last


def plain(name: str) -> str:
    """Returns a name as it stands in an e-mail: no accents, blanks or apostrophes."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(character for character in ascii_name if character.isalnum() or character == "-")


def school_emails(first: list[str], last: list[str]) -> list[str]:
    """Returns Firstname.Lastname@supinfo.com; namesakes get a number from 2 on."""
    seen: Counter[str] = Counter()
    emails = []
    for first_name, last_name in zip(first, last, strict=True):
        local = f"{plain(first_name)}.{plain(last_name)}"
        seen[local] += 1
        number = seen[local] if seen[local] > 1 else ""
        emails.append(f"{local}{number}@supinfo.com")
    return emails


def personal_emails(first: list[str], last: list[str], kind: str) -> list[str]:
    """Returns one address per person, unique within and between kinds, lower case."""
    return [
        f"{plain(f).lower()}.{plain(la).lower()}.{kind}{number}@{_DOMAINS[number % len(_DOMAINS)]}"
        for number, (f, la) in enumerate(zip(first, last, strict=True), start=1)
    ]


def phones(count: int, known: float, rng: np.random.Generator) -> list[str | None]:
    """Returns French mobile numbers of the range reserved for fiction; None when not left."""
    has_phone = rng.random(count) < known
    numbers = rng.integers(0, 10_000, size=count)
    return [
        f"06 39 98 {number // 100:02d} {number % 100:02d}" if has else None
        for number, has in zip(numbers, has_phone, strict=True)
    ]
