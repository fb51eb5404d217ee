"""The lessons' numbers, computed from the tables with the steps that students use."""

from collections.abc import Callable

import pandas as pd
import pytest

Loader = Callable[[str], pd.DataFrame]
UNTESTABLE = ["not_testable", "unverified"]


def article_statements(load: Loader) -> pd.DataFrame:
    statements = load("statements")
    return statements[statements["in_article"] == 1]


def dates(load: Loader) -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(load("events").set_index("event_id")["date"])


# Lesson 1 -----------------------------------------------------------------------------------------


def test_claims_by_type_and_voice(load: Loader) -> None:
    claims = load("claims")
    assert claims["type"].value_counts().to_dict() == {
        "author_interpretation": 24,
        "reported_event": 23,
        "attributed_statement": 14,
        "historical_claim": 10,
        "forecast": 4,
    }
    assert len(claims) == 75
    assert (claims["attribution"] == "author").sum() == 57
    assert (claims["attribution"] == "author").mean() == 0.76


def test_busiest_paragraph(load: Loader) -> None:
    by_paragraph = load("claims").groupby("paragraph").size()
    assert (by_paragraph.idxmax(), by_paragraph.max()) == (11, 8)


def test_loaded_share_by_type(load: Loader) -> None:
    share = load("claims").groupby("type")["loaded"].mean().round(3)
    assert share.to_dict() == {
        "attributed_statement": 0.0,
        "author_interpretation": 0.333,
        "forecast": 0.5,
        "historical_claim": 0.7,
        "reported_event": 0.13,
    }


def test_checkable_but_not_supported(load: Loader) -> None:
    claims = load("claims")
    checkable, supported = claims["verifiability"] == "high", claims["verdict"] == "supported"
    assert (checkable & ~supported).sum() == 11
    assert (checkable | ~supported).sum() == 68


def test_terms_by_category(load: Loader) -> None:
    by_category = load("terms").groupby("category")["count"].sum()
    assert by_category.to_dict() == {
        "label": 29,
        "evaluation": 8,
        "theory": 6,
        "metaphor": 4,
        "hedge": 2,
        "booster": 2,
    }


def test_densest_paragraph(load: Loader) -> None:
    terms = load("terms")
    dense = terms[terms["category"].isin(["theory", "evaluation"])]
    words = load("paragraphs").set_index("paragraph")["words"]
    share = (dense.groupby("paragraph")["count"].sum() / words * 100).round(2)
    assert (share.idxmax(), share.max(), share[19]) == (16, 7.58, 7.14)


# Lesson 2 -----------------------------------------------------------------------------------------


def test_statements_without_a_date(load: Loader) -> None:
    statements = load("statements").set_index("statement_id")
    when = pd.to_datetime(statements["date"])
    assert when.index[when.isna()].tolist() == ["S09", "S12"]
    assert when["S03"].day_name() == "Sunday"
    assert statements.loc["S03", "article_date"] == "Monday"


def test_mean_stance_by_group(load: Loader) -> None:
    means = article_statements(load).groupby("group")["stance"].mean().round(3)
    assert (means["presidency"], means["security"]) == (0.667, -1.75)
    assert pd.isna(means["leader"])
    filled = article_statements(load).fillna({"stance": 0}).groupby("group")["stance"].mean()
    assert (filled["security"], filled["leader"]) == (-1.4, 0.0)


def test_statements_without_a_stance(load: Loader) -> None:
    assert article_statements(load)["stance"].isna().sum() == 3


def test_width_of_ranges(load: Loader) -> None:
    statements = article_statements(load).set_index("statement_id")
    width = statements["stance_high"] - statements["stance_low"]
    assert round(width.mean(), 3) == 1.091
    assert width.index[width == width.max()].tolist() == ["S11", "S14"]
    bounds = statements.groupby("group")[["stance_low", "stance_high"]].mean().round(2)
    assert bounds.loc["presidency"].tolist() == [-0.17, 1.17]
    assert bounds.loc["security"].tolist() == [-2.0, -1.25]


def test_days_to_the_message(load: Loader) -> None:
    day = dates(load)
    assert ((day["T48"] - day["T45"]).days, (day["T48"] - day["T46"]).days) == (5, 4)


def test_core_events(load: Loader) -> None:
    core = dates(load).between("2014-06-10", "2014-06-18")
    explicit = (load("events").set_index("event_id")["in_article"] == "explicit") & core
    assert (core.sum(), explicit.sum()) == (15, 10)


def test_change_of_stance(load: Loader) -> None:
    statements = load("statements")
    own = statements[statements["speaker"] == "Hamid Aboutalebi"].sort_values("date")["stance"]
    assert own.iloc[-1] - own.iloc[0] == -3.0


def test_same_government(load: Loader) -> None:
    stance = load("statements").set_index("group")["stance"]
    outside = load("statements").query("in_article == 0").groupby("group")["stance"].mean()
    assert outside["foreign_ministry"] == -0.75
    both = stance[["presidency", "foreign_ministry"]]
    assert (both.mean(), both.count()) == (0.0, 11)
    assert round(stance["presidency"].mean(), 3) == 0.429


# Lesson 3 -----------------------------------------------------------------------------------------

BY_BASE = {
    "eia": [-56.4, -55.0, -51.4, -52.1, -53.3, -25.3],
    "opec": [-50.7, -50.0, -45.5, -45.9, -52.1, -42.2],
}


@pytest.mark.parametrize("series", ["eia", "opec"])
def test_change_by_base_year(load: Loader, series: str) -> None:
    exports = load("oil_exports").set_index("year")[series]
    changes = [round((exports[2013] / exports[base] - 1) * 100, 1) for base in range(2007, 2013)]
    assert changes == BY_BASE[series]


@pytest.mark.parametrize("series", ["eia", "opec"])
def test_halved_years(load: Loader, series: str) -> None:
    exports = load("oil_exports").set_index("year")[series]
    halved = exports[(exports <= exports[2011] / 2) & (exports.index > 2011)]
    assert halved.index.tolist() == [2013, 2014, 2015]


def test_worst_gap(load: Loader) -> None:
    exports = load("oil_exports").set_index("year")
    gap = (exports["eia"] - exports["opec"]).abs()
    assert (gap.idxmax(), round(gap.max(), 1)) == (2012, 646.7)


def test_oil_measures(load: Loader) -> None:
    sanctions = load("sanctions")
    about_oil = sanctions["types"].str.contains("oil")
    found = sanctions[about_oil & sanctions["adopted"].between("2010-01-01", "2013-12-31")]
    assert found["sender"].value_counts().to_dict() == {"US": 8, "EU": 6}
    assert (found["types"] == "oil").sum() == 2


def test_lag_between_adoption_and_effect(load: Loader) -> None:
    sanctions = load("sanctions").set_index("sanction_id")
    lag = (pd.to_datetime(sanctions["in_force"]) - pd.to_datetime(sanctions["adopted"])).dt.days
    assert sorted(lag.index[lag == 180]) == ["A15", "A20", "A22"]
    assert (lag.max(), lag["E07"], round(lag.mean(), 1)) == (180, 160, 16.7)
    assert lag.median() == 1.0  # Executive Order 12957 took effect on the day after it was signed


def test_share_of_china(load: Loader) -> None:
    wide = load("oil_destinations").pivot(index="year", columns="destination", values="exports")
    assert (wide["China"] / wide["Total"] * 100).round(1).tolist() == [20.9, 35.5, 48.3]
    assert (wide["China"] / wide.sum(axis=1) * 100).round(1).tolist() == [10.5, 17.7, 24.3]


def test_measures_eased_in_part(load: Loader) -> None:
    assert (load("sanctions")["eased_2014"] == "partly").sum() == 8


# Lesson 4 -----------------------------------------------------------------------------------------


def test_total_goods_trade(load: Loader) -> None:
    trade = load("trade")
    goods = trade[trade["measure"] == "goods"].pivot(index="year", columns="flow", values="value")
    total = goods["exports"] + goods["imports"]
    assert (round(total[2011], 3), round(total[2013], 3)) == (193.76, 137.336)
    assert round((total[2013] / total[2011] - 1) * 100, 1) == -29.1
    assert total.idxmin() == 2015
    unfiltered = trade.groupby("year")["value"].sum().round(1)
    assert (unfiltered[2011], unfiltered[2013]) == (560.5, 434.5)
    assert round(trade["value"].sum(), 2) == 3026.94


def test_goods_and_services(load: Loader) -> None:
    trade = load("trade")
    total = trade[trade["measure"] == "goods_services"].groupby("year")["value"].sum()
    assert round((total[2013] / total[2011] - 1) * 100, 1) == -6.7
    assert (total.idxmax(), round((total[2013] / total[2012] - 1) * 100, 1)) == (2012, -17.1)


def test_implied_earlier_value(load: Loader) -> None:
    table = load("eu_trade").set_index(["start", "flow"])
    imports = table.loc[("2013-01-01", "EU imports from Iran")]
    assert (imports["value"], imports["change"]) == (0.699, -88)
    assert round(imports["value"] / (1 + imports["change"] / 100), 3) == pytest.approx(5.825)


def test_customs_growth(load: Loader) -> None:
    turnover = load("customs").set_index("solar_year")["turnover"]
    assert round((turnover[1393] / turnover[1392] - 1) * 100, 1) == 11.6


def test_price_effect(load: Loader) -> None:
    trade = load("trade")
    value = trade[trade["measure"] == "petroleum"].set_index("year")["value"]
    volume = load("oil_exports").set_index("year")["opec"]
    ratio = (value[2013] / value[2011]) / (volume[2013] / volume[2011])
    assert round((ratio - 1) * 100, 1) == 12.7


# Lesson 5 -----------------------------------------------------------------------------------------


def test_nodes_and_degrees(load: Loader) -> None:
    relations = load("relations")
    assert len(relations) == 70
    assert pd.concat([relations["from_name"], relations["to_name"]]).nunique() == 30
    assert pd.concat([relations["from_id"], relations["to_id"]]).nunique() == 30
    out, into = relations["from_name"].value_counts(), relations["to_name"].value_counts()
    assert (out.idxmax(), out.max()) == ("United States", 19)
    assert (into.idxmax(), into.max()) == ("United States", 17)
    assert (relations["from_name"].nunique(), into.size) == (21, 20)


def test_signs(load: Loader) -> None:
    relations = load("relations")
    negative = (relations["sign"] == -1).groupby(relations["from_name"]).mean().round(3)
    assert (negative["United States"], negative["Iran"]) == (0.474, 0.0)
    pair = relations.groupby(["from_name", "to_name"])["sign"].agg(["sum", "count"])
    assert pair.loc[("United States", "Iran")].tolist() == [-4, 8]
    assert pair.loc[("Iran", "United States")].tolist() == [3, 4]


def test_voices(load: Loader) -> None:
    share = load("relations")["voice"].value_counts(normalize=True).round(3)
    assert share.to_dict() == {"author": 0.771, "attributed": 0.2, "reported": 0.029}


def test_robust_relations(load: Loader) -> None:
    relations = load("relations")
    weak = relations["note"].str.contains("contested|outdated", na=False)
    arms = relations["type"] == "arms and funds"
    assert ((~weak).sum(), arms.sum(), (arms & ~weak).sum()) == (64, 8, 3)
    assert (~relations["note"].str.contains("contested", na=False)).sum() == 65


def test_join_by_name_loses_rows_and_join_by_id_does_not(load: Loader) -> None:
    relations, camps = load("relations"), load("camps")
    by_name = relations.merge(camps, left_on="from_name", right_on="actor")
    assert len(by_name) == 19
    assert len(set(camps["actor"]) - set(relations["from_name"])) == 3
    assert set(camps["actor_id"]) <= set(relations["from_id"])


def test_agreement_of_the_codings(load: Loader) -> None:
    camps = load("camps")
    article, scholar = camps["article_camp"], camps["scholar_camp"]
    agreement = (article == scholar).mean()
    by_chance = sum(
        (article == camp).mean() * (scholar == camp).mean() for camp in ("engage", "oppose", "swing")
    )
    assert (agreement, round(by_chance, 2)) == (0.4, 0.2)
    assert round((agreement - by_chance) / (1 - by_chance), 3) == 0.25
    table = pd.crosstab(article, scholar)
    assert (table.loc["engage", "swing"], table.loc["oppose", "swing"]) == (2, 4)


# Lesson 6 -----------------------------------------------------------------------------------------


def test_forecasts(load: Loader) -> None:
    claims = load("claims")
    forecasts = claims.loc[claims["type"] == "forecast", "claim_id"]
    assert forecasts.tolist() == ["C68", "C73", "C74", "C75"]
    assert claims["claim"].str.contains("mplied").sum() == 3


def test_days_after_the_article(load: Loader) -> None:
    gap = (dates(load) - pd.Timestamp("2014-06-21")).dt.days
    assert gap[["T69", "T72", "T76", "T82", "T86"]].tolist() == [1, 28, 54, 388, 574]
    soon = (gap > 0) & (gap <= 90)
    after = load("events").set_index("event_id")["in_article"] == "context_after"
    assert (soon.sum(), (soon & after).sum()) == (9, 8)


def test_verdicts(load: Loader) -> None:
    claims = load("claims")
    assert claims["verdict"].value_counts().to_dict() == {
        "supported": 28,
        "partly": 23,
        "not_testable": 10,
        "contested": 9,
        "unverified": 3,
        "not_supported": 2,
    }
    testable = claims[~claims["verdict"].isin(UNTESTABLE)]
    supported = testable["verdict"] == "supported"
    assert (len(testable), round(supported.mean(), 3)) == (62, 0.452)
    assert supported.groupby(testable["type"]).mean().round(3).to_dict() == {
        "attributed_statement": 0.615,
        "author_interpretation": 0.267,
        "forecast": 0.333,
        "historical_claim": 0.2,
        "reported_event": 0.619,
    }


@pytest.mark.parametrize(("weight", "expected"), [(0, 0.452), (0.5, 0.637), (1, 0.823)])
def test_score(load: Loader, weight: float, expected: float) -> None:
    claims = load("claims")
    verdict = claims.loc[~claims["verdict"].isin(UNTESTABLE), "verdict"]
    score = ((verdict == "supported") + weight * (verdict == "partly")).mean()
    assert round(score, 3) == expected


def test_sources_of_the_checks(load: Loader) -> None:
    claims = load("claims")
    sources = claims["source_ids"].str.split(";").explode()
    counts = sources.value_counts()
    assert (sources.nunique(), claims["source_ids"].isna().sum()) == (60, 10)
    assert (counts["K"], counts["SRC17"], counts["SRC49"]) == (9, 4, 4)
    assert counts.drop(["K", "SRC17", "SRC49"]).max() < 4


def test_renderings_with_a_condition(load: Loader) -> None:
    renderings = load("renderings")
    of_one = renderings[renderings["statement_id"] == "S01"]["condition"]
    assert (of_one.mean(), of_one.size) == (0.5, 4)
    assert round(renderings["condition"].mean(), 3) == 0.538
