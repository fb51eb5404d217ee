"""The figures of lesson 04, computed from `data/`, in the phrases in which the lesson says them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from ipywidgets import interactive

NOT_DATA = {
    "1": "1 for the first day of a length of time; a part of a formula",
    "10": "rial in a toman, by definition",
    "30": "words that the last sentence may have",
    "40": "a limit to try",
    "365": "days of a year",
    "60": "an invented value that explains the scale",
    "50": "an invented fall that recalls bases; the limit without its sign",
    "100": "an invented value that recalls bases; the scale 2011 = 100",
    "200": "an invented value that recalls bases",
}


def day(date: Any) -> str:
    """A date of a table in the words of a lesson: 2012-07-01 is 1 July 2012."""
    moment = pd.Timestamp(date)
    return f"{moment.day} {moment:%B %Y}"


def percent(new: Any, old: Any) -> Any:
    """The change from `old` to `new`, in percent."""
    return (new - old) / old * 100


def phrases(data: Path) -> list[str]:
    claims = pd.read_csv(data / "claims.csv", index_col="claim_id")
    terms = pd.read_csv(data / "terms.csv")
    crippling = terms.loc[terms["term"].str.contains("crippling"), "paragraph"].item()
    totals = trade_totals(data)
    return [
        f"Paragraph {claims.loc['C42', 'paragraph']} of the article says",
        f"Paragraph {crippling} of the article calls the sanctions",
        f"codes this one (C42) as `{claims.loc['C42', 'verdict']}`",
        *phrases_of_the_goods(pd.read_csv(data / "trade.csv")),
        *phrases_of_the_measures(totals),
        *phrases_of_the_eu(read_eu(data)),
        *phrases_of_the_buyers(read_buyers(data), read_eu(data)),
        *phrases_of_price_and_volume(read_oil(data, totals)),
        *phrases_of_the_slices(data),
        *phrases_of_the_rial(data),
        *phrases_of_the_output(pd.read_csv(data / "macro.csv")),
    ]


def trade_totals(data: Path) -> pd.DataFrame:
    """Exports and imports together, 2010 to 2013, one column a measure."""
    trade = pd.read_csv(data / "trade.csv")
    return trade[trade["year"] <= 2013].pivot_table(
        index="year", columns="measure", values="value", aggfunc="sum"
    )


def read_eu(data: Path) -> pd.DataFrame:
    """The rows of EU trade that end before the article, by direction."""
    eu = pd.read_csv(data / "eu_trade.csv", parse_dates=["end"])
    eu = eu[eu["end"] <= "2014-06-21"].set_index("flow")
    eu["before"] = eu["value"] / (1 + eu["change"] / 100)
    return eu


def read_buyers(data: Path) -> pd.DataFrame:
    """Oil exports by destination, one column a year."""
    return pd.read_csv(data / "oil_destinations.csv").pivot(
        index="destination", columns="year", values="exports"
    )


def read_oil(data: Path, totals: pd.DataFrame) -> pd.DataFrame:
    """Price, volume and value of petroleum by year."""
    brent = pd.read_csv(data / "brent.csv")
    price = brent.groupby(brent["month"].str[:4].astype(int))["price"].mean()
    volume = pd.read_csv(data / "oil_exports.csv", index_col="year")["opec"]
    return pd.DataFrame({"price": price, "volume": volume, "value": totals["petroleum"]}).loc[2010:2013]


def phrases_of_the_goods(trade: pd.DataFrame) -> list[str]:
    """Lesson 4, sections 1 and 2."""
    goods = trade[trade["measure"] == "goods"].pivot(index="year", columns="flow", values="value")
    goods = goods.loc[:2013]
    total = goods.sum(axis="columns")
    all_rows = trade.groupby("year")["value"].sum()
    both = trade[(trade["measure"] == "goods_services") & (trade["year"] == 2011)]["value"].sum()
    falls = -percent(goods.loc[2013], goods.loc[2011])
    fall = -percent(total[2013], total[2011])
    imports = goods["imports"]
    assert (trade["year"] == 2011).sum() == 5, "the lesson says: one year has five rows"
    assert total.idxmax() == 2011, "the bars are highest in 2011"
    assert total.idxmin() == 2013, "and lowest in 2013"
    return [
        f"The sum of the five rows, {all_rows[2011]:.1f}, is not the value of anything. "
        f"Goods alone make {total[2011]:.1f}.",
        f"{both:.1f} billion dollars.",
        f"exports fell by {falls['exports']:.1f} percent and imports by {falls['imports']:.1f} percent. "
        f"The mean of the two is {falls.mean():.1f}. "
        f"Is the fall of both together also {falls.mean():.1f} percent?",
        f"No, it is {fall:.1f} percent.",
        f"Goods trade fell from {total[2011]:.1f} to {total[2013]:.1f} billion dollars, "
        f"by {fall:.1f} percent.",
        f"half of 2011 is {total[2011] / 2:.1f}.",
        f'Say "it fell by {fall:.1f} percent" or "it changed by {-fall:.1f} percent", '
        f'and never "it fell by {-fall:.1f} percent".',
        f"In {imports.idxmax()}, with {imports.max():.1f} billion dollars. "
        "Imports were already lower in 2011",
    ]


def phrases_of_the_measures(totals: pd.DataFrame) -> list[str]:
    """Lesson 4, section 3."""
    change = percent(totals.loc[2013], totals).loc[:2012]
    of_2011, of_2010 = change.loc[2011], change.loc[2010]
    assert change.size == 9, "nine answers"
    assert not (change < -50).any(axis=None), "no answer reaches half"
    below_40 = (change < -40).stack()
    assert list(below_40.index[below_40]) == [(2011, "petroleum")], "one of nine"
    assert totals["goods"][2012] < totals["goods"][2011], "goods fall in 2012"
    return [
        f"By much less: {-of_2011['goods_services']:.1f} percent.",
        f"Petroleum comes closest, with {of_2011['petroleum']:.1f}. Goods have {of_2011['goods']:.1f}, "
        f"goods with services {of_2011['goods_services']:.1f}.",
        f"{totals.loc[2012, 'goods_services']:.1f}, a rise, while goods fall.",
        f"goods with services even *rose*, by {of_2010['goods_services']:.1f} percent. "
        f"Petroleum lost {-of_2011['petroleum']:.1f} percent from 2011 and only "
        f"{-of_2010['petroleum']:.1f} percent from 2010.",
        "With -50 none. With -40 one of nine: petroleum from the base 2011.",
    ]


def phrases_of_the_eu(eu: pd.DataFrame) -> list[str]:
    """Lesson 4, section 4."""
    bought, sold = eu.loc["EU imports from Iran"], eu.loc["EU exports to Iran"]
    fall = -bought["change"]

    def before(change: float) -> float:
        return float(bought["value"] / (1 + change / 100))

    assert len(eu) == 2, "two rows end before the article"
    assert round(bought["before"], 1) == 5.8, "the lesson says: about 5.8"
    return [
        f"EU imports from Iran were {bought['value']} billion euros in January to November 2013, "
        f"{fall} percent less than a year before.",
        f"What was the earlier value: about {bought['value'] / (fall / 100):.1f}, "
        f"about {bought['value'] * (1 + fall / 100):.1f} or about {bought['before']:.1f} billion euros?",
        f"About {bought['before']:.1f}. A fall of {fall} percent leaves {100 - fall} percent. "
        f"So {bought['value']} is {100 - fall} percent of the earlier value.",
        f"fell from about {bought['before']:.1f} to {bought['value']:.1f} billion euros.",
        f"EU exports to Iran, {-sold['change']} percent are gone",
        f'"{fall}" can stand for anything between {fall - 0.5} and {fall + 0.5}. '
        f"Compute the earlier value with {fall + 0.5}.",
        f"{before(-fall - 0.5):.2f}. With -{fall - 0.5} you get {before(0.5 - fall):.2f}. So the earlier "
        f"value lies between {before(0.5 - fall):.1f} and {before(-fall - 0.5):.1f} billion euros. "
        f'Write "about {bought["before"]:.1f}"',
    ]


def phrases_of_the_buyers(buyers: pd.DataFrame, eu: pd.DataFrame) -> list[str]:
    """Lesson 4, section 5."""
    change = percent(buyers[2013], buyers[2012])
    parts = buyers.drop("Total")
    lost = (parts[2012] - parts[2013]).sort_values(ascending=False)
    of_the_loss = lost.cumsum() / lost.sum() * 100
    left = parts[2013].sort_values(ascending=False)
    of_the_rest = left.cumsum() / left.sum() * 100
    below = change.drop("Total") < -50
    assert len(parts) == 6, "six destinations"
    assert sorted(below.index[below]) == ["Africa", "India", "Other Asia"]
    assert list(lost.index[:2]) == ["Other Asia", "India"]
    assert list(left.index[:2]) == ["China", "OECD Asia Pacific"]
    return [
        f"from China with {change['China']:.1f} to Africa with {change['Africa']:.1f} percent",
        f"and the total, with {change['Total']:.1f}, does not.",
        f"the total fell by {-change['Total']:.1f} percent from 2012.",
        f"Other Asia alone is {of_the_loss['Other Asia']:.1f} percent of the loss, and with India it is "
        f"{of_the_loss['India']:.1f} percent.",
        f"Africa lost {-change['Africa']:.1f} percent, and this is {lost['Africa']:.1f} "
        "thousand barrels a day. "
        f"India lost {-change['India']:.1f} percent, and this is {lost['India']:.1f}.",
        f"OECD Europe bought {-change['OECD Europe']:.1f} percent less oil, while EU imports of all goods "
        f"fell by {-eu.loc['EU imports from Iran', 'change']} percent.",
        f"begins with China, {of_the_rest['China']:.1f} percent, and OECD Asia Pacific, "
        f"{of_the_rest['OECD Asia Pacific']:.1f} percent.",
    ]


def phrases_of_price_and_volume(oil: pd.DataFrame) -> list[str]:
    """Lesson 4, section 6."""
    change = percent(oil.loc[2013], oil.loc[2011])
    rise = percent(oil.loc[2011], oil.loc[2010])
    left = oil.loc[2013] / oil.loc[2011] * 100
    product = (1 + rise["price"] / 100) * (1 + rise["volume"] / 100)
    a_barrel = oil["value"] * 1e9 / (oil["volume"] * 1e3 * 365)
    in_2012 = oil.loc[2012] / oil.loc[2011]
    return [
        f"the volume of OPEC's series fell by {-change['volume']:.1f} percent (lesson 3) and the value by "
        f"{-change['value']:.1f} percent.",
        f"The price of Brent fell a little, by {-change['price']:.1f} percent.",
        f"the volume falls to {left['volume']:.1f}, just below a line at half, and the value to "
        f"{left['value']:.1f}, just above it.",
        f"The price rose by {rise['price']:.1f} percent and the volume by {rise['volume']:.1f} percent.",
        f"{1 + rise['price'] / 100:.3f} times {1 + rise['volume'] / 100:.3f} is {product:.2f}, "
        f"a rise of about {(product - 1) * 100:.0f} percent. "
        f"OPEC's value rose by {rise['value']:.1f} percent.",
        f"{a_barrel[2011]:.1f} dollars a barrel in 2011 and {a_barrel[2013]:.1f} in 2013. "
        f"Brent cost {oil.loc[2011, 'price']:.1f} and {oil.loc[2013, 'price']:.1f}",
        f"gives {in_2012['price'] * in_2012['volume'] * 100:.1f}. "
        f"OPEC's value is {in_2012['value'] * 100:.1f}.",
    ]


def phrases_of_the_slices(data: Path) -> list[str]:
    """Lesson 4, section 7."""
    customs = pd.read_csv(data / "customs.csv", index_col="solar_year")
    slices = slices_by_hand(data)
    opec = pd.read_csv(data / "oil_exports.csv", index_col="year")["opec"]
    crossed = [name for name, (before, after, *_) in slices.items() if before and after < before / 2]
    assert crossed == ["EU imports"], "only one slice crosses the line"
    assert list(customs.index) == [1392, 1393]
    goods = slices["all goods"]
    return [
        f"Only 1392. It ended on {day(customs.loc[1392, 'end'])}. "
        f"The year 1393 ended on {day(customs.loc[1393, 'end'])}.",
        f"stops at {percent(goods[1], goods[0]):.1f}, well before the dashed line at -50; "
        f"the two lower bars show the size of the slice, {goods[0]:.1f} before and {goods[1]:.1f} after.",
        "gives one row: EU imports, with -88.0.",
        f"crude oil by *volume*, with {percent(opec[2013], opec[2011]):.1f} in OPEC's series. By value, "
        f"petroleum stops at {percent(slices['petroleum'][1], slices['petroleum'][0]):.1f}.",
        f"{customs.loc[1392, 'turnover']:.1f} billion dollars of trade without crude oil were not stopped.",
    ]


def phrases_of_the_rial(data: Path) -> list[str]:
    """Lesson 4, section 8: the market, month by month, and the dates beside it."""
    rial = pd.read_csv(data / "rial.csv", index_col="month")
    dollar = rial["tgju"].loc[:"2014-05"]
    jump = dollar.pct_change() * 100
    sanctions = pd.read_csv(data / "sanctions.csv", index_col="sanction_id")
    events = pd.read_csv(data / "events.csv", index_col="event_id")
    in_force = sanctions["in_force"]
    in_october = sorted(in_force[in_force.str.startswith("2012-10")])
    days = [f"{pd.Timestamp(date).day} October" for date in in_october]
    bonbast = rial.loc["2012-10", "bonbast_toman"]
    rial_lost = 1 - dollar["2011-12"] / dollar["2013-02"]
    assert list(jump.nlargest(3).index) == ["2012-10", "2012-01", "2012-09"]
    assert not in_force.str.startswith("2012-09").any(), "no measure came into force in September 2012"
    assert len(in_october) == 2, "two measures came into force in October 2012"
    assert dollar.idxmax() == "2013-02"
    assert dollar.loc["2013-02":].idxmin() == "2014-01"
    return [
        f"In October 2012 TGJU has {rial.loc['2012-10', 'tgju']:,} and Bonbast has {bonbast:,.0f}",
        f"Bonbast's figure is {bonbast * 10:,.0f} rial.",
        f"On {day(events.loc['T27', 'date'])} Hassan Rouhani was elected",
        f"**January 2012** ({jump['2012-01']:.1f} percent): the US rule was adopted on "
        f"{day(sanctions.loc['A15', 'adopted'])}, the EU embargo on {day(sanctions.loc['E07', 'adopted'])}.",
        f"**July 2012** ({jump['2012-07']:.1f} percent)",
        f"**September 2012** ({jump['2012-09']:.1f} percent)",
        f"**October 2012** ({jump['2012-10']:.1f} percent): two measures came into force, "
        f"on {' and on '.join(days)}.",
        f"climbs from {dollar['2011-12']:,} rial in December 2011 to {dollar['2013-02']:,} in February 2013, "
        f"with the largest step in October 2012, falls to {dollar['2014-01']:,} by January 2014",
        f"**After the election of {day(events.loc['T27', 'date'])}**: from May to October 2013 the price of "
        f"a dollar fell by {-percent(dollar['2013-10'], dollar['2013-05']):.1f} percent. The interim deal "
        f"was agreed on {day(events.loc['T33', 'date'])}, and measures were eased from "
        f"{day(in_force['A24'])}.",
        f"the EU embargo was in force from {day(in_force['E07'])}.",
        f"From December 2011 to February 2013 the price of a dollar rose by "
        f"{percent(dollar['2013-02'], dollar['2011-12']):.1f} percent. Did the rial lose "
        f"{percent(dollar['2013-02'], dollar['2011-12']):.1f} percent?",
        f"one rial bought {rial_lost * 100:.1f} percent fewer dollars.",
        f"a US rule in force from {day(in_force['A20'])} (A20)",
        f"from {day(in_force['E08'])} (E08) listed Iranian banks",
    ]


def phrases_of_the_output(macro: pd.DataFrame) -> list[str]:
    """Lesson 4, the end of section 8: one economy, two sizes."""
    of_2012 = macro[macro["year"] == 2012].pivot(index="measure", columns="publisher", values="value")
    size, growth = of_2012.loc["gdp_usd"], of_2012.loc["gdp_growth"]
    edition = macro[macro["measure"].isin(["gdp_usd", "gdp_growth"])].groupby("publisher")["edition"]
    assert set(edition.agg("first").str[:4]) == {"2019", "2026"}, "the editions in the table of sources"
    return [
        f"For 2012 the World Bank has {size['World Bank']:.1f} billion dollars "
        f"and the IMF has {size['IMF']:.1f}.",
        f"It fell by {-growth['IMF']:.1f} percent (IMF) or by {-growth['World Bank']:.1f} percent",
    ]


def slices_by_hand(data: Path) -> dict[str, tuple[float | None, float, str]]:
    """By option of the panel: value before, value after, currency. Computed row by row."""
    trade = pd.read_csv(data / "trade.csv")
    eu = pd.read_csv(data / "eu_trade.csv")
    customs = pd.read_csv(data / "customs.csv")

    def total(measure: str, year: int) -> float:
        rows = trade[(trade["measure"] == measure) & (trade["year"] == year)]
        return float(sum(rows["value"]))

    found: dict[str, tuple[float | None, float, str]] = {}
    for name, measure in {
        "all goods": "goods",
        "goods + services": "goods_services",
        "petroleum": "petroleum",
    }.items():
        found[name] = (total(measure, 2011), total(measure, 2013), "US dollars")
    for name, flow in {"EU imports": "EU imports from Iran", "EU exports": "EU exports to Iran"}.items():
        row = eu[(eu["flow"] == flow) & (eu["start"] == "2013-01-01")].iloc[0]
        found[name] = (float(row["value"] * 100 / (100 + row["change"])), float(row["value"]), "euros")
    after = float(customs.loc[customs["solar_year"] == 1392, "turnover"].item())
    found["non-oil customs"] = (None, after, "US dollars")
    return found


def panel_tells_the_truth(
    panel: interactive, names: dict[str, Any], data: Path, said: Callable[[], str]
) -> None:
    """Every option of the control panel prints and draws what the data give."""
    (control,) = panel.kwargs_widgets
    expected = slices_by_hand(data)
    assert set(control.options) == set(expected)
    drawn: list[Any] = []
    plt = names["plt"]
    close = plt.show

    def keep_and_close() -> None:
        drawn.append(plt.gcf())
        close()

    plt.show = keep_and_close
    for name, (before, after, currency) in expected.items():
        said()
        drawn.clear()
        names["show_slice"](name)
        printed = said()
        gauge, size = drawn[0].axes
        assert size.get_xlabel() == f"Billion {currency}"
        assert name in gauge.get_title()
        assert gauge.get_xlim() == (-100, 0)
        assert max(before or 0, after) < size.get_xlim()[1], "the bar fits"
        shown = {label.get_text() for label in size.texts}
        assert f"{after:.1f}" in shown
        if before is None:
            assert printed == f"{name}: no change can be computed from one year.\n"
            continue
        change = percent(after, before)
        assert f"{before:.1f}" in shown
        assert abs(gauge.patches[0].get_width() - change) < 1e-9
        answer = "yes" if after < before / 2 else "no"
        assert printed == f"{name}: {change:.1f} percent. Less than half left: {answer}\n"
