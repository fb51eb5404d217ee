"""The figures of lesson 02, computed from `data/`, in the phrases in which the lesson says them."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import matplotlib.pyplot as plt
import pandas as pd
from ipywidgets import interactive

PUBLISHED = pd.Timestamp("2014-06-21")
SPEAKERS = ["P03", "P04", "P05", "P07", "P09", "P10"]

NOT_DATA = {
    "176": "the article of Iran's constitution on the council",
}


def day(date: str) -> str:
    """A date of a table in the words of a lesson: 2012-07-01 is 1 July 2012."""
    moment = pd.Timestamp(date)
    return f"{moment.day} {moment:%B %Y}"


def short(date: str) -> str:
    """The same without the year: 1 July."""
    return day(date).rsplit(" ", 1)[0]


def phrases(data: Path) -> list[str]:
    actors = pd.read_csv(data / "actors.csv", index_col="actor_id")
    statements = pd.read_csv(data / "statements.csv", index_col="statement_id")
    article = statements[statements["in_article"] == 1]
    outside = statements[(statements["in_article"] == 0) & (statements["date"] <= "2014-06-21")]
    return [
        *phrases_of_the_persons(actors, article),
        *phrases_of_the_offices(actors, pd.read_csv(data / "events.csv", index_col="event_id")),
        *phrases_of_the_dates(article, pd.read_csv(data / "sources.csv", index_col="source_id")),
        *phrases_of_the_codes(article),
        *phrases_of_the_ranges(article),
        *phrases_of_the_audiences(article, outside),
        *phrases_of_the_renderings(pd.read_csv(data / "renderings.csv"), article),
    ]


def phrases_of_the_persons(actors: pd.DataFrame, article: pd.DataFrame) -> list[str]:
    """Lesson 2, section 1."""
    persons = actors[(actors["kind"] == "person") & (actors["in_article"] == 1)]
    speaks = actors.index.isin(article["speaker_id"])
    groups = actors[speaks & (actors["kind"] == "group")]
    by_groups = article["speaker_id"].isin(groups.index).sum()
    rouhani, firouzabadi = actors.loc["P03"], actors.loc["P05"]
    assert sorted(actors.index[speaks & (actors["kind"] == "person")]) == SPEAKERS, "'six' in words"
    assert (speaks.sum(), len(groups)) == (9, 3), "'nine actors', 'three groups' in words"
    assert rouhani["name_fa"].split()[0] == firouzabadi["name_fa"].split()[0] == "حسن"
    assert "Hasan Rouhani" in rouhani["other_names"], "the spelling of the article"
    assert "chief of staff" in actors.loc["P10", "role"], "two different chiefs of staff"
    assert "Chief of Staff of the Armed Forces" in firouzabadi["role"]
    assert "chaired by the president" in actors.loc["O07", "role"]
    assert '"Head"' in actors.loc["P04", "article_description"]
    assert actors.loc["P04", "role"].startswith("Secretary")
    nahavandian, first = actors.loc["P10", "paragraphs"], firouzabadi["paragraphs"]
    return [
        f"{len(article)} of them are in the article.",
        f"The table has {len(persons)} persons who appear in the article; one of them is its author",
        f"How many of the {len(persons)} speak in the article",
        "In Persian both are حسن.",
        f"in paragraphs {nahavandian.split(';')[0]} and {first.split(';')[0]}.",
        f"In paragraph {actors.loc['P04', 'paragraphs']} the article calls Ali Shamkhani the *head*",
        f"{by_groups} of the {len(article)} statements are theirs.",
    ]


def phrases_of_the_offices(actors: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """Lesson 2, sections 2 and 3."""
    days = (PUBLISHED - pd.to_datetime(actors["office_since"])).dt.days
    since, precision = actors["office_since"], actors["since_precision"]
    by = actors.loc[SPEAKERS, "appointed_by"]
    apparatus = actors.loc["O09", "paragraphs"].split(";")[0]
    assert precision[SPEAKERS].value_counts().to_dict() == {"day": 3, "month": 2, "year": 1}
    assert precision["P07"] == "month"
    assert (days[SPEAKERS] > 20 * 365.25).sum() == 2, "'two of the six' in words"
    assert since[["P03", "P07", "P10", "P04"]].between("2013-08-01", "2013-09-30").all()
    assert sorted(by.index[by == "president"]) == ["P04", "P07", "P10"], "'three' in words"
    assert (by["P03"], by["P05"], by["P09"]) == ("election", "Supreme Leader", "Assembly of Experts")
    assert (days[["P05", "P09"]] / 365.25).round().eq(25).all()
    assert (days[["P03", "P04", "P07", "P10"]] < 365).all()
    assert pd.isna(since["P11"])
    assert all(date in actors.loc["P05", "note"] for date in ("26 September 1989", "25 October 1989", "2002"))
    assert "Rouhani names Shamkhani" in events.loc["T30", "event"]
    assert (actors.loc[SPEAKERS, "institution"] == "Presidency").sum() == 3
    assert "Article 176" in actors.loc["O07", "note"]
    assert "2001 to 2009" in actors.loc["P11", "role"]
    return [
        f"Khamenei, Supreme Leader since June {since['P09'][:4]}, and Firouzabadi, "
        f"chief of staff of the armed forces since {since['P05'][:4]}.",
        f"Khamenei had been Leader for {days['P09']:,.0f} days. "
        f"Firouzabadi's row shows {days['P05']:,.0f} days.",
        f"`since_precision` says `{precision['P05']}`.",
        f"Hamid Aboutalebi ({days['P07']:.0f} days) with Rouhani ({days['P03']:.0f} days).",
        f"only the month is known, August {since['P07'][:4]}.",
        f"Maliki: {days['P02']:,.0f} days.",
        "Three: Shamkhani, Nahavandian and Aboutalebi.",
        f"In paragraph {apparatus} the article sets two sides against each other",
        f"Shamkhani (paragraph {actors.loc['P04', 'paragraphs']}), "
        f"its second is Firouzabadi (paragraph {actors.loc['P05', 'paragraphs'].split(';')[0]}).",
        "Two long bars, of about 25 years each",
        f"Rouhani named Shamkhani on {day(events.loc['T30', 'date'])}",
    ]


def phrases_of_the_dates(article: pd.DataFrame, sources: pd.DataFrame) -> list[str]:
    """Lesson 2, section 4."""
    date = pd.to_datetime(article["date"])
    weekday, said = date.dt.day_name(), article["article_date"]
    wednesday = article.index[said == "Wednesday"]
    assert PUBLISHED.day_name() == "Saturday"
    assert (date[wednesday] == "2014-06-18").all()
    assert (weekday[wednesday] == "Wednesday").all()
    assert list(article.index[said == "late last week"]) == ["S01", "S02"]
    assert (weekday["S01"], weekday["S02"]) == ("Saturday", "Saturday")
    assert (said["S03"], weekday["S03"]) == ("Monday", "Sunday")
    assert list(article.index[said == "repeatedly"]) == list(article.index[date.isna()]) == ["S09", "S12"]
    assert article.loc["S03", "source_ids"] == "SRC17"
    assert len(wednesday) == 3, "'three statements' in words"
    return [
        f"**Wednesday** ({', '.join(wednesday)}): all three fit {short('2014-06-18')}.",
        f"**Monday** (S03): the article dates Aboutalebi's messages on Twitter to {said['S03']}. "
        f"{sources.loc['SRC17', 'publisher']} ({sources.loc['SRC17', 'standpoint']}) dates them to "
        f"{weekday['S03']}, {short(article.loc['S03', 'date'])}.",
        f"the press conference was on {weekday['S01']}, {short(article.loc['S01', 'date'])}.",
        f"{(PUBLISHED - date['S08']).days} days: it was on {day(article.loc['S08', 'date'])}, "
        f"a {weekday['S08']}.",
    ]


def phrases_of_the_codes(article: pd.DataFrame) -> list[str]:
    """Lesson 2, section 5."""
    stance = article["stance"]
    mean = stance.groupby(article["group"]).mean()
    filled = stance.fillna(0).groupby(article["group"]).mean()
    person = stance.groupby(article["speaker"]).mean()
    complete = article.dropna(subset=["date", "stance"])
    security = complete[complete["group"] == "security"]
    presidency = complete[complete["group"] == "presidency"]
    firouzabadi = stance[article["speaker_id"] == "P05"]
    assert set(complete["group"]) == {"presidency", "security"}
    assert (len(presidency), len(security), len(complete)) == (6, 4, 10), "'six', 'four', 'ten'"
    assert presidency["stance"].between(0, 2).all()
    assert presidency["stance"].idxmax() == "S03"
    assert presidency.index[presidency["date"] == "2014-06-18"].tolist() == ["S10", "S11"]
    assert (stance["S10"], stance["S11"], stance["S01"]) == (0, 0, 1)
    assert security["date"].value_counts().to_dict() == {
        "2014-06-15": 2,
        "2014-06-17": 1,
        "2014-06-18": 1,
    }
    assert (security["stance"] < 0).all(), "no security statement is above zero"
    assert firouzabadi.isna().to_dict() == {"S06": False, "S07": False, "S08": True}
    assert pd.isna(mean["leader"])
    assert filled["leader"] == 0
    assert pd.isna(person["Ali Khamenei"])
    assert list(article.index[article["group"] == "leader"]) == ["S09"]
    assert stance[article["speaker_id"] == "P03"].tolist() == [1, 0, 0], "'1, 0 and 0'"
    return [
        f"| {stance['S03']:.0f} | advocates cooperation | S03 |",
        f"| {stance['S01']:.0f} | is open to it, as a rule on a condition: "
        f'"{article.loc["S01", "quote"]}" | S01 |',
        f"| {stance['S11']:.0f} | is neutral, or names a condition that weighs both ways | S11 |",
        f"| {stance['S05']:.0f} | distances itself, or leaves the US out | S05 |",
        f'| {stance["S06"]:.0f} | rejects or denounces it: "{article.loc["S06", "quote"]}" | S06 |',
        f"Two have {firouzabadi['S06']:.0f}. The third is empty: on {short(article.loc['S08', 'date'])}",
        f"{stance.isna().sum()} of the {len(article)} statements have no stance.",
        f"the presidency has a mean of {mean['presidency']:.2f} and the security institutions "
        f"have {mean['security']:.2f}.",
        f"the security mean moves to {filled['security']:.2f}, because S08",
        f"Six circles of the presidency lie between {presidency['stance'].min():.0f} and "
        f"{presidency['stance'].max():.0f}; the highest is S03 on Sunday 15 June",
        f"four squares of the security institutions lie at {security['stance'].max():.0f} and "
        f"{security['stance'].min():.0f}, two on 15 June and one each on 17 and 18 June.",
        f"In paragraph {article.loc['S11', 'paragraph']:.0f} the article reads S11 as a step back.",
        f"On 18 June the presidency lies at {stance['S10']:.0f}, after {stance['S01']:.0f} and "
        f"{stance['S03']:.0f} on the days before.",
        f"Rouhani has {person['Hassan Rouhani']:.2f}, from three statements (1, 0 and 0). "
        f"Firouzabadi has {person['Hassan Firouzabadi']:.2f}, from two",
    ]


def phrases_of_the_ranges(article: pd.DataFrame) -> list[str]:
    """Lesson 2, section 6."""
    mean = article.groupby("group")[["stance_low", "stance", "stance_high"]].mean()
    (low, middle, high), security = mean.loc["presidency"], mean.loc["security"]
    complete = article.dropna(subset=["date", "stance"])
    one, two = (complete[complete["group"] == group] for group in ("presidency", "security"))
    width = complete["stance_high"] - complete["stance_low"]
    unnamed = mean.loc["government_unspecified"]
    moved = [article["stance"].where(article.index != "S11", code) for code in (-1, 0, 1)]
    swing = [f"{codes[article['group'] == 'presidency'].mean():.2f}" for codes in moved]
    assert width[width == 2].index.tolist() == ["S11", "S14"], "the longest bars"
    assert width.idxmin() == "S06"
    assert width["S06"] == 0
    assert one["stance_low"].min() == two["stance_high"].max() == -1, "the ranges touch at -1"
    assert low > security["stance_high"], "the means of the groups can't meet"
    home = article.groupby("audience_type")[["stance_low", "stance_high"]].mean()
    assert home["stance_high"].idxmin() == home["stance_low"].idxmin() == "domestic"
    return [
        *(f"**{name}**, {who}, {code_and_range(article.loc[name])}." for name, who in EXAMPLES),
        f"Yes: {low:.2f} against {security['stance_high']:.2f}.",
        f"the grey bars of the presidency lie between {one['stance_low'].min():.0f} and "
        f"{one['stance_high'].max():.0f}, those of the security institutions between "
        f"{two['stance_low'].min():.0f} and {two['stance_high'].max():.0f};",
        f"both codes are {article.loc['S06', 'stance_low']:.0f}, because",
        f"from {low:.2f} to {high:.2f} for the presidency, from {security['stance_low']:.2f} to "
        f"{security['stance_high']:.2f} for the security institutions.",
        f"the presidency at {middle:.2f} on a bar from {low:.2f} to {high:.2f}, the security "
        f"institutions at {security['stance']:.2f} on a bar from {security['stance_low']:.2f} to "
        f"{security['stance_high']:.2f}, and unnamed officials at {unnamed['stance']:.2f} on a bar "
        f"from {unnamed['stance_low']:.2f} to {unnamed['stance_high']:.2f}.",
        f"read S11 as an opening ({article.loc['S11', 'stance_high']:.0f}), the article read it as a "
        f"retreat ({article.loc['S11', 'stance']:.0f} or {article.loc['S11', 'stance_low']:.0f}).",
        f"| mean of the presidency | {' | '.join(swing)} |",
        "| S11 | -1 | 0 | 1 |",
    ]


EXAMPLES = [("S04", "Shamkhani"), ("S11", "Nahavandian"), ("S14", "the Rouhani circle")]


def code_and_range(row: pd.Series) -> str:
    return f"{row['stance']:.0f} (range {row['stance_low']:.0f} to {row['stance_high']:.0f})"


def phrases_of_the_audiences(article: pd.DataFrame, outside: pd.DataFrame) -> list[str]:
    """Lesson 2, section 7."""
    mean, count = (
        article.pivot_table(index="group", columns="audience_type", values="stance", aggfunc=how)
        for how in ("mean", "count")
    )
    row, counts = mean.loc["presidency"], count.loc["presidency"]
    ministry = outside[outside["group"] == "foreign_ministry"].groupby("audience_type")["stance"].mean()
    assert (counts["domestic"], counts["mixed"], counts["international"]) == (1, 2, 2), "in words"
    assert count.loc["security"].to_dict()["domestic"] == 4, "'four statements, all at home'"
    assert pd.isna(count.loc["security", "international"])
    assert (count.loc["leader", "domestic"], count.loc["western_governments", "mixed"]) == (0, 0)
    assert (outside["group"] == "foreign_ministry").sum() == 4, "'four' in words"
    assert outside.loc["X03", "speaker"] == "Hossein Amir-Abdollahian"
    by = outside[outside["group"] == "foreign_ministry"].groupby("audience_type")["speaker_id"].unique()
    assert not set(by["domestic"]) & set(by["international"]), "different persons"
    return [
        f"{row['domestic']:.2f} at home (one statement), {row['mixed']:.2f} to a mixed audience (two), "
        f"{row['international']:.2f} abroad (two).",
        "(The counts show 0 for the Leader and for Western diplomats",
        f"{ministry['domestic']:.2f} at home, {ministry['mixed']:.2f} to a mixed audience, "
        f"{ministry['international']:.2f} abroad.",
        f"on {short(outside.loc['X03', 'date'])} deputy foreign minister Hossein Amir-Abdollahian",
        f"(X03, {outside.loc['X03', 'stance']:.0f})",
    ]


def phrases_of_the_renderings(renderings: pd.DataFrame, article: pd.DataFrame) -> list[str]:
    """Lesson 2, section 8."""
    four = renderings[renderings["statement_id"] == "S01"].set_index("outlet")
    oslo = renderings[renderings["statement_id"] == "S11"].set_index("outlet")
    first = article.loc["S01"]
    assert len(four) == 4
    assert list(four.index[four["condition"] == 1]) == ["AFP", "Reuters"], "'two' in words"
    assert len(oslo) == oslo["condition"].sum() == 2
    assert "retreat" in oslo.loc["WSWS", "difference"]
    assert "opening" in oslo.loc["AFP", "difference"]
    assert article.loc["S06", "date"] == article.loc["S11", "date"], "'the same day'"
    return [
        "Two: AFP and Reuters.",
        f'AFP and Reuters write "{four.loc["AFP", "key_words"]}". The article has '
        f'"{four.loc["WSWS", "key_words"]}" and Xinhua "{four.loc["Xinhua", "key_words"]}".',
        f"Our stance for S01 is {first['stance']:.0f}, open on a condition, with the range "
        f"{first['stance_low']:.0f} to {first['stance_high']:.0f}.",
        f'The article has "{oslo.loc["WSWS", "key_words"]}" and reads the remark as a retreat. '
        f'AFP has "{oslo.loc["AFP", "key_words"]}" and reads it as an opening.',
    ]


def panel_tells_the_truth(
    panel: interactive, names: dict[str, Any], data: Path, said: Callable[[], str]
) -> None:
    """Every option of the control panel gives what the data give, in print and in the picture."""
    statements = pd.read_csv(data / "statements.csv")
    article = statements[statements["in_article"] == 1].set_index("statement_id")
    choices = {control._kwarg: control_options(control) for control in panel.kwargs_widgets}
    for name, statement in CONTROLS.items():
        low, high = article.loc[statement, ["stance_low", "stance_high"]]
        assert choices[name] == list(range(int(low), int(high) + 1)), "the published range"
    assert set(choices["group_by"]) == set(COLUMNS)
    assert choices["zeros"] == [False, True]
    for values in itertools.product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        said()
        with patch.object(plt, "show", lambda: None):
            names["show_means"](**chosen)
        axes = plt.gcf().axes[0]
        drawn = next(line for line in axes.lines if line.get_marker() == "D")
        marks = {name: float(x) for name, x in zip(drawn.get_ydata(), drawn.get_xdata(), strict=True)}
        bars = [sorted(segment[:, 0]) for segment in axes.collections[0].get_segments()]
        plt.close("all")
        expected = expected_means(article, **chosen)
        assert said().splitlines() == [
            f"{name}: mean {mean:.2f}, statements with a code: {count}"
            for name, (mean, count, _, _) in expected.items()
        ]
        assert {name: round(mean, 6) for name, mean in marks.items()} == {
            name: round(mean, 6) for name, (mean, _, _, _) in expected.items()
        }
        for (left, right), (mean, _, low, high) in zip(bars, expected.values(), strict=True):
            assert abs(left - low) < 1e-9
            assert abs(right - high) < 1e-9
            assert low <= mean <= high, "a code within its range keeps the mean within the bar"


CONTROLS = {"shamkhani": "S04", "nahavandian": "S11", "summary": "S14"}
COLUMNS = {"institution": "group", "audience": "audience_type", "date": "date"}


def expected_means(
    article: pd.DataFrame, group_by: str, zeros: bool, **codes: int
) -> dict[str, tuple[float, int, float, float]]:
    """By group: mean, number of codes, lowest and highest mean, computed one statement at a time."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for name, row in article.iterrows():
        code = next((codes[c] for c, s in CONTROLS.items() if s == name), row["stance"])
        values = (float(code), float(row["stance_low"]), float(row["stance_high"]))
        if zeros:
            values = tuple(0.0 if pd.isna(value) else value for value in values)
        if not pd.isna(row[COLUMNS[group_by]]) and not pd.isna(values[0]):
            found.setdefault(row[COLUMNS[group_by]], []).append(values)
    means = {}
    for label in sorted(found):
        middle, low, high = (sum(column) / len(column) for column in zip(*found[label], strict=True))
        means[label] = (middle, len(found[label]), low, high)
    return means


def control_options(control: Any) -> list[Any]:
    """All values that a slider, a list or a check box can take."""
    if hasattr(control, "min"):
        return list(range(control.min, control.max + 1, control.step))
    return list(control.options) if hasattr(control, "options") else [False, True]
