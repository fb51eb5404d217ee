"""Published totals and known facts, computed again from the tables."""

from collections.abc import Callable

import pandas as pd
import pytest

Loader = Callable[[str], pd.DataFrame]


def change(new: float, old: float) -> float:
    return round((new / old - 1) * 100, 1)


# Oil ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("series", "expected"), [("eia", -53.3), ("opec", -52.1)])
def test_oil_exports_fell_by_half(load: Loader, series: str, expected: float) -> None:
    exports = load("oil_exports").set_index("year")[series]
    assert change(exports[2013], exports[2011]) == expected


@pytest.mark.parametrize(
    ("publisher", "start", "end", "expected"),
    [
        ("SRC01", "2011-01-01", "2014-01-01", -46.2),  # EIA note of 24 June 2015: "nearly halved"
        ("SRC98", "2011-03-21", "2013-03-21", -20.0),  # Central Bank of Iran, fiscal years
    ],
)
def test_other_editions_fell_less(
    load: Loader, publisher: str, start: str, end: str, expected: float
) -> None:
    table = load("oil_estimates")
    by_start = table[table["source_id"] == publisher].set_index("start")["exports"]
    assert change(by_start[end], by_start[start]) == expected


def test_estimates_agree_with_the_series(load: Loader) -> None:
    exports = load("oil_exports").set_index("year")
    estimates = load("oil_estimates")
    for source, series in (("SRC02", "eia"), ("SRC03", "opec")):
        for row in estimates[estimates["source_id"] == source].itertuples():
            assert row.exports == pytest.approx(exports.loc[int(row.period), series], abs=0.051)


def test_destinations_add_up_to_nearly_the_total(load: Loader) -> None:
    table = load("oil_destinations")
    is_total = table["destination"] == "Total"
    parts = table[~is_total].groupby("year")["exports"].sum()
    total = table[is_total].set_index("year")["exports"]
    assert (total - parts).round(1).tolist() == [4.9, 3.0, 8.5]
    opec = load("oil_exports").set_index("year")["opec"]
    assert (total - opec[total.index]).abs().max() < 0.06


@pytest.mark.parametrize(("month", "price"), [("2008-07", 132.72), ("2012-03", 125.45), ("2014-06", 111.80)])
def test_brent(load: Loader, month: str, price: float) -> None:
    assert load("brent").set_index("month")["price"][month] == price


# Trade, prices, money -----------------------------------------------------------------------------


def test_goods_trade_fell_by_less_than_a_third(load: Loader) -> None:
    trade = load("trade")
    goods = trade[trade["measure"] == "goods"].groupby("year")["value"].sum()
    assert change(goods[2013], goods[2011]) == -29.1


def test_eu_trade_fell_by_more_than_half(load: Loader) -> None:
    year = load("eu_trade").query("start == '2013-01-01'")
    before = year["value"] / (1 + year["change"] / 100)
    assert change(year["value"].sum(), before.sum()) == -55.3


@pytest.mark.parametrize(
    ("measure", "publisher", "year", "expected"),
    [
        ("gdp_growth", "IMF", 2012, -7.7),
        ("gdp_growth", "World Bank", 2012, -3.7),
        ("gdp_growth", "World Bank", 2014, 5.0),
        ("inflation_cpi", "World Bank", 2013, 36.6),
        ("inflation_cpi", "IMF", 2012, 30.6),
        ("inflation_deflator", "World Bank", 2015, 0.2),
        ("gdp_usd", "World Bank", 2012, 644.0),
        ("gdp_usd", "IMF", 2012, 389.2),
    ],
)
def test_macro(load: Loader, measure: str, publisher: str, year: int, expected: float) -> None:
    values = load("macro").set_index(["measure", "publisher", "year"])["value"]
    assert values[measure, publisher, year] == pytest.approx(expected, abs=0.06)


def test_two_files_have_each_others_name(load: Loader) -> None:
    labels = load("macro").groupby("measure")["file_label"].first()
    assert labels["inflation_deflator"] == "inflation-consumer"
    assert labels["inflation_cpi"] == "inflation-gdp"


@pytest.mark.parametrize(
    ("month", "rial"),
    [("2011-11", 13520), ("2012-10", 33710), ("2013-02", 37356), ("2014-06", 32042)],
)
def test_open_market_rial(load: Loader, month: str, rial: int) -> None:
    assert load("rial").set_index("month")["tgju"][month] == rial


def test_toman_is_ten_rial(load: Loader) -> None:
    rial = load("rial").dropna()
    gap = (rial["bonbast_toman"] * 10 / rial["tgju"] - 1).abs()
    assert gap[rial["month"] > "2012-10"].max() < 0.01


# Calendars ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solar_year", "start", "days"),
    [(1390, "2011-03-21", 365), (1391, "2012-03-20", 366), (1392, "2013-03-21", 365)],
)
def test_solar_hijri_years(load: Loader, solar_year: int, start: str, days: int) -> None:
    table = load("oil_estimates")
    row = table[table["period"].str.startswith(str(solar_year))].iloc[0]
    length = (pd.Timestamp(row["end"]) - pd.Timestamp(row["start"])).days + 1
    assert (row["start"], length) == (start, days)


def test_customs_years_are_solar(load: Loader) -> None:
    starts = load("customs").set_index("solar_year")["start"]
    assert starts.to_dict() == {1392: "2013-03-21", 1393: "2014-03-21"}


@pytest.mark.parametrize(
    ("event", "weekday"),
    [("T68", "Saturday"), ("T58", "Sunday"), ("T64", "Wednesday"), ("T63", "Tuesday")],
)
def test_weekdays(load: Loader, event: str, weekday: str) -> None:
    dates = pd.to_datetime(load("events").set_index("event_id")["date"])
    assert dates[event].day_name() == weekday


# Sanctions and lists ------------------------------------------------------------------------------


def test_measures_in_force_on_21_june_2014(load: Loader) -> None:
    sanctions = load("sanctions")
    in_force = sanctions[sanctions["in_force_june_2014"] == "yes"]
    assert in_force["sender"].value_counts().to_dict() == {"US": 24, "EU": 9, "UN": 7}
    by_date = sanctions[sanctions["in_force"] <= "2014-06-21"]
    replaced = by_date["replaced_by"].notna()
    assert (len(by_date), replaced.sum(), len(in_force)) == (43, 3, 40)
    assert set(by_date.loc[~replaced, "sanction_id"]) == set(in_force["sanction_id"])


def test_measures_take_effect_after_they_are_adopted(load: Loader) -> None:
    sanctions = load("sanctions")
    assert (sanctions["adopted"] <= sanctions["in_force"]).all()


def test_acts_are_replaced_by_later_acts(load: Loader) -> None:
    adopted = load("sanctions").set_index("sanction_id")["adopted"]
    replaced = load("sanctions").dropna(subset=["replaced_by"])
    assert replaced.set_index("sanction_id")["replaced_by"].to_dict() == {
        "E01": "E04",
        "E02": "E05",
        "E05": "E09",
    }
    assert (replaced["adopted"] < replaced["replaced_by"].map(adopted)).all()


def test_security_council_resolutions(load: Loader) -> None:
    dates = load("sanctions").set_index("instrument")["adopted"]
    assert dates["S/RES/1737"] == "2006-12-23"
    assert dates["S/RES/1929"] == "2010-06-09"
    assert dates["S/RES/2231"] == "2015-07-20"


def test_british_list(load: Loader) -> None:
    table = load("designations")
    assert table["targets"].sum() == 664
    nuclear = table[table["regime"] == "nuclear"]
    assert nuclear.groupby("kind")["targets"].sum().to_dict() == {"entity": 485, "person": 92}
    by_year = nuclear.groupby("year")["targets"].sum().to_dict()
    assert by_year == {2007: 75, 2008: 40, 2009: 1, 2010: 129, 2011: 261, 2012: 66, 2013: 5}


def test_firms_tied_to_the_guards(load: Loader) -> None:
    assert len(load("guards_firms")) == 33


# Parliament ---------------------------------------------------------------------------------------


def test_majles(load: Loader) -> None:
    blocs = load("majles").groupby("bloc")["members"].sum()
    assert blocs.sum() == 290
    assert blocs[["principlist only", "principlist and reformist"]].sum() == 183


def test_majles_lists_overlap(load: Loader) -> None:
    table = load("majles_lists")
    assert table["members"].sum() == 290
    split = table.assign(list=table["lists"].str.split(";")).explode("list")
    by_list = split.groupby("list")["members"].sum()
    assert by_list["United Front"] == 146
    assert by_list["Stability Front"] == 83
    assert by_list["Resistance Front"] == 75
    assert table.loc[table["lists"].str.contains(";", na=False), "members"].sum() == 120
    counted = load("majles_counts").query("source_id == 'SRC102'").set_index("list")["seats"]
    assert (by_list[counted.index] == counted).all()


def test_published_counts_of_the_united_front_disagree(load: Loader) -> None:
    counts = load("majles_counts").query("list == 'United Front'")["seats"]
    assert sorted(counts) == [65, 98, 133, 146]


# Iraq ---------------------------------------------------------------------------------------------


def test_iraq_body_count(load: Loader) -> None:
    deaths = load("iraq_deaths").query("counter == 'ibc_revised_2015'").set_index("month")["deaths"]
    by_year = deaths.groupby(deaths.index.str[:4]).sum()
    assert by_year.to_dict() == {"2012": 4622, "2013": 9742, "2014": 17049}
    assert (deaths["2014-05"], deaths["2014-06"]) == (1027, 2534)


def test_counts_for_june_2014_disagree(load: Loader) -> None:
    june = load("iraq_deaths").query("month == '2014-06'")["deaths"]
    assert (len(june), june.min(), june.max()) == (6, 996, 2822)


def test_events_from_iran_to_iraq(load: Loader) -> None:
    table = load("event_counts").query("from_side == 'Iran' and to_side == 'Iraq'")
    by_week = table.groupby("week")["events"].sum()
    assert by_week[["2014-06-02", "2014-06-09", "2014-06-16"]].tolist() == [3, 27, 22]
    assert load("event_counts")["events"].sum() == 867
    assert (pd.to_datetime(load("event_counts")["week"]).dt.day_name() == "Monday").all()


def test_alliances(load: Loader) -> None:
    table = load("alliances").set_index(["year", "country_a", "country_b"]).sort_index()
    assert table.loc[(2013, "Iran", "Saudi Arabia"), "same_vote"] == pytest.approx(0.92, abs=0.005)
    pacts = ["defence_pact", "nonaggression_pact", "consultation_pact"]
    assert table.loc[(2014, "Iran", "Syria"), pacts].isna().all()
    assert table.loc[(2014, "Iran", "Russia"), pacts].tolist() == [0, 1, 1]
    assert table.groupby("year").size().eq(45).all()


# Text ---------------------------------------------------------------------------------------------


def test_the_article_has_twenty_paragraphs(load: Loader) -> None:
    words = load("paragraphs")["words"]
    assert (len(words), words.sum()) == (20, 1195)


def test_labels_of_governments(load: Loader) -> None:
    counts = load("terms").groupby("term")["count"].sum()
    assert counts[["elite", "regime", "apparatus", "faction(s)"]].tolist() == [5, 3, 2, 3]


@pytest.mark.parametrize(
    ("actor", "appointed_by", "since"),
    [
        ("Ali Shamkhani", "president", "2013-09-10"),
        ("Hassan Firouzabadi", "Supreme Leader", "1989-09-26"),
        ("Hassan Rouhani", "election", "2013-08-03"),
        ("Ali Khamenei", "Assembly of Experts", "1989-06-04"),
    ],
)
def test_offices(load: Loader, actor: str, appointed_by: str, since: str) -> None:
    row = load("actors").set_index("name").loc[actor]
    assert (row["appointed_by"], row["office_since"]) == (appointed_by, since)
