"""The figures of lesson 06, computed from `data/`, in the phrases in which the lesson says them."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ipywidgets import interactive

PUBLISHED = pd.Timestamp("2014-06-21")
NO_RESULT = ["not_testable", "unverified"]
KINDS = ["reported_event", "attributed_statement", "forecast", "author_interpretation", "historical_claim"]
OUR_WEEKS = {"2014-06-02": 3, "2014-06-09": 27, "2014-06-16": 22}
GROUPS = {"iraq": ["T69", "T71", "T76", "T77", "T79"], "nuclear": ["T72", "T80", "T81", "T82", "T86"]}

NOT_DATA = {
    "200": "a wrong guess, offered in a prediction",
    "110": "a rounded guess, offered in a prediction",
    "6": "a step of the template",
    "600": "the length of an article for the template",
    "1,500": "the length of an article for the template",
    "300": "the length of a review",
    "400": "the length of a review",
}


def day(date: Any, year: bool = True) -> str:
    """A date of a table in the words of a lesson: 2012-07-01 is 1 July 2012."""
    moment = pd.Timestamp(date)
    return f"{moment.day} {moment:%B %Y}" if year else f"{moment.day} {moment:%B}"


def phrases(data: Path) -> list[str]:
    claims = pd.read_csv(data / "claims.csv", index_col="claim_id")
    events = pd.read_csv(data / "events.csv", index_col="event_id", parse_dates=["date"])
    statements = pd.read_csv(data / "statements.csv", index_col="statement_id")
    sources = pd.read_csv(data / "sources.csv", index_col="source_id")
    return [
        *phrases_of_the_forecasts(claims, events),
        *phrases_of_the_days(events, pd.read_csv(data / "actors.csv", index_col="name")),
        *phrases_of_the_fates(claims, events, statements),
        *phrases_of_the_measures(pd.read_csv(data / "sanctions.csv", index_col="sanction_id")),
        *phrases_of_the_scores(claims),
        *phrases_of_the_circle(claims),
        *phrases_of_the_checks(claims, sources),
        *phrases_of_the_outlets(pd.read_csv(data / "renderings.csv"), sources),
        *phrases_of_the_machine(pd.read_csv(data / "event_counts.csv"), statements, events),
        *phrases_of_the_deaths(pd.read_csv(data / "iraq_deaths.csv")),
    ]


def phrases_of_the_forecasts(claims: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """Lesson 6, section 1."""
    forecasts = claims[claims["type"] == "forecast"]
    implied = forecasts["claim"].str.startswith("(Implied)")
    place = forecasts["paragraph"]
    sure = forecasts["verifiability"]
    dated = forecasts["claim"].str.contains("July 20")
    assert list(forecasts.index[~implied]) == ["C68"], "only C68 is explicit"
    assert list(forecasts.index[dated]) == ["C73"], "one names a day"
    assert forecasts.loc["C73", "attribution"] == "US and European diplomats"
    assert events.loc["T73", "date"] == pd.Timestamp("2014-07-20")
    assert events["date"].max() == pd.Timestamp("2016-01-16"), "the last day of our tables"
    assert sure.to_dict() == {"C68": "medium", "C73": "high", "C74": "low", "C75": "medium"}
    return [
        f"Lesson 1 counted {len(forecasts)} forecasts among the {len(claims)} claims. "
        f"How many of the {len(forecasts)} name a day",
        f"| C73: a deal before 20 July is unlikely | {place['C73']} |",
        f"| C68: no normalisation unless Iran accepts and enforces US hegemony | {place['C68']} |",
        f"| C75: the offer of cooperation is not truly withdrawn | {place['C75']} |",
        f"| C74: the opening will meet popular, working-class resistance | {place['C74']} |",
        "C73 is `high`: it has a day. C68 and C75 are `medium`, C74 is `low`.",
    ]


def phrases_of_the_days(events: pd.DataFrame, actors: pd.DataFrame) -> list[str]:
    """Lesson 6, section 2."""
    after = (events["date"] - PUBLISHED).dt.days
    later = events[after > 0]
    rest_of_year = list(after.index[(after >= 91) & (after <= 365)])
    chosen = [event for group in GROUPS.values() for event in group]
    iraq, nuclear = (after[group] for group in GROUPS.values())
    assert rest_of_year == ["T78", "T79", "T80", "T81"]
    assert later.index[0] == "T69", "the first event after the article"
    assert set(later.loc[chosen, "precision"]) == {"day"}
    assert iraq.is_monotonic_increasing, "the chart has each group in the order of time"
    assert nuclear.is_monotonic_increasing
    assert (events.loc["T76", "date"] - events.loc["T75", "date"]).days == 3, "three days before"
    assert (events.loc["T73", "date"] - events.loc["T72", "date"]).days == 1, "one day before the end"
    for name, office in {
        "Akbar Hashemi Rafsanjani": "Chairman of the Expediency Council of Iran",
        "Haider al-Abadi": "Member of parliament of Iraq",
        "Barack Obama": "President of the United States",
        "Joe Biden": "Vice-President of the United States",
    }.items():
        assert actors.loc[name, "role"] == office
    return [
        *(
            f"| {name} | {actors.loc[name, 'name_fa']} |"
            for name in ("Akbar Hashemi Rafsanjani", "Haider al-Abadi")
        ),
        f"Ten dots, each with its number of days: five circles on Iraq and the US, from Khamenei's speech "
        f"after {iraq.iloc[0]} day to the letter revealed after {iraq.iloc[-1]}; five squares on the "
        f"nuclear talks, from the first extension after {nuclear.iloc[0]} days over the deal after "
        f"{after['T82']} to its taking effect after {nuclear.iloc[-1]}.",
        f"**{day(events.loc['T69', 'date'])}, day {after['T69']}.**",
        f"**{day(events.loc['T72', 'date'], year=False)}, day {after['T72']}.**",
        f"**{day(events.loc['T76', 'date'], year=False)}, day {after['T76']}.**",
        f"**{day(events.loc['T82', 'date'])}, day {after['T82']}.** The nuclear deal was concluded. "
        f"On {day(events.loc['T86', 'date'])}, day {after['T86']}, it took effect",
        "from day 91 to day 365?",
        f"{len(rest_of_year)} events: T78, T79, T80 and T81.",
    ]


def phrases_of_the_fates(claims: pd.DataFrame, events: pd.DataFrame, statements: pd.DataFrame) -> list[str]:
    """Lesson 6, section 3, but for the measures."""
    forecasts = claims[claims["type"] == "forecast"]
    noted = claims[claims["later_note"].notna()]
    others = noted[noted["type"] != "forecast"]
    words = statements[statements["date"] > "2014-06-21"]
    of_the_leader = words.loc[words["speaker"] == "Ali Khamenei", "stance"]
    verdicts = forecasts["verdict"].value_counts()
    assert set(forecasts.index) <= set(noted.index)
    assert verdicts.to_dict() == {"partly": 2, "supported": 1, "not_testable": 1}
    assert forecasts.loc["C73", "verdict"] == "supported"
    assert forecasts.loc["C74", "source_ids"] == "K", "the note rests on general knowledge"
    assert "17 Feb 2014" in claims.loc["C52", "finding"]
    assert "renewable" in claims.loc["C72", "finding"], "the interim deal could be renewed"
    assert len(words) == 4, "the lesson says four in words"
    assert list(of_the_leader) == [-2, -2, -2], "three statements in words"
    days = (events.loc["T76", "date"] - PUBLISHED).days
    return [
        f"How many of the {len(forecasts)} forecasts have the verdict",
        f"all three statements of the Leader have the stance {of_the_leader.iloc[0]:.0f}",
        "`stance` runs from -2 (rejects cooperation) to 2 (advocates it).",
        f"One of {len(forecasts)} is no measure of skill.",
        f"In paragraph {claims.loc['C02', 'paragraph']} the article reports that Iran stepped up its "
        f"support for Maliki. {days} days later he gave up.",
        f"paragraph {claims.loc['C64', 'paragraph']} advises the reader",
        f"Not only the {len(forecasts)} forecasts: {len(others)} claims about June 2014 have a later note",
        f"C52 is one of them (paragraph {claims.loc['C52', 'paragraph']}: the Leader",
        f"C70, in paragraph {claims.loc['C70', 'paragraph']}, is no forecast",
    ]


def phrases_of_the_measures(sanctions: pd.DataFrame) -> list[str]:
    """Lesson 6, the check of section 3."""
    here = sanctions[sanctions["in_force_june_2014"] == "yes"]
    status = here["status_2016"].value_counts()
    stayed = here[here["status_2016"] == "in force"]
    unnamed = here[here["status_2016"].isna()]
    assert set(unnamed["types"]) == {"relief"}
    assert len(unnamed) == 2
    assert stayed["types"].str.contains("human-rights").sum() > 1
    assert "A02" in stayed.index, "the listing as a sponsor of terrorism"
    return [
        f"Of {len(here)} measures, {status['lifted']} were lifted, {status['partly lifted']} partly lifted "
        f"and {status['in force']} stayed in force.",
        f"{(stayed['sender'] == 'US').sum()} of these {len(stayed)} are US measures",
    ]


def worth(claims: pd.DataFrame, credit: float) -> list[float]:
    """Points of each claim, computed one by one."""
    return [{"supported": 1.0, "partly": credit}.get(verdict, 0.0) for verdict in claims["verdict"]]


def score(claims: pd.DataFrame, credit: float) -> float:
    found = worth(claims, credit)
    return sum(found) / len(found)


def phrases_of_the_scores(claims: pd.DataFrame) -> list[str]:
    """Lesson 6, section 4."""
    counts = claims["verdict"].value_counts()
    judged = claims[~claims["verdict"].isin(NO_RESULT)]
    table = pd.crosstab(claims["type"], claims["verdict"])
    size = claims["type"].value_counts()
    whole, right = len(claims), counts["supported"]
    testable = whole - counts["not_testable"]
    half = {kind: score(judged[judged["type"] == kind], 0.5) for kind in KINDS}
    low, high = ({kind: score(judged[judged["type"] == kind], c) for kind in KINDS[3:]} for c in (0, 1))
    assert low["author_interpretation"] > low["historical_claim"]
    assert high["author_interpretation"] < high["historical_claim"]
    meanings = {
        "supported": "independent sources agree in substance",
        "partly": "true in part: a date, the scope or the agent is off",
        "contested": "good sources or scholars disagree",
        "not_supported": "the evidence found points the other way",
        "unverified": "no independent source found",
        "not_testable": "no observation was named that could settle it",
    }
    rows = [f"| `{verdict}` | {meaning} | {counts[verdict]} |" for verdict, meaning in meanings.items()]
    of_judged = " | ".join(f"{score(judged, credit):.3f}" for credit in (0, 0.5, 1))
    of_all = " | ".join(f"{score(claims, credit):.3f}" for credit in (0, 0.5, 1))
    return [
        *rows,
        f"Our coding gives each of the {whole} claims a verdict.",
        f"{right} of {whole} is {right / whole * 100:.0f} percent.",
        f"{whole - len(judged)} of the {whole} claims had no chance to be `supported`: "
        f"for {counts['not_testable']} no test was named, and for {counts['unverified']} we found no",
        f"three scores: {right / whole:.3f}, {right / testable:.3f} and {right / len(judged):.3f}.",
        f"With {whole} below, a text is punished",
        f"With {len(judged)} below, this is mended.",
        f"{right / len(judged):.3f} of {len(judged)} claims, and {whole - len(judged)} left out.",
        f"of {size['reported_event']} reported events {table.loc['reported_event', 'supported']} are "
        f"supported, of {size['attributed_statement']} attributed statements "
        f"{table.loc['attributed_statement', 'supported']}, of {size['author_interpretation']} "
        f"interpretations {table.loc['author_interpretation', 'supported']} (and "
        f"{table.loc['author_interpretation', 'not_testable']} are not testable), of "
        f"{size['historical_claim']} historical claims {table.loc['historical_claim', 'supported']}, "
        f"of {size['forecast']} forecasts {table.loc['forecast', 'supported']}.",
        "`credit` is a number between 0 and 1.",
        f"attributed statements score {half['attributed_statement']:.2f}, reported events "
        f"{half['reported_event']:.2f}, forecasts {half['forecast']:.2f} (of only "
        f"{(judged['type'] == 'forecast').sum()} claims), interpretations "
        f"{half['author_interpretation']:.2f} and historical claims {half['historical_claim']:.2f}.",
        "| Credit for `partly` | 0 | 0.5 | 1 |",
        f"| score of the {len(judged)} claims with a result | {of_judged} |",
        f"| score of all {whole} claims | {of_all} |",
        f"From {score(claims, 0):.3f} to {score(judged, 1):.3f}, with one and the same coding.",
        "at 0 interpretations stand above historical claims, at 1 below them.",
        f"So {right / len(judged):.3f} is a description of one article",
    ]


def phrases_of_the_circle(claims: pd.DataFrame) -> list[str]:
    """Lesson 6, section 5."""
    judged = claims[~claims["verdict"].isin(NO_RESULT)]
    plain, loaded = judged[judged["loaded"] == 0], judged[judged["loaded"] == 1]
    motive = judged[judged["motive"] == 1]
    assert set(claims["coder"]) == {"C1"}, "one person gave both codes"
    assert len(motive) == 3, "three in words"
    assert loaded["verdict"].value_counts().idxmax() == "partly"
    history = (loaded["type"] == "historical_claim").sum()
    return [
        f"that are *not* loaded, {score(plain, 0):.2f} are `supported`.",
        f"Far less: {score(loaded, 0):.2f}.",
        f"A large difference: {score(plain, 0):.2f} against {score(loaded, 0):.2f}.",
        f"Only {len(loaded)} loaded claims have a result.",
        f"{history} of the {len(loaded)} loaded claims are historical.",
        f"the difference is gone: {score(plain, 1):.2f} and {score(loaded, 1):.2f}.",
        f"Claims with a motive score {score(motive, 0.5):.2f}, from {len(motive)} claims.",
    ]


def phrases_of_the_checks(claims: pd.DataFrame, sources: pd.DataFrame) -> list[str]:
    """Lesson 6, section 6."""
    pairs = [
        (claim, source) for claim, ids in claims["source_ids"].dropna().items() for source in ids.split(";")
    ]
    alone = (claims["source_ids"] == "K").sum()
    none = claims["source_ids"].isna().sum()
    standpoint = [sources.loc[source, "standpoint"] for _, source in pairs]
    kinds = pd.Series([text.split(":")[0] for text in standpoint]).value_counts()
    circle = [c for c, s in pairs if sources.loc[s, "publisher"] == "World Socialist Web Site"]
    close = [c for (c, _), text in zip(pairs, standpoint, strict=True) if "close to the Rev" in text]
    assert circle == ["C11"]
    assert "K" in claims.loc["C11", "source_ids"].split(";"), "and with general knowledge"
    assert close == ["C15"]
    assert sources.loc["K", "standpoint"].startswith("compilers")
    assert set(kinds.index[1:4]) == {"research institute", "government", "compilers"}
    assert kinds.iloc[6] > kinds.iloc[7], "the chart does not cut a tie"
    assert claims.loc[claims["paragraph"] == 16, "claim"].str.contains("working").any()
    return [
        f"{len(claims)} claims, some with one source, some with three, {none} with none.",
        f"about {len(claims)} rows",
        f"{len(pairs) + none}: {len(pairs)} pairs, and one row for each of the {none} claims",
        f"{kinds['news agency']} pairs with news agencies, {kinds['government']} each with research "
        f"institutes, governments and compilers, {kinds['news website']} with news websites, "
        f"{kinds['broadcaster']} with broadcasters and {kinds['newspaper']} with newspapers.",
        f"{kinds['news agency']} of {len(pairs)} pairs.",
        "The article speaks of these in paragraph 16",
        f'{kinds["compilers"]} pairs are with "compilers"',
        f"For {alone} claims it is the only source.",
        f"`merge` dropped the {none} claims without a source.",
        f"C11, in paragraph {claims.loc['C11', 'paragraph']}, is checked with an earlier article",
    ]


def phrases_of_the_outlets(renderings: pd.DataFrame, sources: pd.DataFrame) -> list[str]:
    """Lesson 6, section 7."""
    by_id = renderings.set_index("rendering_id")
    words = renderings.groupby("statement_id")["key_words"]
    shared = renderings.groupby(["statement_id", "key_words"])["outlet"].agg(list)
    assert len(words) == 5, "five remarks"
    assert (words.nunique() > 1).all(), "for none of them one choice of words"
    assert sorted(shared[shared.str.len() > 1]) == [["AFP", "Reuters"], ["WSWS", "Al-Monitor"]]
    assert renderings["outlet"].nunique() == 7, "seven outlets"
    assert set(sources.loc[["SRC14"], "standpoint"]) == {"broadcaster: Iranian state"}
    difference = by_id["difference"]
    for rendering, word in {
        "V01": "place added in brackets",
        "V03": 'adds "elsewhere"',
        "V04": "US wish to act",
        "V06": '"military" in brackets',
        "V07": "attributes outlets",
        "V08": "no name",
        "V09": "no name",
        "V11": "condition of an Iraqi request",
        "V12": "retreat",
        "V13": "opening",
    }.items():
        assert word in difference[rendering]
    assert by_id.loc["V11", "condition"] == 0
    kept = renderings["condition"].sum()
    return [
        "our code for `condition` is 0. One can defend the 0",
        f"{kept + 1} of {len(renderings)} instead of {kept}. In a table of {len(renderings)} rows one "
        f"code is {100 / len(renderings):.1f} percent of the whole.",
    ]


def phrases_of_the_machine(counts: pd.DataFrame, statements: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """Lesson 6, section 8: the weekly counts."""
    full = counts[(counts["days"] == 7) & (counts["from_side"] == "Iran")]
    weekly = full.groupby(["week", "to_side"])["events"].sum().unstack()
    iraq, states, europe = weekly["Iraq"], weekly["United States"], weekly["E3, EU and UN"]
    in_week = statements[statements["date"].between("2014-06-09", "2014-06-15")]
    ours = in_week[in_week["target"] == "United States"]
    jump = europe.diff()
    assert {week: iraq[week] for week in OUR_WEEKS} == OUR_WEEKS
    assert iraq.diff().idxmax() == "2014-06-09"
    assert iraq[:"2014-06-02"].max() < 8
    assert states.drop("2014-07-14").max() < 8
    assert jump.idxmax() == "2014-05-26"
    assert not events["date"].between("2014-05-26", "2014-06-01").any(), "our table has nothing there"
    assert len(ours) == 5, "five statements"
    assert set(ours.index[ours["in_article"] == 1]) == {"S01", "S03", "S04"}
    assert pd.Timestamp("2014-07-14") <= events.loc["T72", "date"] <= pd.Timestamp("2014-07-20")
    assert pd.Timestamp("2014-06-09") <= events.loc["T52", "date"] <= pd.Timestamp("2014-06-15")
    before, of_mosul, next_week = (iraq[week] for week in OUR_WEEKS)
    return [
        f"To Iraq: {of_mosul}. To the US it has none.",
        f"stays below 8 until early June, jumps from {before} to {of_mosul} in the week of 9 June, has "
        f"{next_week} in the next week and falls in July; the line to the United States stays below 8 "
        f"but for one peak of {states['2014-07-14']} in the week of 14 July.",
        f"The machine sees the turn: {before}, {of_mosul}, {next_week}.",
        f"The machine has {states['2014-06-09']}.",
        f"The peak of {states.max()} in the week of 14 July",
        f"of {of_mosul} events from Iran to Iraq our own tables have few",
        f"In the week of 26 May: {jump.max():.0f} more than in the week before.",
    ]


def phrases_of_the_deaths(deaths: pd.DataFrame) -> list[str]:
    """Lesson 6, the part on deaths."""
    table = deaths.pivot(index="counter", columns="month", values="deaths")
    may, june = table["2014-05"], table["2014-06"]
    rise = june / may
    assert len(june.dropna()) == 6, "six counters"
    assert list(rise.index[rise < 1]) == ["afp"], "five of the six rise"
    assert rise.drop("afp").min() > 1.85, "to about twice the number or more"
    return [
        f"For June the counts run from {june.min():,.0f} to {june.max():,.0f}.",
        f"Iraq Body Count had {june['ibc_first_report']:,.0f} at first and "
        f"{june['ibc_revised_2015']:,.0f} later",
    ]


def panel_tells_the_truth(
    panel: interactive, names: dict[str, Any], data: Path, said: Callable[[], str]
) -> None:
    """Every credit with both denominators: what is printed, and the bars that are drawn."""
    claims = pd.read_csv(data / "claims.csv")
    judged = claims[~claims["verdict"].isin(NO_RESULT)]
    credit, without_results = panel.kwargs_widgets
    assert without_results.value is True, "the default is the fair whole"
    credits = np.arange(credit.min, credit.max + credit.step / 2, credit.step)
    assert {0.0, 0.5, 1.0} <= set(credits.round(6))
    drawn: list[Any] = []
    plt = names["plt"]
    close = plt.show

    def keep_and_close() -> None:
        drawn.append(plt.gca())
        close()

    plt.show = keep_and_close
    for part, without in itertools.product(credits, (True, False)):
        said()
        drawn.clear()
        names["show_score"](credit=float(part), leave_out=without)
        table = judged if without else claims
        left_out = len(claims) - len(table)
        assert said() == f"All kinds: {score(table, part):.3f} of {len(table)} claims, {left_out} left out.\n"
        (axes,) = drawn
        assert f"{part:.1f}" in axes.get_title()
        bars = dict(zip((label.get_text() for label in axes.get_yticklabels()), axes.patches, strict=True))
        assert set(bars) == set(KINDS)
        beside = {text.get_text() for text in axes.texts}
        for kind, bar in bars.items():
            of_kind = table[table["type"] == kind]
            assert abs(bar.get_width() - score(of_kind, part)) < 1e-9
            assert f"{score(of_kind, part):.2f} ({len(of_kind)} claims)" in beside
        told = min(bars[kind].get_width() for kind in KINDS[:2])
        explained = max(bars[kind].get_width() for kind in KINDS[3:])
        assert told > explained, "the lesson calls this order robust"
