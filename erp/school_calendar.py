"""The school's dates: its fixed today, its school years, its teaching days, its local time.

Days are integers, counted from 1970-01-01, so that whole columns are computed at once.
"""

from datetime import date

import numpy as np
import pandas as pd

AS_OF = date(2026, 9, 30)
"""The school's today, in every data set: the same seed gives the same rows in any year."""

FIRST_YEAR = 2021
"""The ERP was introduced for the school year 2021/22: no lesson or grade is older."""

SCHOOL_YEARS = tuple(range(FIRST_YEAR, AS_OF.year + 1))
"""First calendar year of each school year with lessons: five whole ones and one begun."""

TIME_ZONE = "Europe/Paris"

NEVER = 2**31 - 1
"""The day that stands for 'has not happened'."""

Days = np.ndarray
"""An int64 array of days since 1970-01-01."""

_EASTER = {2022: (4, 17), 2023: (4, 9), 2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28)}
_BREAKS = (((10, 24), (11, 2)), ((12, 20), (1, 3)), ((2, 14), (2, 24)), ((4, 18), (4, 28)))


def day(year: int, month: int, of_month: int) -> int:
    """Returns one day as its number."""
    return (date(year, month, of_month) - date(1970, 1, 1)).days


TODAY = day(AS_OF.year, AS_OF.month, AS_OF.day)


def school_year_starts(years: np.ndarray) -> Days:
    """Returns the 1 September on which each school year begins."""
    return (np.asarray(years) - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(
        np.int64
    ) + _days_to_september(np.asarray(years))


def _days_to_september(years: np.ndarray) -> np.ndarray:
    leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    return np.where(leap, 244, 243)


def teaching_days(year: int) -> Days:
    """Returns the weekdays of a school year with lessons, up to the school's today."""
    days = np.arange(day(year, 9, 1), min(day(year + 1, 6, 27), TODAY) + 1)
    days = days[is_weekday(days)]
    for (month, first), (last_month, last) in _BREAKS:
        start = day(year if month >= 9 else year + 1, month, first)
        end = day(year if last_month >= 9 else year + 1, last_month, last)
        days = days[(days < start) | (days > end)]
    return np.setdiff1d(days, _holidays(year))


def _holidays(year: int) -> Days:
    easter = day(year + 1, *_EASTER[year + 1])
    fixed = (day(year, 11, 11), day(year + 1, 5, 1), day(year + 1, 5, 8))
    return np.array([*fixed, easter + 1, easter + 39, easter + 50])


def is_weekday(days: Days) -> np.ndarray:
    """Returns where a day is Monday to Friday (1970-01-01 was a Thursday)."""
    return (days + 3) % 7 < 5


def to_weekday(days: Days) -> Days:
    """Moves Saturdays and Sundays back to their Friday."""
    return days - np.maximum((days + 3) % 7 - 4, 0)


def date_text(days: Days) -> list[str | None]:
    """Returns ISO dates; None where the day is `NEVER`."""
    known = days != NEVER
    text = np.where(known, days, 0).astype("datetime64[D]").astype(str)
    return [value if is_known else None for value, is_known in zip(text, known, strict=True)]


def instant_text(days: Days, minutes: np.ndarray) -> list[str]:
    """Returns the UTC instants of local wall-clock `minutes` after midnight on `days`."""
    local = pd.DatetimeIndex(
        days.astype("datetime64[D]") + minutes.astype("timedelta64[m]")
    ).tz_localize(TIME_ZONE)
    utc = local.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")
    return [f"{value}+00" for value in np.char.replace(utc.astype(str), "T", " ")]
