"""The risk of dropping out: learned from earlier school years, told of students of the next one.

It is given rows of the mart `dropout_observations` as a data frame; `cutoff_date` is datetime64.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import yaml

from infra.errors import CampuslakeError
from infra.settings import REPOSITORY

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

KIND = "logistic-1"  # another number for other features, or another way to learn
SHRINKAGE = 0.1  # scikit-learn's C: small, for dropouts are few
EXACT = 1e-8  # of the gradient: the usual 1e-4 left risks up to 0.004 away from the minimum
STEADINESS = 100  # observations of the newest school year that weigh as much as all older ones
NUMBERS = ["attendance_rate", "recent_attendance_rate", "average_grade"]
YES_OR_NO = ["has_had_contract", "recruited_at_event"]
GROUPS = ["home"]
FEATURES = [*NUMBERS, *YES_OR_NO, *GROUPS]
"""What the model sees. Left out: gender, campus and birth year, which nobody can help; days
enrolled and level, which tell how far the course is; all that the ERP overwrites later."""


@dataclass(frozen=True)
class Rules:
    """Days from a cut-off date to the end of its outcome, and the fewest dropouts."""

    horizon_days: int
    min_dropouts: int

    @classmethod
    def of_project(cls) -> "Rules":
        """Returns those of dbt_project.yml. Raises `CampuslakeError` when one is not above 0."""
        known = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())["vars"]
        for name in ("risk_horizon_days", "risk_min_dropouts"):
            if type(known.get(name)) is not int or known[name] < 1:
                raise CampuslakeError(
                    f"dbt_project.yml: the var {name} is {known.get(name)!r}",
                    "make it a whole number above 0",
                )
        return cls(known["risk_horizon_days"], known["risk_min_dropouts"])

    def end_of_outcome(self, cutoff_dates: pd.Series) -> pd.Series:
        """Returns the last day on which a dropout still counts for each cut-off date."""
        return cutoff_dates + pd.Timedelta(days=self.horizon_days)


def learn(observations: pd.DataFrame) -> "Pipeline":
    """Fits a logistic regression of `drops_out` on `FEATURES`; same rows, same model.

    Numbers are standardised, one that is missing stands at the median. All school years tell what
    goes with dropping out, the newest one mostly how many do: their number changes over the years.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    median = SimpleImputer(strategy="median", keep_empty_features=True)
    features = make_column_transformer(
        (make_pipeline(median, StandardScaler()), NUMBERS),
        (StandardScaler(), YES_OR_NO),
        (OneHotEncoder(handle_unknown="ignore"), GROUPS),
        verbose_feature_names_out=False,
    )
    model = make_pipeline(features, LogisticRegression(C=SHRINKAGE, tol=EXACT, max_iter=10_000))
    model.fit(_seen(observations), observations["drops_out"].astype(bool))
    model[-1].intercept_ += _to_newest_level(model, observations)
    return model


def _to_newest_level(model: "Pipeline", observations: pd.DataFrame) -> float:
    """Returns the log-odds to add for the newest school year's risks to add up to its dropouts."""
    from scipy.optimize import brentq
    from scipy.special import expit

    newest = observations[observations["school_year"] == observations["school_year"].max()]
    log_odds = model.decision_function(_seen(newest))
    usual = expit(log_odds).mean()
    level = (newest["drops_out"].sum() + STEADINESS * usual) / (len(newest) + STEADINESS)
    return float(brentq(lambda shift: expit(log_odds + shift).mean() - level, -20, 20))


def risk_of(model: "Pipeline", observations: pd.DataFrame) -> pd.Series:
    """Returns the risk, 0 to 1, of each observation."""
    return pd.Series(model.predict_proba(_seen(observations))[:, 1], observations.index)


def coefficients(model: "Pipeline") -> pd.Series:
    """Returns the change of the log-odds by a standard deviation of each feature, or a group."""
    names = model[0].get_feature_names_out()
    return pd.Series(model[1].coef_[0], names, name="log_odds")


def known_before(observations: pd.DataFrame, school_year: int, rules: Rules) -> pd.DataFrame:
    """Returns the observations whose outcome was known at a school year's first cut-off date."""
    of_year = observations["school_year"] == school_year
    first = observations.loc[of_year, "cutoff_date"].min()
    is_over = rules.end_of_outcome(observations["cutoff_date"]) < first
    return observations[is_over & observations["drops_out"].notna()]


def is_enough(observations: pd.DataFrame, rules: Rules) -> bool:
    """Whether there are people enough to learn from: those who drop out, and those who do not."""
    people = observations.groupby("student_key")["drops_out"].max().astype(bool)
    return min(people.sum(), (~people).sum()) >= rules.min_dropouts


def scores(observations: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Returns the rows of the mart `dropout_risk`, each school year scored by a model of its own.

    That model learns from what was known before the school year alone. A school year with too
    little to learn from is left out; the frame may be empty.
    """
    years = sorted(observations["school_year"].unique())
    scored = [_of_year(observations, year, rules) for year in years]
    columns = ["student_key", "cutoff_date", "school_year", "risk", "risk_decile"]
    columns += ["model_version", "learned_until"]
    found = [frame for frame in scored if frame is not None]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _of_year(observations: pd.DataFrame, year: int, rules: Rules) -> pd.DataFrame | None:
    past = known_before(observations, year, rules)
    if not is_enough(past, rules):
        return None
    told = observations.loc[observations["school_year"] == year].copy()
    # Rounded: the last digits of a sum depend on the order of its terms.
    told["risk"] = risk_of(learn(past), told).round(6)
    told = told.sort_values(["cutoff_date", "risk", "student_key"])
    of_cutoff = told.groupby("cutoff_date")["risk"]
    told["risk_decile"] = of_cutoff.cumcount() * 10 // of_cutoff.transform("size") + 1
    first, last = past["school_year"].min(), past["school_year"].max()
    told["model_version"] = f"{KIND}/{first}-{last}"
    told["learned_until"] = rules.end_of_outcome(past["cutoff_date"]).max()
    return told


def _seen(observations: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(NUMBERS + YES_OR_NO, float) | dict.fromkeys(GROUPS, str)
    return observations[FEATURES].astype(kinds)
