"""The figures of lesson 01, computed from `data/`, in the phrases in which the lesson says them."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from ipywidgets import interactive

NOT_DATA = {
    "100": "a rate per 100 words",
    "50": "a wrong guess, offered in a prediction",
}

VOICES = ["own voice", "attributed", "reported"]
KINDS = ["author_interpretation", "reported_event", "attributed_statement", "historical_claim", "forecast"]


def phrases(data: Path) -> list[str]:
    claims = pd.read_csv(data / "claims.csv", index_col="claim_id")
    claims["voice"] = claims["attribution"].map(voice_of)
    terms = pd.read_csv(data / "terms.csv")
    words = pd.read_csv(data / "paragraphs.csv", index_col="paragraph")["words"]
    return [
        *phrases_of_the_people(pd.read_csv(data / "actors.csv")),
        *phrases_of_the_strong_side(claims, words),
        *phrases_of_the_tables(claims, terms, words),
        *phrases_of_the_kinds(claims),
        *phrases_of_the_voices(claims),
        *phrases_of_the_tests(claims),
        *phrases_of_the_places(claims, words),
        *phrases_of_the_words(terms, words),
        *phrases_of_the_outlets(
            pd.read_csv(data / "renderings.csv"),
            pd.read_csv(data / "statements.csv", index_col="statement_id"),
            pd.read_csv(data / "sources.csv", index_col="source_id"),
        ),
    ]


def voice_of(attribution: str) -> str:
    """The lesson's three voices."""
    return {"author": "own voice", "unattributed_report": "reported"}.get(attribution, "attributed")


def listed(values: Any) -> str:
    """Numbers as a lesson lists them: 1, 4 and 7."""
    texts = [str(value) for value in values]
    return " and ".join([", ".join(texts[:-1]), texts[-1]])


def phrases_of_the_people(actors: pd.DataFrame) -> list[str]:
    """Name, script, office and start of office of each person."""
    offices = {
        "Ali Khamenei": "Supreme Leader of Iran",
        "Hassan Rouhani": "President of Iran",
        "Mohammad Nahavandian": "President's chief of staff",
        "Hamid Aboutalebi": "Deputy chief of staff of the president for political affairs",
        "Ali Shamkhani": "Secretary of the Supreme National Security Council",
        "Hassan Firouzabadi": "Chief of Staff of the Armed Forces",
        "Nouri al-Maliki": "Prime Minister of Iraq",
        "Bashar al-Assad": "President of Syria",
        "Hamid Karzai": "President of Afghanistan",
    }
    persons = actors[actors["kind"] == "person"].set_index("name")
    said = []
    for name, office in offices.items():
        person = persons.loc[name]
        assert person["role"].startswith(office)
        since = f"{pd.Timestamp(person['office_since']):%B %Y}"
        if person["since_precision"] == "year":
            since = f"{since[-4:]} (sources differ)"
        said.append(f"| {name} | {person['name_fa']} | {office} | {since} |")
    speakers = set(persons.index[(persons["in_article"] == 1) & persons["name_fa"].notna()])
    assert speakers == set(offices), "all persons of the article but its writer and George W. Bush"
    return said


def phrases_of_the_strong_side(claims: pd.DataFrame, words: pd.Series) -> list[str]:
    """What the lesson says that such a source can see early."""
    place = claims["paragraph"]
    refusals = claims.loc[["C09", "C12", "C13", "C15"], "paragraph"]
    assert claims.loc["C71", "attribution"] == "US and European diplomats"
    assert claims.loc["C73", "claim"].startswith("(Implied)")
    assert place["C71"] == place["C73"]
    return [
        f"Paragraph {place['C08']} tells of officials who signal readiness",
        f"Paragraphs {refusals.min()} to {refusals.max()} set refusals from the security bodies",
        f"Paragraph {place['C64']} says no, for both sides",
        f"The article reports in paragraph {place['C71']} that diplomats",
        f"Paragraph {place['C56']} names business interests",
        f"It has {len(words)} paragraphs and {words.sum():,} words",
    ]


def phrases_of_the_tables(claims: pd.DataFrame, terms: pd.DataFrame, words: pd.Series) -> list[str]:
    """Lesson 1, section 1."""
    columns = claims.shape[1]  # without the added voice, with the id
    assert round(len(claims) / len(words)) == 4
    assert set(claims["coder"]) == {"C1"}
    return [
        f"More: {len(claims)} rows, almost 4 claims a paragraph.",
        f"We loaded 7 of the {columns} columns.",
        f"`paragraphs` has {len(words)} rows and 2 columns",
        f"`terms` has {len(terms)} rows and {terms.shape[1]} columns",
    ]


def phrases_of_the_kinds(claims: pd.DataFrame) -> list[str]:
    """Lesson 1, section 2."""
    kinds = claims["type"].value_counts()
    shares = (kinds / len(claims)).round(2)
    assert list(kinds.index) == KINDS, "the order of the lesson"
    assert kinds.iloc[0] - kinds.iloc[1] == 1, "the most frequent, by only one claim"
    forecasts = claims[claims["type"] == "forecast"]
    assert forecasts["claim"].str.contains("Implied").sum() == 3, "three of the forecasts are implied"
    examples = {"C07": KINDS[1], "C15": KINDS[2], "C65": KINDS[3], "C28": KINDS[0], "C68": KINDS[4]}
    assert all(claims.loc[claim, "type"] == kind for claim, kind in examples.items())
    said = [f"| {claim}, paragraph {claims.loc[claim, 'paragraph']}: " for claim in examples]
    return [
        *said,
        f"Five flat bars: {kinds[KINDS[0]]} interpretations, {kinds[KINDS[1]]} reported events, "
        f"{kinds[KINDS[2]]} attributed statements, {kinds[KINDS[3]]} historical claims and "
        f"{kinds[KINDS[4]]} forecasts.",
        f"It reports {kinds[KINDS[1]]} events and gives {kinds[KINDS[0]]} interpretations. "
        f"Three of the {kinds[KINDS[4]]} forecasts",
        ", ".join(f"`{kind}` {shares[kind]:.2f}" for kind in KINDS),
    ]


def phrases_of_the_voices(claims: pd.DataFrame) -> list[str]:
    """Lesson 1, sections 3 and 4."""
    counts = claims["voice"].value_counts()
    own = claims[claims["voice"] == "own voice"]
    by_name = claims["attribution"].value_counts()
    (reported,) = claims.index[claims["voice"] == "reported"]
    history = claims[claims["type"] == "historical_claim"]
    (other,) = history.index[history["voice"] != "own voice"]
    own_kinds = own["type"].value_counts()
    assert claims.loc["C08", "attribution"] == "Rouhani circle"
    assert claims.loc[other, "attribution"] == "Iranian officials"
    last_report = own.index[own["type"] == "reported_event"][-1]
    last_reading = own.index[own["type"] == "author_interpretation"][-1]
    assert "expires" in claims.loc[last_report, "claim"], "the date when the interim deal ends"
    assert "US policy aims" in claims.loc[last_reading, "claim"], "the aim of US policy"
    share = len(own) / len(claims)
    return [
        f"About three quarters: {len(own)} of {len(claims)}.",
        f"{len(own)} of {len(claims)} claims, a share of {share:.2f}, stand in",
        f"{counts['own voice']} claims are in the article's own voice, {counts['attributed']} are "
        f"attributed and {counts['reported']} is reported. That one is {reported}, in paragraph "
        f"{claims.loc[reported, 'paragraph']},",
        f"Rouhani: {by_name['Rouhani']} claims, share {by_name['Rouhani'] / len(claims):.3f}. "
        f"Firouzabadi: {by_name['Firouzabadi']} claims, share {by_name['Firouzabadi'] / len(claims):.3f}.",
        f"No: {own_kinds['author_interpretation']} of {len(own)} are interpretations. Almost as many, "
        f"{own_kinds['reported_event']}, are reported events.",
        f"`True` or `False`, and a mask has {len(claims)}.",
        f"{own_kinds['historical_claim']} of {len(history)}. The tenth is {other}, in paragraph "
        f"{claims.loc[other, 'paragraph']}:",
        f"Is {share:.2f} in the own voice much or little?",
        f"Would you expect a share near {share:.2f}?",
    ]


def phrases_of_the_tests(claims: pd.DataFrame) -> list[str]:
    """Lesson 1, section 5."""
    share = (claims["verifiability"] == "high").groupby(claims["type"]).mean().round(2)
    none = claims[claims["verifiability"] == "none"]
    low = claims[claims["verifiability"] == "low"]
    assert len(none) == 7, "the lesson says seven in words"
    assert set(none["type"]) == {"author_interpretation"}
    assert set(none["voice"]) == {"own voice"}
    assert {"C59", "C64", "C67"} <= set(none.index)
    assert share["author_interpretation"] == 0
    assert share.idxmax() == "attributed_statement"
    return [
        f"{share['attributed_statement']:.2f} of the attributed statements and "
        f"{share['reported_event']:.2f} of the reported events can be checked well; "
        f"{share['forecast']:.2f} of the forecasts, {share['historical_claim']:.2f} of the historical",
        f"Again {len(low)} claims. {low['motive'].sum()} of them have a 1 in the column",
    ]


def phrases_of_the_places(claims: pd.DataFrame, words: pd.Series) -> list[str]:
    """Lesson 1, section 6."""
    size = claims.groupby("paragraph").size()
    by_voice = pd.crosstab(claims["paragraph"], claims["voice"])
    alone = by_voice.index[by_voice["own voice"] == size]
    most, longest = size.idxmax(), words.idxmax()
    assert len(alone) == 10, "the title of the chart says ten in words"
    assert {7, 8, 9, 11, 12} <= set(alone)
    assert not {5, 6, 10, 13, 14, 15} & set(alone)
    assert list(by_voice.index[by_voice["reported"] > 0]) == [2]
    eleven, sixteen = (claims[claims["paragraph"] == n]["type"].value_counts() for n in (11, 16))
    assert set(sixteen.index) == {"author_interpretation", "forecast"}
    return [
        f"Paragraph {longest} is the longest, with {words[longest]} words.",
        f"Paragraph {most} has the most: {size[most]} claims in {words[most]} words. "
        f"Paragraph {longest} has {size[longest]}.",
        f"paragraph {most} is the highest with {size[most]} claims, all in the article's own voice; in "
        f"paragraph 6 others have {by_voice.loc[6, 'attributed']} of {size[6]} claims; paragraph 2 has "
        f"the only reported claim; paragraphs {listed(alone)} have the own voice alone.",
        "Officials speak in paragraphs 5 and 6, in 10, and again in 13 to 15. "
        "Paragraphs 7 to 9 and 11 and 12 are the article's own account.",
        f"For paragraph 11 and all kinds, the bar of the own voice has {by_voice.loc[11, 'own voice']}",
        "Compare paragraphs 11 and 16.",
        f"paragraph 11 has {eleven['reported_event']} reported events, "
        f"{eleven['author_interpretation']} interpretations and {eleven['historical_claim']} historical",
        f"Paragraph 16 has {sixteen['author_interpretation']} interpretations and "
        f"{sixteen['forecast']} forecast, and no report.",
    ]


def phrases_of_the_words(terms: pd.DataFrame, words: pd.Series) -> list[str]:
    """Lesson 1, section 7."""
    rate = (terms.groupby("paragraph")["count"].sum() / words * 100).fillna(0)
    first, second = rate.sort_values(ascending=False).index[:2]
    none = rate.index[rate == 0]
    here = terms[terms["paragraph"] == first]
    labels = here.loc[here["category"] == "label", "count"].sum()
    regime, government = (terms[terms["term"] == word] for word in ("regime", "government"))
    assert set(government["count"]) == {1}, "once in each"
    assert {"government", "elite", "crippling"} <= set(here["term"])
    return [
        f"Paragraph {first}, near the beginning.",
        f'Paragraph {none[0]} has `NaN`, "not a number". It is missing in `terms`, and so is '
        f"paragraph {none[1]}.",
        f"Twenty bars from 0 to {rate[first]:.1f}; the highest are paragraph {first} with "
        f"{rate[first]:.1f} and paragraph {second} with {rate[second]:.1f} listed words per 100 words, "
        f"and paragraphs {listed(none)} have none.",
        f"Look at the words of paragraph {first} before you judge it. It is short ({words[first]} words), "
        f"and {labels} of its {here['count'].sum()} listed words are labels",
        f"*Crippling* in paragraph {first} takes a side",
        f"*Regime* stands {regime['count'].sum()} times, only in paragraphs "
        f"{listed(regime['paragraph'])}. *Government* stands {government['count'].sum()} times, once in "
        f"each of {len(government)} paragraphs.",
    ]


def phrases_of_the_outlets(
    renderings: pd.DataFrame, statements: pd.DataFrame, sources: pd.DataFrame
) -> list[str]:
    """Lesson 1, section 8."""
    by_outlet = renderings[renderings["statement_id"] == "S08"].set_index("outlet")
    assert list(by_outlet["key_words"]) == ["reform", "reform", "correct"]
    assert [("no name" in text) for text in by_outlet["difference"]] == [False, True, True]
    assert "IRGC" in by_outlet.loc["WSWS", "difference"]
    assert statements.loc["S08", "article_date"] == "late last month"
    assert {statements.loc[s, "speaker"] for s in ("S06", "S08")} == {"Hassan Firouzabadi"}
    printed = pd.Timestamp(by_outlet.loc["AFP", "date"])
    assert (printed - pd.Timestamp(statements.loc["S08", "date"])).days == 1, "one day after"
    tasnim = renderings[(renderings["statement_id"] == "S06") & (renderings["outlet"] == "Tasnim")]
    assert list(tasnim["military_only"]) == [1]
    kind = sources["standpoint"].str.split(":").str[0]
    agencies = sources["standpoint"].str.startswith("news agency")
    political = sources["standpoint"].str.startswith("political website")
    assert kind.value_counts().idxmax() == "news agency", "the largest group"
    return [
        f"On {pd.Timestamp(statements.loc['S08', 'date']):%-d %B %Y} Firouzabadi warned",
        f"On {pd.Timestamp(statements.loc['S06', 'date']):%-d %B %Y} Firouzabadi ruled out cooperation",
        f"printed {printed:%-d %B}, one day after the words",
        f"We check the article with {len(sources)} sources.",
        f"News agencies are the largest group: {agencies.sum()} of {len(sources)}. "
        f"Political websites of any line are {political.sum()}.",
    ]


def panel_tells_the_truth(
    panel: interactive, names: dict[str, Any], data: Path, said: Callable[[], str]
) -> None:
    """Every paragraph with every kind: the claims that are printed, and the bars that are drawn."""
    claims = pd.read_csv(data / "claims.csv")
    choices = {control._kwarg: control_options(control) for control in panel.kwargs_widgets}
    assert choices["paragraph"] == list(range(1, 21))
    assert choices["kind"] == ["all kinds", *KINDS]
    drawn: list[tuple[str, dict[str, float]]] = []
    shown, plt.show = plt.show, lambda: drawn.append(bars_of(plt.gca()))
    try:
        for paragraph, kind in itertools.product(*choices.values()):
            said()
            names["show_paragraph"](paragraph=paragraph, kind=kind)
            plt.close("all")
            here = claims[(claims["paragraph"] == paragraph) & claims["type"].isin([kind, *_all(kind)])]
            voices = [voice_of(attribution) for attribution in here["attribution"]]
            lines = [
                f"{row.claim_id}  [{voice}, {row.type}]  {row.claim}"
                for row, voice in zip(here.itertuples(), voices, strict=True)
            ]
            assert said().splitlines() == lines
            title, bars = drawn.pop()
            assert title == f"Paragraph {paragraph}, {kind}: {len(here)} of {len(claims)} claims"
            assert bars == {voice: voices.count(voice) for voice in VOICES}
    finally:
        plt.show = shown


def _all(kind: str) -> list[str]:
    return KINDS if kind == "all kinds" else []


def bars_of(axes: Any) -> tuple[str, dict[str, float]]:
    """The title of a chart, and the length of each flat bar by its name."""
    (bars,) = axes.containers
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert all(bar.get_width() <= axes.get_xlim()[1] for bar in bars), "a bar runs out of the chart"
    return axes.get_title(), {name: bar.get_width() for name, bar in zip(names, bars, strict=True)}


def control_options(control: Any) -> list[Any]:
    """All values that a slider or a list can take."""
    if hasattr(control, "min"):
        return list(range(control.min, control.max + 1, control.step))
    return list(control.options)
