"""The data package is whole: types, keys, sources, cards, licences, dates, size."""

import re
from collections.abc import Callable
from pathlib import Path

import data_checks
import pandas as pd
import pytest

Loader = Callable[[str], pd.DataFrame]


@pytest.mark.parametrize("check", data_checks.ALL_CHECKS, ids=lambda check: check.__name__)
def test_no_problems(check: Callable[[Path], list[data_checks.Problem]], data_folder: Path) -> None:
    problems = check(data_folder)
    assert not problems, "\n".join(str(problem) for problem in problems)


def test_fragments_of_officials_have_eight_words_at_most(load: Loader) -> None:
    quotes = load("statements")["quote"].dropna()
    assert quotes.str.split().str.len().max() <= 8


def test_no_personal_data(data_folder: Path) -> None:
    banned = re.compile(r"birth|passport|address|phone|e_?mail|nationality", re.IGNORECASE)
    for resource in data_checks.resources(data_folder):
        for field in resource["schema"]["fields"]:
            assert not banned.search(field["name"]), (resource["name"], field["name"])


def test_sanctions_lists_name_no_person(load: Loader) -> None:
    assert "name" not in load("designations")
    assert set(load("guards_firms")["kind"]).isdisjoint({"person", "individual"})


def test_standpoints_have_one_form(load: Loader) -> None:
    form = r"^[a-z][a-z ]+: \S"
    odd = load("sources").loc[lambda table: ~table["standpoint"].str.match(form), "source_id"]
    assert odd.empty, odd.tolist()


def test_texts_name_no_path_of_a_machine(data_folder: Path) -> None:
    for path in (path for path in data_folder.iterdir() if path.is_file()):
        assert not re.search(r"(?<![\w.])/(work|tmp|home|root)/", path.read_text("utf-8")), path


def test_ranges_hold_the_code(load: Loader) -> None:
    coded = load("statements").dropna(subset=["stance"])
    assert (coded["stance_low"] <= coded["stance"]).all()
    assert (coded["stance"] <= coded["stance_high"]).all()
    camps = load("camps")
    ranges = camps["scholar_range"].str.split(";")
    assert all(camp in codes for camp, codes in zip(camps["scholar_camp"], ranges, strict=True))


def test_general_knowledge_is_never_presented_as_certain(load: Loader) -> None:
    for name in ("claims", "actors", "events", "sanctions", "families"):
        table = load(name)
        assert set(table.loc[table["source_ids"] == "K", "confidence"]) <= {"low"}, name
        mixed = table["source_ids"].str.contains(r"\bK\b", na=False)
        assert "high" not in set(table.loc[mixed, "confidence"]), name


def test_text_of_empty_marks_is_not_used(data_folder: Path) -> None:
    for resource in data_checks.resources(data_folder):
        rows = data_checks.read_rows(data_folder, resource["path"])
        values = {value for row in rows for value in row.values()}
        assert not values & {"NA", "N/A", "None", "nan", "null", "-", "—"}, resource["name"]


def test_names_agree_with_ids(load: Loader) -> None:
    names = load("actors").set_index("actor_id")["name"]
    alliances = load("alliances")
    assert (alliances["a_id"].map(names) == alliances["country_a"]).all()
    assert (alliances["b_id"].map(names) == alliances["country_b"]).all()
    relations = load("relations")
    ends = pd.concat(
        [
            relations[["from_id", "from_name"]].set_axis(["id", "name"], axis=1),
            relations[["to_id", "to_name"]].set_axis(["id", "name"], axis=1),
        ]
    )
    assert (ends.groupby("id")["name"].nunique() == 1).all()
    assert (ends.groupby("name")["id"].nunique() == 1).all()
