"""The figures of lesson 03, computed from `data/`, in the phrases in which the lesson says them."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from ipywidgets import interactive

NOT_DATA = {
    "0": "the smallest share there is",
    "1": "the largest share there is",
    "100": "a share times 100 is a percent",
    "159": "litres in a barrel, by definition (158.987)",
    "5": "an invented gap that explains abs()",
    "-5": "an invented gap that explains abs()",
    "-50": "the rule: halved is a change of -50 percent",
}


def day(date: str) -> str:
    """A date of a table in the words of a lesson: 2012-07-01 is 1 July 2012."""
    moment = pd.Timestamp(date)
    return f"{moment.day} {moment:%B %Y}"


def phrases(data: Path) -> list[str]:
    exports = pd.read_csv(data / "oil_exports.csv", index_col="year")
    return [
        *phrases_of_the_series(exports),
        *phrases_of_the_bases(exports),
        *phrases_of_the_measures(pd.read_csv(data / "sanctions.csv", index_col="sanction_id")),
        *phrases_of_the_buyers(pd.read_csv(data / "oil_destinations.csv")),
        *phrases_of_the_estimates(pd.read_csv(data / "oil_estimates.csv", index_col="estimate_id")),
    ]


def phrases_of_the_series(exports: pd.DataFrame) -> list[str]:
    """Lesson 3, sections 1 to 3."""
    eia, opec = exports["eia"], exports["opec"]
    gap = (opec - eia).loc[:2013]
    yearly = eia.pct_change() * 100
    fall = (eia[2011] - eia[2013]) / eia[2011] * 100
    assert gap.abs().idxmax() == 2012, "the lesson says that the sources differ most in 2012"
    return [
        f"One source gives {opec[2011]:,.0f} thousand barrels a day for 2011.",
        f"Half of it: about {opec[2011] / 2:,.0f} thousand barrels a day.",
        f"Half of 2011 is {opec[2011] / 2:,.1f}. The figure for 2013 is {opec[2013]:,.1f}.",
        f"Half of 2011 is {eia[2011] / 2:,.1f} and the figure for 2013 is {eia[2013]:,.1f}.",
        f"EIA has {eia[2012]:,.0f} thousand barrels a day, OPEC has {opec[2012]:,.0f}.",
        f"gives {gap.abs().idxmin()}. The sources are {gap.abs().min():.1f} thousand barrels",
        f"`gap.idxmin()` gives {gap.idxmin()}:",
        f"EIA gives {eia[2011]:,.1f} for 2011 and {eia[2013]:,.1f} for 2013.",
        f"half of {eia[2011]:,.1f} is {eia[2011] / 2:,.1f}, and {eia[2013]:,.1f} is less",
        f"Exports fell by {fall:.1f} percent.",
        f"The second number, {(eia[2011] / eia[2013] - 1) * 100:.1f}, is a correct answer",
        f"Added together they give {yearly[2012] + yearly[2013]:.1f}, and the true fall is "
        f"{fall:.1f} percent.",
        f"{(opec[2013] / opec[2011] - 1) * 100:.1f}. "
        f"If you have {(opec[2011] / opec[2013] - 1) * 100:.1f}, you divided",
    ]


def phrases_of_the_bases(exports: pd.DataFrame) -> list[str]:
    """Lesson 3, section 4."""
    change = ((exports.loc[2013] - exports) / exports * 100).loc[2007:2012]
    halved = change <= -50
    eia, opec = change["eia"].map("{:.1f}".format), change["opec"].map("{:.1f}".format)
    old, new = exports.loc[2008, "opec"], exports.loc[2013, "opec"]
    gap = exports["opec"] - exports["eia"]
    assert (change["opec"] + 50).abs().idxmin() == 2008, "the closest answer"
    assert list(halved.index[halved["eia"]]) == [2007, 2008, 2009, 2010, 2011]
    assert list(halved.index[halved["eia"] != halved["opec"]]) == [2009, 2010]
    return [
        f"| EIA | {' | '.join(eia)} |",
        f"| OPEC | {' | '.join(opec)} |",
        f"half of {old:,.1f} is {old / 2:,.1f}, and 2013 has {new:,.1f}. "
        f"Only {old / 2 - new:.1f} thousand barrels a day decide.",
        f"The two sources differ by {gap[2008]:.1f} in 2008.",
    ]


def phrases_of_the_measures(sanctions: pd.DataFrame) -> list[str]:
    """Lesson 3, sections 5 and 7."""
    adopted, in_force = pd.to_datetime(sanctions["adopted"]), pd.to_datetime(sanctions["in_force"])
    wait = (in_force - adopted).dt.days
    apart = (in_force["E07"] - in_force["A15"]).days
    types, sender = sanctions["types"], sanctions["sender"]
    shipping = sender[types.str.contains("shipping")].value_counts()
    assert apart == 3, "the lesson says 'three days' in words"
    assert "UN" not in set(sender[types.str.contains("oil")]), "no UN measure is on oil"
    assert shipping["US"] == shipping["UN"], "the lesson says: 2 each"
    return [
        f"The EU adopted its embargo on {day(adopted['E07'])}.",
        f"{wait['E07']} days later, on {day(in_force['E07'])}.",
        f"{wait['A20']} days: adopted on {day(adopted['A20'])}, in force on {day(in_force['A20'])}.",
        f"Later, from {day(adopted['A24'])}, an interim deal",
        f"A20, for example, is `{types['A20']}`.",
        f"The EU, with {shipping['EU']} of {shipping.sum()}. The US and the UN have {shipping['US']} each.",
        f"came into force {apart} days apart.",
        f"{types.str.contains('finance').sum()} measures contain `finance`. "
        f"Only {(types == 'finance').sum()} are exactly `finance`.",
    ]


def phrases_of_the_buyers(destinations: pd.DataFrame) -> list[str]:
    """Lesson 3, section 6."""
    table = destinations.pivot(index="destination", columns="year", values="exports")
    total = table.loc["Total"]
    fall = table[2012] - table[2013]
    share = table.loc["India"] / total * 100
    missing = 2 * total[2012] - table[2012].sum()
    twice = table.loc["India", 2012] / table[2012].sum() * 100
    return [
        f"Its purchases fell by only {fall['China']:.1f} thousand barrels a day, or "
        f"{fall['China'] / table.loc['China', 2012] * 100:.1f} percent.",
        f"the parts are {missing:.1f} short of the published total for 2012.",
        f"in Other Asia ({fall['Other Asia']:.1f}) and India ({fall['India']:.1f}).",
        f"Sales to Europe fell by {fall['OECD Europe']:.1f}.",
        f"gives {share[2012]:.1f} percent. The same line with `in_2013` gives {share[2013]:.1f}",
        f"If you have {twice:.1f}, your whole was",
    ]


def phrases_of_the_estimates(estimates: pd.DataFrame) -> list[str]:
    """Lesson 3, section 8."""
    level = estimates["exports"]

    def fall(first: str, last: str) -> str:
        return f"{(level[first] - level[last]) / level[first] * 100:.1f}"

    note, data_of_2020 = fall("OE11", "OE12"), fall("OE05", "OE07")
    bank = fall("OE15", "OE17")
    return [
        f"Our table has {len(estimates)} rows of them",
        f"The year {estimates.loc['OE15', 'period'][:4]} runs from "
        f"{day(estimates.loc['OE15', 'start'])} to {day(estimates.loc['OE15', 'end'])}.",
        f"The Central Bank of Iran: {bank} percent from 1390 to 1392.",
        f"show falls of {fall('OE01', 'OE03')} (OPEC), {data_of_2020} (EIA data of 2020), "
        f"{note} (EIA note of 2015), {bank} (Central Bank of Iran), "
        f"{fall('OE09', 'OE10')} (EIA in MEED) and {fall('OE13', 'OE14')} percent (CRS)",
        f"It starts on {day(estimates.loc['OE17', 'start'])}.",
        f"The EIA gave {level['OE09']:,.0f} for 2011 in 2013, then {level['OE11']:,.0f} in 2015, "
        f"then {level['OE05']:,.0f} in 2020.",
        f"calls exports nearly halved: {note} percent less.",
        f"gives {fall('OE05', 'OE08')} percent.",
    ]


def panel_tells_the_truth(
    panel: interactive, names: dict[str, Any], data: Path, said: Callable[[], str]
) -> None:
    """Every option of the control panel gives what the data give."""
    exports = pd.read_csv(data / "oil_exports.csv", index_col="year")
    choices = {control._kwarg: control_options(control) for control in panel.kwargs_widgets}
    assert set(choices["base"]) == set(range(2007, 2013))
    assert set(choices["series"]) == {"EIA", "OPEC"}
    assert {40, 50, 60} <= set(choices["threshold"])
    for base, series, threshold in itertools.product(*choices.values()):
        said()
        names["show_halved"](base=base, series=series, threshold=threshold)
        old, new = exports.loc[base, series.lower()], exports.loc[2013, series.lower()]
        halved = "yes" if new <= old * (1 - threshold / 100) else "no"
        printed = said()
        assert f"{series}, {base} to 2013: {(new / old - 1) * 100:.1f} percent." in printed
        assert printed.endswith(f"at least {threshold} percent: {halved}\n")


def control_options(control: Any) -> list[Any]:
    """All values that a slider or a list can take."""
    if hasattr(control, "min"):
        return list(range(control.min, control.max + 1, control.step))
    return list(control.options)
