"""The figures of lesson 00, computed from `data/`, in the phrases in which the lesson says them."""

from pathlib import Path

import nbformat
import pandas as pd

from autograder.check.keys import Asked, compare, seal

NOT_DATA = {
    "1": "the value that a student replaces",
    "12": "an invented answer that shows how check speaks",
    "12.0": "the same, as another kind of number",
}

DATA_SKILLS = {
    "01": "choose rows, counts and shares, groups",
    "02": "dates, missing values, pivot tables",
    "03": "percent change, two sources, text in cells",
    "04": "wide tables, totals, price and volume",
    "05": "merging tables, networks, agreement",
    "06": "forecasts, scores, splitting cells",
}


def day(date: str) -> str:
    """A date of a table in the words of a lesson: 2012-07-01 is 1 July 2012."""
    moment = pd.Timestamp(date)
    return f"{moment.day} {moment:%B %Y}"


def rows_of_the_map(notebooks: Path) -> list[str]:
    """A row for each lesson, with the question that is its title and a link to it."""
    rows = []
    for number, skill in DATA_SKILLS.items():
        (path,) = notebooks.glob(f"{number}_*.ipynb")
        title = nbformat.read(path, as_version=nbformat.NO_CONVERT).cells[0].source.splitlines()[0]
        rows.append(f"| {number} | [{title.removeprefix('# ')}]({path.name}) | {skill} |")
    return rows


def words_of_check() -> list[str]:
    """What `check` says, as the lesson tells it."""
    key = seal("answer", 12, Asked(), "a lesson")
    untouched, right, other = (compare(key, answer) for answer in (..., 12.0, 13))
    assert untouched.message == "answer is still `...`. Replace the dots with your answer."
    assert other.message.startswith("answer: you have 13. This is not the number that is asked. Look at")
    return [
        "| still the dots | `answer is still ...` and that you should replace them |",
        f"| the right answer | `{right.message}` |",
    ]


def phrases(data: Path) -> list[str]:
    sanctions = pd.read_csv(data / "sanctions.csv")
    known = sanctions[sanctions["adopted"] <= "2014-06-21"]
    count = known["sender"].value_counts()
    us, eu, un = (count[sender] for sender in ("US", "EU", "UN"))
    share = count / len(known)
    first = known.groupby("sender")["adopted"].min()
    later = len(sanctions) - len(known)
    relief = known["types"].str.contains("relief").sum()
    years_alone = (pd.Timestamp(first["UN"]) - pd.Timestamp(first["US"])).days // 365.25
    assert (later, relief) == (2, 2), "the lesson says 'two' in words"
    assert known["types"].tail(3).str.contains("relief").tolist() == [False, False, True]
    assert us > eu + un, "the lesson says: more than the two others together"
    return [
        *rows_of_the_map(data.parent / "notebooks"),
        *words_of_check(),
        f"The table has {len(sanctions)} rows. Two of them are later than the article.",
        f"Of {len(known)} measures, how many did the US adopt?",
        f"{us}, a little more than half.",
        f"The US adopted {us} measures, the EU {eu} and the UN {un}.",
        f"US {share['US']:.2f}, EU {share['EU']:.2f}, UN {share['UN']:.2f} (rounded).",
        f"So the US has {share['US']:.0%}".replace("%", " percent"),
        f"{eu + un} of the {len(known)} measures came from the EU or the UN.",
        f"The US, in {day(first['US']).split(' ', 1)[1]}.",
        f"more than {years_alone:.0f} years later, in {day(first['UN']).split(' ', 1)[1]}.",
        f"For more than {years_alone:.0f} years the table has US measures only.",
        f"EU: {day(first['EU'])}. UN: {day(first['UN'])}. US: {day(first['US'])}.",
        f"our table has {len(known)} measures on Iran. The US adopted {us} of them, "
        f"more than the EU ({eu}) and the UN ({un}) together",
        f"it was the first to act, in {first['US'][:4]}.",
        f"Two of the {len(known)} rows ease sanctions.",
    ]
