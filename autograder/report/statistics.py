"""Statistics of one graded assignment, as pandas tables. Shares go from 0 to 1.

An exercise *counts* as soon as it is graded for every student: then totals can be compared. What a person
has still to grade is left out until it is done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .collect import Answer, Exercise, Results

#: With fewer students, a correlation says more of chance than of an exercise.
FEWEST_FOR_CORRELATION = 20

#: Below this correlation, an exercise says little of what students can do elsewhere: a rule of thumb (Ebel
#: and Frisbie, Essentials of Educational Measurement, 1991).
LOW_CORRELATION = 0.2

#: A student may need help who has less than this share of the points ...
LOW_SCORE = 0.5
#: ... or left at least this share of the exercises untouched.
MANY_UNTOUCHED = 1 / 3

RIGHT, PARTLY, KNOWN, OTHER, BROKEN, UNTOUCHED, WAITING = OUTCOMES = (
    "right",
    "partly right",
    "known mistake",
    "other wrong answer",
    "broken",
    "untouched",
    "waits for a person",
)


def answer_table(results: Results) -> pd.DataFrame:
    """One row a student and exercise: `student`, `notebook`, `exercise`, `points` (the most there are),
    `score` and `share` of the points (missing while a person has to grade it), `outcome` (one of OUTCOMES),
    `untouched`, and `broken`: whether the answer's cell stopped with an error."""
    rows = [
        {
            "student": submission.student,
            "notebook": exercise.notebook,
            "exercise": exercise.label,
            "points": exercise.points,
            "score": np.nan if answer.score is None else answer.score,
            "share": np.nan if answer.score is None else answer.score / exercise.points,
            "outcome": outcome(exercise, answer),
            "untouched": answer.untouched,
            "broken": bool(answer.error),
        }
        for submission in results.submissions
        for exercise in results.exercises
        for answer in [submission.answers[exercise.label]]
    ]
    return pd.DataFrame(rows)


def outcome(exercise: Exercise, answer: Answer) -> str:
    """What became of an answer, as one of OUTCOMES. Points decide first, so a person's word counts."""
    if answer.score is None:
        return WAITING
    if answer.score >= exercise.points:
        return RIGHT
    if answer.untouched:
        return UNTOUCHED
    if answer.score > 0:
        return PARTLY
    if answer.error:
        return BROKEN
    return KNOWN if any(failure.hint for failure in answer.failures) else OTHER


def score_matrix(answers: pd.DataFrame) -> pd.DataFrame:
    """Points, one row a student and one column an exercise, in the order of the assignment."""
    matrix = answers.pivot(index="student", columns="exercise", values="score")
    return matrix[list(answers["exercise"].unique())]


def counting(answers: pd.DataFrame) -> list[str]:
    """The exercises that are graded for every student."""
    scores = answers.groupby("exercise", sort=False)["score"]
    complete = scores.count() == scores.size()
    return [str(name) for name in complete.index[complete]]


def item_rest(matrix: pd.DataFrame) -> pd.Series:
    """For each column, Pearson's correlation with the sum of all other columns (corrected item-total
    correlation); missing where there are no others, or one of the two does not vary."""
    found = {}
    for item in matrix:
        rest = matrix.drop(columns=item).sum(axis=1)
        varies = matrix[item].nunique() > 1 and rest.round(9).nunique() > 1
        found[item] = matrix[item].corr(rest) if varies else np.nan
    return pd.Series(found, dtype=float)


def exercise_table(answers: pd.DataFrame) -> pd.DataFrame:
    """One row an exercise, in the order of the assignment: `points`, `graded` (for how many students),
    `mean_share` of the points (the difficulty; high is easy), `item_rest`, the shares of students whose
    answer is `untouched` or `broken`, and the share of each outcome.

    `mean_share` and `item_rest` are missing until the exercise counts; `item_rest` also for fewer than
    FEWEST_FOR_CORRELATION students and where it is not defined.
    """
    groups = answers.groupby("exercise", sort=False)
    table = groups.agg(
        points=("points", "first"),
        graded=("score", "count"),
        mean_share=("share", "mean"),
        untouched=("untouched", "mean"),
        broken=("broken", "mean"),
    )
    counts = counting(answers)
    table["mean_share"] = table["mean_share"].where(table.index.isin(counts))
    enough = answers["student"].nunique() >= FEWEST_FOR_CORRELATION
    correlations = item_rest(score_matrix(answers)[counts]) if enough else pd.Series(dtype=float)
    table.insert(3, "item_rest", correlations.reindex(table.index))
    shares = pd.crosstab(answers["exercise"], answers["outcome"], normalize="index")
    shares = shares.reindex(index=table.index, columns=list(OUTCOMES), fill_value=0.0)
    return table.join(shares.add_prefix("share "))


def student_table(results: Results, answers: pd.DataFrame) -> pd.DataFrame:
    """One row a student: `name`, `score` of `possible` points in the exercises that count and their
    `share`; `untouched` and `broken` exercises as shares of all; how many answers are `waiting` for a
    person; the late `penalty`, and `final`, the points that nbgrader exports; `may_need_help`."""
    groups = answers.groupby("student", sort=False)
    counted = answers[answers["exercise"].isin(counting(answers))].groupby("student", sort=False)
    table = pd.DataFrame(
        {
            "name": {submission.student: submission.name for submission in results.submissions},
            "score": counted["score"].sum(),
            "possible": counted["points"].sum(),
            "untouched": groups["untouched"].mean(),
            "broken": groups["broken"].mean(),
            "waiting": groups["score"].agg(lambda scores: int(scores.isna().sum())),
            "penalty": {submission.student: submission.penalty for submission in results.submissions},
        },
        index=pd.Index([submission.student for submission in results.submissions], name="student"),
    )
    table.insert(3, "share", table["score"] / table["possible"])
    table["final"] = (groups["score"].sum() - table["penalty"]).clip(lower=0.0)
    table["may_need_help"] = (table["share"] < LOW_SCORE) | (table["untouched"] >= MANY_UNTOUCHED)
    return table


@dataclass(frozen=True)
class Spread:
    """How a class's shares of the points lie: their number, mean, quartiles, and the counts in ten equal
    steps (the last one holds 1 and, with extra credit, more)."""

    students: int
    mean: float
    lower_quartile: float
    median: float
    upper_quartile: float
    counts: tuple[int, ...]


def spread(shares: pd.Series) -> Spread:
    """The spread of shares; quartiles are interpolated linearly."""
    known = shares.dropna()
    lower, median, upper = known.quantile([0.25, 0.5, 0.75])
    # floats such as 0.3 - 0.1 must not fall below the edge of their step
    steps = np.floor((known * 10).round(9)).clip(0, 9).astype(int)
    counts = steps.value_counts().reindex(range(10), fill_value=0)
    return Spread(len(known), float(known.mean()), lower, median, upper, tuple(int(n) for n in counts))
