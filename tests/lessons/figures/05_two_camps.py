"""The figures of lesson 05, computed from `data/`, in the phrases in which the lesson says them."""

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import matplotlib.pyplot as plt
import pandas as pd
from ipywidgets import interactive
from matplotlib.colors import to_hex

NOT_DATA = {
    "41": "the wrong answer that counts some actors twice: 21 + 20, checked below",
}


def day(date: str) -> str:
    """A date of a table in the words of a lesson: 2014-06-08 is 8 June 2014."""
    moment = pd.Timestamp(date)
    return f"{moment.day} {moment:%B %Y}"


def month(date: str) -> str:
    return f"{pd.Timestamp(date):%B %Y}"


def phrases(data: Path) -> list[str]:
    relations = pd.read_csv(data / "relations.csv", index_col="relation_id")
    actors = pd.read_csv(data / "actors.csv", index_col="actor_id")
    camps = pd.read_csv(data / "camps.csv", index_col="actor_id")
    return [
        *phrases_of_the_relations(relations, actors),
        *phrases_of_the_centre(relations, actors),
        *phrases_of_the_picture(relations, actors),
        *phrases_of_the_fit(relations, actors, camps),
        *phrases_of_the_agreement(camps, pd.read_csv(data / "families.csv", index_col="family_id")),
        *phrases_of_the_evidence(relations, actors, camps),
        *phrases_of_the_balance(relations, actors, pd.read_csv(data / "events.csv", index_col="event_id")),
        *phrases_of_the_lists(data),
        *phrases_of_the_firms(data),
    ]


def phrases_of_the_relations(relations: pd.DataFrame, actors: pd.DataFrame) -> list[str]:
    """Lesson 5, section 1."""
    sign, voice, sure = (Counter(relations[c]) for c in ("sign", "voice", "confidence"))
    example = relations.iloc[56]
    claims = {"P03": {3}, "O09": {4}}
    for actor, where in claims.items():
        assert where <= set(relations[relations["from_id"] == actor]["paragraph"]), "paragraphs 3 and 4"
    assert example["from_name"] == "Firouzabadi"
    assert example["type"] == "threatens"
    assert actors.loc["P05", "since_precision"] == "year"
    assert set(relations["coder"]) == {"C1"}, "one person coded all rows"
    assert set(voice) == {"author", "attributed", "reported"}
    return [
        "In paragraphs 3 and 4 the article sets two sides against each other.",
        f"Hassan Rouhani, President of Iran since {month(actors.loc['P03', 'office_since'])}, and his aides",
        f"Chief of Staff of Iran's Armed Forces since {actors.loc['P05', 'office_since'][:4]}. "
        f"In paragraph {example['paragraph']} he threatens",
        f"{example['sign']}: he acts against them.",
        "| 1: supports, helps or works with; -1: acts against, or withdraws; 0: a procedure",
        "The first row has place 0.",
        f"Of {len(relations)} relations {sign[1]} have the sign 1, {sign[-1]} have -1, and {sign[0]} have 0. "
        f"The article gives {voice['author']} in its own voice, a share of "
        f"{voice['author'] / len(relations):.2f}; it attributes {voice['attributed']} to speakers, and "
        f"{voice['reported']} are reported.",
        f"{sure['high']} relations are `high`, {sure['medium']} are `medium` and {sure['low']} are `low`.",
    ]


def phrases_of_the_centre(relations: pd.DataFrame, actors: pd.DataFrame) -> list[str]:
    """Lesson 5, section 2."""
    sent, received = Counter(relations["from_name"]), Counter(relations["to_name"])
    degree = sent + received
    everybody = set(sent) | set(received)
    assert len(sent) + len(received) == 41
    assert len(everybody) == len(set(relations["from_id"]) | set(relations["to_id"]))
    assert [name for name, _ in degree.most_common(4)] == ["United States", "Iran", "Rouhani", "ISIS"]
    assert (sent["Assad"], received["Firouzabadi"]) == (0, 0), "only acted on, only acts"
    there, back = (between(relations, *pair) for pair in (("S03", "S01"), ("S01", "S03")))
    return [
        f"There are {len(sent)} different actors in `from_name` and {len(received)} in `to_name`. How many "
        f"different actors does the web have: {len(sent)}, {len(everybody)} or 41?",
        f"It has {len(everybody)}. With 41 you count {len(set(sent) & set(received))} actors twice",
        f"{len(everybody)} ids and {len(everybody)} names",
        f"the United States has {sent['United States']} and {received['United States']}, Iran "
        f"{sent['Iran']} and {received['Iran']}, Rouhani {sent['Rouhani']} and {received['Rouhani']}, ISIS "
        f"{sent['ISIS']} and {received['ISIS']};",
        f"The United States has {degree['United States']} relations, Iran {degree['Iran']} and Rouhani "
        f"{degree['Rouhani']}.",
        f"Bashar al-Assad has been President of Syria since {month(actors.loc['P06', 'office_since'])}, "
        f"Nouri al-Maliki Prime Minister of Iraq since {month(actors.loc['P02', 'office_since'])}.",
        f"From the US to Iran: {len(there)} relations, sum {there.sum()}. From Iran to the US: "
        f"{len(back)} relations, sum {back.sum()}.",
        f"If you add both directions you get {there.sum() + back.sum()},",
    ]


def between(relations: pd.DataFrame, source: str, target: str) -> pd.Series:
    """The signs of all relations from one id to another."""
    return relations[(relations["from_id"] == source) & (relations["to_id"] == target)]["sign"]


def phrases_of_the_picture(relations: pd.DataFrame, actors: pd.DataFrame) -> list[str]:
    """Lesson 5, section 3."""
    ids = Counter(relations["from_id"]) + Counter(relations["to_id"])
    names = set(relations["from_name"]) | set(relations["to_name"])
    best = [actor for actor, count in ids.items() if count >= 3]
    alone = {actor for actor, count in ids.items() if count == 1}
    in_camp = [actor for actor in best if actors.loc[actor, "article_camp"] != "outside"]
    assert sorted(in_camp) == ["P03", "P05"], "Rouhani and Firouzabadi"
    assert {"P04", "P09", "P10"} <= alone, "Shamkhani, Khamenei and Nahavandian"
    assert set(ids) <= set(actors.index), "by id all find a partner"
    assert {actors.loc[actor, "kind"] for actor in best} == {"person", "organisation", "state"}
    assert len(best) == 13, "in words, in the figure in words"
    return [
        f"how many of the {len(ids)} actors find a partner",
        f"Only {len(names & set(actors['name']))}. In `relations` it is *Rouhani*, in `actors` it is "
        f"*{actors.loc['P03', 'name']}*. By id all {len(ids)} find a partner.",
        f"Yet {len(best) - len(in_camp)} of the {len(best)} best-connected actors stand outside",
        f"There are {sum(count >= 2 for count in ids.values())}. So {len(alone)} of the {len(ids)} actors "
        "have only one relation.",
    ]


def fitting(relations: pd.DataFrame, code: "pd.Series[str]") -> tuple[int, int]:
    """How many relations between two coded actors fit the rule of the lesson, and how many there are."""
    rows = [
        (code[source] == code[target]) == (sign == 1)
        for source, target, sign in zip(
            relations["from_id"], relations["to_id"], relations["sign"], strict=True
        )
        if source in code.index and target in code.index
    ]
    return sum(rows), len(rows)


def phrases_of_the_fit(relations: pd.DataFrame, actors: pd.DataFrame, camps: pd.DataFrame) -> list[str]:
    """Lesson 5, section 4."""
    camp = camps["article_camp"]
    assert camp.equals(actors.loc[camps.index, "article_camp"]), "the two tables say the same"
    assert len(camps) == 10, "'ten' in words"
    fit, joined = fitting(relations, camp)
    coded = relations[relations["from_id"].isin(camps.index) & relations["to_id"].isin(camps.index)]
    others = [i for i in coded.index if fitting(relations.loc[[i]], camp) == (0, 1)]
    assert others == ["R57", "R58"]
    assert set(relations.loc[others, "from_name"]) == {"Firouzabadi"}
    assert set(relations.loc[others, "paragraph"]) == {15}
    assert not {"P04", "P07", "P10"} & (set(coded["from_id"]) | set(coded["to_id"])), "none for three"
    assert relations.loc["R62", ["from_id", "to_id", "sign"]].tolist() == ["P03", "S03", -1]
    assert relations.loc["R15", ["from_id", "paragraph"]].tolist() == ["P05", 6]
    to_us = relations[relations["to_id"] == "S03"].groupby("from_id")["sign"].sum()
    for actor, total in to_us.items():
        if actor in camps.index and total != 0:
            assert camp[actor] == ("engage" if total > 0 else "oppose"), "only engage sends solid arrows"
    assert to_us["P10"] == 0, "Nahavandian's arrow is dotted"
    both = relations.groupby("from_name")["sign"].agg(["min", "max"])
    mixed = sorted(both.index[(both["min"] == -1) & (both["max"] == 1)])
    assert mixed == ["Firouzabadi", "ISIS", "Rouhani", "United States"], "'four' in words"
    return [
        *(f"| {row['actor']} | " for _, row in camps.iterrows()),
        *(f" | {row['article_camp']} |\n" for _, row in camps.iterrows()),
        f"Only {joined} of the {len(relations)} relations join two of the ten actors. How many of the "
        f"{joined} fit the rule?",
        f"{fit} of {joined}.",
        f"**For two camps:** {fit} of {joined} relations fit.",
        f"{others[0]} and {others[1]} do not fit",
        "(paragraph 6), supports Rouhani, and threatens media of his own camp (paragraph 15).",
        "R62, one of Rouhani's relations to the US, is a retreat.",
        f"{(coded['to_id'] == 'P03').sum()} of the {joined} relations lead to Rouhani.",
        "a relation inside a camp has the sign 1, and a relation between the camps has the sign -1.",
        "send both signs, 1 and -1?",
    ]


def phrases_of_the_agreement(camps: pd.DataFrame, families: pd.DataFrame) -> list[str]:
    """Lesson 5, section 5."""
    article, scholars = camps["article_camp"].tolist(), camps["scholar_camp"].tolist()
    ranges = [set(codes.split(";")) for codes in camps["scholar_range"]]
    number = len(camps)
    same = [a == s for a, s in zip(article, scholars, strict=True)]
    agreement = sum(same) / number
    shares = [{code: codes.count(code) / number for code in codes} for codes in (article, scholars)]
    chance = sum(shares[0].get(code, 0) * shares[1].get(code, 0) for code in {*article, *scholars})
    apart = [s for a, s in zip(article, scholars, strict=True) if a != s]
    inside = [a in codes for a, codes in zip(article, ranges, strict=True)]
    only = [codes == {a} for a, codes in zip(article, ranges, strict=True)]
    agreeing = camps["actor"][same].tolist()
    assert set(apart) == {"swing"}
    assert len(apart) == 6, "'six' in words"
    assert agreeing == ["Rouhani", "Aboutalebi", "Principlist MPs", "IRGC-linked media"]
    assert all(inside), "in all ten rows"
    assert all(codes <= {"engage", "oppose", "swing"} for codes in ranges)
    assert ranges[camps.index.get_loc("P09")] == {"engage", "swing", "oppose"}, "the bar of Khamenei"
    assert len(families) == 8, "'eight' in words"
    no_place = families["article_place"].str.contains("not mentioned|merged|inside")
    assert list(families.index[no_place]) == ["F1", "F3", "F5", "F8"]
    assert families.loc["F3", "nuclear_talks"].startswith("tolerant to supportive")
    assert "Larijani" in families.loc["F3", "us_cooperation"]
    moved = (sum(same) + 1) / number
    return [
        f"{sum(same)}: Rouhani, Aboutalebi, the Principlist MPs and the media.",
        "and F1, F3, F5 and F8 have no place of their own in it.",
        "The traditional conservatives (F3) tolerated",
        f"Is {agreement} much?",
        f"The article uses `engage` for {shares[0]['engage']} of the actors, our reading for "
        f"{shares[1]['engage']}; by chance both use it for {shares[0]['engage']} times "
        f"{shares[1]['engage']} = {shares[0]['engage'] * shares[1]['engage']:.2f}.",
        "It is 1 if the two agree on everything, and 0 if they agree as often as by chance.",
        f"The agreement is {agreement} and chance alone gives {chance:.1f}, so kappa is "
        f"{(agreement - chance) / (1 - chance):.2f}:",
        f"one changed code moves the agreement by {1 / number}.",
        f"can reach an agreement of {sum(inside) / number}.",
        f"wherever the range allows it, gets {sum(only) / number}. So our {agreement} is",
        f"{moved}. You have just become a second coder",
        "Speaker of the Majles since May 2008",
    ]


def phrases_of_the_evidence(relations: pd.DataFrame, actors: pd.DataFrame, camps: pd.DataFrame) -> list[str]:
    """Lesson 5, section 6."""
    weak = relations["note"].fillna("").str.contains("contested|outdated")
    us, iran = ((relations["from_id"] == actor) for actor in ("S03", "S01"))
    sign = relations["sign"]
    arms = relations[weak & (relations["type"] == "arms and funds")]
    assert len(arms) == 5, "'five' in words"
    assert set(arms["paragraph"]) == {7}
    assert set(arms["voice"]) == {"author"}
    assert sign[iran].sum() == sign[iran & ~weak].sum(), "for Iran the sum is robust"
    assert relations[weak & (relations["type"] != "arms and funds")]["from_name"].tolist() == ["ISIS"]
    assert "February 2014" in actors.loc["O01", "note"]
    assert "not established" in actors.loc["S04", "note"]
    assert [actors.loc[s, "note"][:6].lower() for s in ("S05", "S06")] == ["as s04", "as s04"]
    sure, said = relations["confidence"] == "high", relations["voice"] == "attributed"
    codings = [camps[c] for c in ("article_camp", "scholar_camp", "family_id")]
    rows = {
        "all": relations,
        "only high confidence": relations[sure],
        "attributed": relations[said],
    }
    cells = {
        name: " | ".join("{} of {}".format(*fitting(chosen, code)) for code in codings)
        for name, chosen in rows.items()
    }
    return [
        f"{weak.sum()} of {len(relations)} relations are marked.",
        f"For the US, from {sign[us].sum()} to {sign[us & ~weak].sum()}. For Iran nothing changes: "
        f"{sign[iran].sum()} before and {sign[iran & ~weak].sum()} after.",
        "They stand in paragraph 7, in the article's own voice.",
        "to arm a group counts as 1.",
        *(f"| {name} | {cell} |" for name, cell in cells.items()),
    ]


def net_signs(relations: pd.DataFrame) -> dict[frozenset[str], int]:
    """The sign of the sum of both directions, by pair of names."""
    sums: Counter[frozenset[str]] = Counter()
    for one, other, sign in zip(relations["from_name"], relations["to_name"], relations["sign"], strict=True):
        sums[frozenset((one, other))] += sign
    return {pair: (total > 0) - (total < 0) for pair, total in sums.items()}


def triangles(relations: pd.DataFrame) -> dict[frozenset[str], int]:
    """The product of the three signs of each triangle."""
    signs = net_signs(relations)
    names = set().union(*signs)
    found = {}
    for pair in signs:
        for third in names - pair:
            sides = [frozenset((name, third)) for name in pair]
            if all(side in signs for side in sides):
                found[pair | {third}] = signs[pair] * signs[sides[0]] * signs[sides[1]]
    return found


def phrases_of_the_balance(relations: pd.DataFrame, actors: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """Lesson 5, section 7."""
    weak = relations["note"].fillna("").str.contains("contested|outdated")
    whole, firm = triangles(relations), triangles(relations[~weak])
    count, left = Counter(whole.values()), Counter(firm.values())
    signs = net_signs(relations)
    tense = {", ".join(sorted(trio)) for trio, product in whole.items() if product < 0}
    assert tense == {
        "Firouzabadi, Rouhani, United States",
        "ISIS, Rouhani, United States",
        "Iran, Karzai, United States",
    }
    assert [signs[frozenset(p)] for p in (("Assad", "Iran"), ("Assad", "United States"))] == [1, -1]
    assert signs[frozenset(("Iran", "United States"))] == -1
    assert signs[frozenset(("Rouhani", "Assad"))] == 0
    assert between(relations, "S03", "O03").empty, "no relation from the US to Iraq's government"
    assert between(relations, "S03", "O04").empty
    assert signs[frozenset(("Iran", "Government of Iraq"))] == 1
    assert "advisers" in events.loc["T67", "event"]
    assert events.loc["T67", "actor"] == "Obama"
    assert 2 * len(firm) == len(whole), "half of the triangles"
    return [
        f"Of {len(whole)} triangles {count[1]} are balanced, {count[-1]} are not, and {count[0]} has the "
        "product 0",
        *(f"**{trio}.**" for trio in tense),
        f"Hamid Karzai, President of Afghanistan since {month(actors.loc['P08', 'office_since'])}:",
        f"On {day(events.loc['T67', 'date'])[:-5]} Barack Obama, President of the United States since "
        f"{month(actors.loc['P18', 'office_since'])}, announced up to 300 military advisers",
        "The product is -1.",
        f"{len(firm)} triangles: {left[1]} balanced, {left[-1]} not, and {left[0]} with product 0. Six "
        f"relations of {len(relations)} carried half of the triangles, and the share of balanced ones falls "
        f"from {count[1] / len(whole):.2f} to {left[1] / len(firm):.2f}.",
        f"But with {len(firm)} triangles one more or less changes much.",
        "`combinations(names, 3)` gives every choice of three names.",
    ]


FRONTS = ["United Front", "Stability Front", "Resistance Front"]


def phrases_of_the_lists(data: Path) -> list[str]:
    """Lesson 5, section 8: the Majles."""
    lists = pd.read_csv(data / "majles_lists.csv")
    counts = pd.read_csv(data / "majles_counts.csv")
    events = pd.read_csv(data / "events.csv", index_col="event_id")
    sets = [set(text.split(";")) if isinstance(text, str) else set() for text in lists["lists"]]
    members = lists["members"].tolist()

    def seats(keep: Callable[[set[str]], bool]) -> int:
        return sum(number for names, number in zip(sets, members, strict=True) if keep(names))

    united, alone = seats(lambda s: "United Front" in s), seats(lambda s: s == {"United Front"})
    with_stability = seats(lambda s: s == {"United Front", "Stability Front"})
    with_resistance = seats(lambda s: s == {"United Front", "Resistance Front"})
    principlist = seats(lambda s: bool(s & set(FRONTS)))
    resistance = seats(lambda s: "Resistance Front" in s)
    published = counts[counts["list"] == "United Front"].set_index("publisher")["seats"]
    small = [n for s, n in zip(sets, members, strict=True) if "United Front" in s and not s <= set(FRONTS)]
    signed = int(events.loc["T49", "event"].split()[0])
    assert sorted(small) == [1, 1, 1, 1, 2, 2], "six more combinations, one or two members each"
    assert all(
        s & {"Reformist", "Voice of the Nation"} for s in sets if s and not s <= {*FRONTS, "Independent"}
    )
    assert seats(lambda s: "United Front" in s and "Reformist" in s) > 0, "some on a Reformist one"
    assert published["EveryPolitician and ASL19"] == united
    assert events.loc["T48", "date"] == events.loc["T49", "date"], "the day of Rouhani's message"
    values = sorted(published, reverse=True)
    return [
        "Paragraph 14 says that they put pressure on Rouhani over Syria.",
        f"{united} of {sum(members)} members of the Majles were on the United Front's list. How many of the "
        f"{united} were on this list alone?",
        f"Only {alone}. The other {united - alone} were on at least one more list.",
        f"{with_stability} members of the United Front were also on the list of the Stability Front, {alone} "
        f"on no other list, {with_resistance} also on that of the Resistance Front, "
        f"{seats(lambda s: s == set(FRONTS))} on all three;",
        f"One list, four publishers, and {values[0]}, {values[1]}, {values[2]} or {values[3]} seats:",
        f"By our data {principlist} members were on at least one Principlist list. On "
        f"{day(events.loc['T49', 'date'])}, the day of Rouhani's message to Assad, {signed} members sent",
        f"Even if all {principlist} signed, at least {signed - principlist} who signed were on no",
        f"The Resistance Front has {resistance} members in this source, and "
        f"{seats(lambda s: s == {'Resistance Front'})} of them were on its list alone.",
        "Two lists have one `;` between them, so add 1.",
    ]


def phrases_of_the_firms(data: Path) -> list[str]:
    """Lesson 5, section 8: the firms."""
    firms = pd.read_csv(data / "guards_firms.csv")
    targets = pd.read_csv(data / "designations.csv").set_index(["regime", "kind"])["targets"]
    claims = pd.read_csv(data / "claims.csv", index_col="claim_id")
    doubtful = firms[firms["confidence"] == "low"]
    assert (firms["kind"] == "military unit").sum() == 4, "'four' in words"
    assert doubtful["kind"].tolist() == ["bank", "bank"], "'two banks' in words"
    assert all("name" in note for note in doubtful["note"])
    assert claims.loc["C56", "paragraph"] == 16
    assert {"Harris", "Wehrey"} <= set(claims.loc["C56", "finding"].replace(",", " ").split())
    return [
        f"paragraph {claims.loc['C56', 'paragraph']} speaks of businesses",
        f"{len(firms)} of {targets[('nuclear', 'entity')].sum()} entities that are listed over",
        f"We coded this claim (C56) as `{claims.loc['C56', 'verdict']}`.",
    ]


def panel_tells_the_truth(
    panel: interactive, names: dict[str, Any], data: Path, said: Callable[[], str]
) -> None:
    """Every option of the control panel gives what the data give, in print and in the picture."""
    relations = pd.read_csv(data / "relations.csv")
    codes = {coding: codes_by_name(data, relations, column) for coding, column in COLUMNS.items()}
    choices = {control._kwarg: list(control.options) for control in panel.kwargs_widgets}
    assert set(choices["voice"]) == set(VOICES)
    assert set(choices["evidence"]) == {"all relations", "no contested or outdated", "only high confidence"}
    assert set(choices["coding"]) == set(COLUMNS)
    assert set(choices["view"]) == {"Iran's debate", "Best connected"}
    for values in itertools.product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        kept = relations[[is_kept(row, chosen["voice"], chosen["evidence"]) for row in rows_of(relations)]]
        code = codes[chosen["coding"]]
        shown = names_shown(data, relations, chosen["view"])
        said()
        with patch.object(plt, "show", lambda: None):
            names["show_web"](**chosen)
        drawn = read_picture(plt.gcf().axes[0])
        plt.close("all")
        assert said().splitlines() == expected_print(kept, code)
        assert drawn["letters"] == {name: LETTERS.get(code[name], code[name]) for name in shown}
        assert drawn["arrows"] == expected_arrows(kept, shown)


VOICES = {
    "all voices": {"author", "attributed", "reported"},
    "the article's own": {"author"},
    "attributed": {"attributed"},
}
COLUMNS = {"the article's camps": "article_camp", "our reading": "scholar_camp", "families": "family_id"}
LETTERS = {"engage": "E", "oppose": "O", "swing": "S", "outside": ""}
LINES = {1: ("#006ba4", "-"), -1: ("#c85200", "--"), 0: ("#666666", ":")}


def rows_of(relations: pd.DataFrame) -> list[dict[str, Any]]:
    return relations.fillna({"note": ""}).to_dict("records")


def is_kept(row: dict[str, Any], voice: str, evidence: str) -> bool:
    if row["voice"] not in VOICES[voice]:
        return False
    if evidence == "only high confidence":
        return row["confidence"] == "high"
    marked = "contested" in row["note"] or "outdated" in row["note"]
    return not (evidence == "no contested or outdated" and marked)


def ids_by_name(relations: pd.DataFrame) -> dict[str, str]:
    ends = [*zip(relations["from_name"], relations["from_id"], strict=True)]
    return dict([*ends, *zip(relations["to_name"], relations["to_id"], strict=True)])


def codes_by_name(data: Path, relations: pd.DataFrame, column: str) -> dict[str, str]:
    """The code of each actor of the web; the article's camps are known for all, the others for ten."""
    table = pd.read_csv(data / ("actors.csv" if column == "article_camp" else "camps.csv"))
    known = dict(zip(table["actor_id"], table[column], strict=True))
    return {name: known.get(actor, "outside") for name, actor in ids_by_name(relations).items()}


def names_shown(data: Path, relations: pd.DataFrame, view: str) -> set[str]:
    if view == "Best connected":
        degree = Counter(relations["from_name"]) + Counter(relations["to_name"])
        return {name for name, count in degree.items() if count >= 3}
    coded = set(pd.read_csv(data / "camps.csv")["actor_id"])
    return {name for name, actor in ids_by_name(relations).items() if actor in coded} | {"United States"}


def expected_print(kept: pd.DataFrame, code: dict[str, str]) -> list[str]:
    rows = list(zip(kept["from_name"], kept["to_name"], kept["sign"], strict=True))
    sums = {actor: sum(s for f, _, s in rows if f == actor) for actor in ("United States", "Iran")}
    coded = [(f, t, s) for f, t, s in rows if code[f] != "outside" and code[t] != "outside"]
    fits = [(code[f] == code[t]) == (s == 1) for f, t, s in coded]
    actors = {name for f, t, _ in rows for name in (f, t)}
    return [
        f"Whole web: {len(rows)} relations, {len(actors)} actors",
        f"Sum of signs sent: United States {sums['United States']}, Iran {sums['Iran']}",
        f"Relations between coded actors: {len(coded)}, of which {sum(fits)} fit the coding",
    ]


def expected_arrows(kept: pd.DataFrame, shown: set[str]) -> dict[tuple[str, str], tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for start, end, sign in zip(kept["from_name"], kept["to_name"], kept["sign"], strict=True):
        if {start, end} <= shown:
            sums[start, end] += sign
    return {pair: LINES[(total > 0) - (total < 0)] for pair, total in sums.items()}


def read_picture(axes: plt.Axes) -> dict[str, dict[Any, Any]]:
    """What a reader sees: the letter of each named mark, and colour and line of each arrow."""
    texts = [text for text in axes.texts if getattr(text, "arrow_patch", None) is None]
    marks = {tuple(line.get_xydata()[0].round(6)) for line in axes.lines}
    letters = {at(text): text.get_text() for text in texts if at(text) in marks}
    named = {nearest(text, marks): text.get_text() for text in texts if at(text) not in marks}
    assert set(letters) == set(named) == marks, "each mark has its letter and its name"
    arrows = {}
    for arrow in (text for text in axes.texts if getattr(text, "arrow_patch", None) is not None):
        start, end = (tuple(round(float(v), 6) for v in place) for place in (arrow.xyann, arrow.xy))
        look = (to_hex(arrow.arrow_patch.get_edgecolor()), arrow.arrow_patch.get_linestyle())
        arrows[named[start], named[end]] = look
    return {"letters": {named[place]: letter for place, letter in letters.items()}, "arrows": arrows}


def at(text: Any) -> tuple[float, float]:
    x, y = text.get_position()
    return round(float(x), 6), round(float(y), 6)


def nearest(text: Any, marks: set[tuple[float, float]]) -> tuple[float, float]:
    x, y = text.get_position()
    return min(marks, key=lambda mark: (mark[0] - x) ** 2 + (mark[1] - y) ** 2)
