"""Checks of the data package. Each takes the data folder and returns a list of problems.

A problem names file, row and column, so that whoever edits a table can go straight to the cell.
Rows are counted like the lines of the file: the header is row 1.
"""

import csv
import io
import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from frictionless import Package

QUESTIONS = (
    "Where does it come from?",
    "Who made it, and why?",
    "How was it made?",
    "What is one row?",
    "What counts?",
    "What is missing?",
    "How sure are we?",
    "How may it be used?",
    "What was corrected?",
)
LICENCES = {
    "CC-BY-4.0",  # our own coding, World Bank, Penn World Table
    "other-pd",  # works of the US government
    "OGL-UK-3.0",  # UK government
    "other-nc",  # OPEC and SIPRI: educational, non-commercial
    "other-at",  # unclear terms: single facts and small aggregates of our own making
}
SOURCE_LICENCES = {
    "public domain",
    "CC BY 4.0",
    "OGL v3.0",
    "educational, non-commercial",
    "free with attribution",
    "own aggregates",
    "facts only",
}
LAST_DAY = "2016-01-31"
EDITION_COLUMNS = {"vintage", "edition"}  # they date an edition of a source, not an event
MAX_BYTES = 1_000_000
Descriptor = dict[str, Any]


class Problem(NamedTuple):
    file: str
    row: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row or '-'}, column {self.column or '-'}: {self.message}"


class Cell(NamedTuple):
    row: int
    column: str
    value: str


def read_package(folder: Path) -> Descriptor:
    """The Frictionless descriptor of the folder."""
    descriptor: Descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return descriptor


def resources(folder: Path) -> list[Descriptor]:
    """The descriptors of all tables."""
    found: list[Descriptor] = read_package(folder)["resources"]
    return found


def read_rows(folder: Path, file: str) -> list[dict[str, str]]:
    """All rows of a CSV file as text; bytes that are not UTF-8 become question marks."""
    text = (folder / file).read_text(encoding="utf-8", errors="replace")
    return list(csv.DictReader(io.StringIO(text)))


def cells(folder: Path, resource: Descriptor, column: str) -> Iterator[Cell]:
    """The filled cells of one column."""
    for row, record in enumerate(read_rows(folder, resource["path"]), start=2):
        if value := record.get(column):
            yield Cell(row, column, value)


def check_files(folder: Path) -> list[Problem]:
    """Every table has a file and a card, and every table and card is listed."""
    named = {name for resource in resources(folder) for name in (resource["path"], resource["card"])}
    named |= {"datapackage.json", "README.md", "codebook.md", "how_we_made_it.md"}
    present = {path.name for path in folder.iterdir()}
    problems = [Problem(name, None, None, "file is missing") for name in sorted(named - present)]
    return problems + [
        Problem(name, None, None, "file is not listed in datapackage.json")
        for name in sorted(present - named)
    ]


def check_encoding(folder: Path) -> list[Problem]:
    """UTF-8 and plain line ends everywhere."""
    problems = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        for row, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            if line.endswith(b"\r"):
                problems.append(Problem(path.name, row, None, "line ends with a carriage return"))
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                message = f"byte {line[error.start]:#04x} is not UTF-8; save the file as UTF-8"
                problems.append(Problem(path.name, row, _column_at(path, line, error.start), message))
    return problems


def _column_at(path: Path, line: bytes, position: int) -> str | None:
    if path.suffix != ".csv":
        return None
    header = next(csv.reader([path.read_bytes().split(b"\n")[0].decode("latin-1")]))
    before = next(csv.reader([line[:position].decode("latin-1") + "x"]))
    return header[min(len(before), len(header)) - 1]


def check_frictionless(folder: Path) -> list[Problem]:
    """What `frictionless validate data/datapackage.json` finds."""
    report = Package.from_descriptor(read_package(folder), basepath=str(folder)).validate()
    problems = [Problem("datapackage.json", None, None, error.message) for error in report.errors]
    for task in report.tasks:
        for error in task.errors:
            row = getattr(error, "row_number", None)
            column = getattr(error, "field_name", None)
            problems.append(Problem(task.place, row, column, error.message))
    return problems


def check_headers(folder: Path) -> list[Problem]:
    """The header of each file is the list of fields of its schema."""
    problems = []
    for resource in resources(folder):
        first = (folder / resource["path"]).read_text("utf-8", errors="replace").split("\n")[0]
        header, fields = first.split(","), [field["name"] for field in resource["schema"]["fields"]]
        for name in sorted(set(header) ^ set(fields)):
            where = "the header" if name in header else "the schema"
            problems.append(Problem(resource["path"], 1, name, f"stands only in {where}"))
        if set(header) == set(fields) and header != fields:
            problems.append(Problem(resource["path"], 1, None, "order differs from the schema"))
    return problems


def check_keys(folder: Path) -> list[Problem]:
    """Every id that points to another table is found there, also in cells with several ids."""
    by_name = {resource["name"]: resource for resource in resources(folder)}
    problems = []
    for name, resource in by_name.items():
        links = [
            (key["fields"][0], key["reference"]["resource"] or name, key["reference"]["fields"][0])
            for key in resource["schema"].get("foreignKeys", [])
        ]
        links += [
            (field["name"], field["references"]["resource"], field["references"]["field"])
            for field in resource["schema"]["fields"]
            if "references" in field
        ]
        for column, target, target_column in links:
            ids = {cell.value for cell in cells(folder, by_name[target], target_column)}
            for cell in cells(folder, resource, column):
                for key in set(cell.value.split(";")) - ids:
                    message = f"{key!r} is not in {target}.{target_column}"
                    problems.append(Problem(resource["path"], cell.row, column, message))
    return problems


def check_codes(folder: Path) -> list[Problem]:
    """Cells with several codes hold allowed codes only; `tested_with` names tables."""
    tables = {resource["name"] for resource in resources(folder)}
    problems = []
    for resource in resources(folder):
        for field in resource["schema"]["fields"]:
            allowed = tables if field["name"] == "tested_with" else set(field.get("codes", []))
            if not allowed:
                continue
            for cell in cells(folder, resource, field["name"]):
                for code in sorted(set(cell.value.split(";")) - allowed):
                    message = f"{code!r} is not an allowed code"
                    problems.append(Problem(resource["path"], cell.row, cell.column, message))
    return problems


def check_cards(folder: Path) -> list[Problem]:
    """Each card answers the nine questions and describes the columns as the schema does."""
    problems = []
    for resource in resources(folder):
        card = folder / resource["card"]
        if not card.exists():
            problems.append(Problem(resource["card"], None, None, "card is missing"))
            continue
        text = card.read_text(encoding="utf-8", errors="replace")
        sections = dict(re.findall(r"^## (.+)\n+((?:(?!## ).*\n?)*)", text, flags=re.MULTILINE))
        for question in (*QUESTIONS, "Columns"):
            if not sections.get(question, "").strip():
                problems.append(Problem(card.name, None, None, f"no answer to {question!r}"))
        if f"{resource['rows']} rows" not in text:
            problems.append(Problem(card.name, None, None, f"does not say {resource['rows']} rows"))
        described = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
        expected = [_card_line(field) for field in resource["schema"]["fields"]]
        for line in (line for line in expected if line not in described):
            problems.append(Problem(card.name, None, line[0], "differs from the schema"))
        if len(described) != len(expected):
            problems.append(Problem(card.name, None, None, "describes other columns"))
    return problems


def _card_line(field: Descriptor) -> tuple[str, str, str, str]:
    required = field.get("constraints", {}).get("required", False)
    meaning = field["description"] + ("" if required else "; may be empty")
    return field["name"], field["type"], field.get("unit", "none"), meaning


def check_row_counts(folder: Path) -> list[Problem]:
    """Card, schema and README give the number of rows that the file has."""
    readme = (folder / "README.md").read_text(encoding="utf-8")
    problems = []
    for resource in resources(folder):
        rows = len(read_rows(folder, resource["path"]))
        if rows != resource["rows"]:
            message = f"has {rows} rows, the schema says {resource['rows']}"
            problems.append(Problem(resource["path"], rows + 1, None, message))
        if f"| [`{resource['name']}`]({resource['card']}) | {rows} |" not in readme:
            problems.append(Problem("README.md", None, None, f"no line {resource['name']}, {rows} rows"))
    return problems


def check_sources(folder: Path) -> list[Problem]:
    """Every number has a source: in its row, or for the whole column in the schema."""
    by_name = {resource["name"]: resource for resource in resources(folder)}
    known = {cell.value for cell in cells(folder, by_name["sources"], "source_id")}
    problems = []
    for resource in by_name.values():
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        row_source = next((name for name in ("source_id", "source_ids") if name in fields), None)
        rows = read_rows(folder, resource["path"])
        for name, field in fields.items():
            for source in set(field.get("source_ids", [])) - known:
                problems.append(Problem("datapackage.json", None, name, f"unknown source {source}"))
            if field["type"] not in ("integer", "number") or field.get("source_ids"):
                continue
            for row, record in enumerate(rows, start=2):
                if record[name] and not (row_source and record[row_source]):
                    problems.append(Problem(resource["path"], row, name, "number without a source"))
    return problems


def check_sources_used(folder: Path) -> list[Problem]:
    """No source stands in the list for nothing."""
    used: set[str] = set()
    for resource in resources(folder):
        for field in resource["schema"]["fields"]:
            used.update(field.get("source_ids", []))
            if resource["name"] != "sources" and field["name"] in ("source_id", "source_ids"):
                for cell in cells(folder, resource, field["name"]):
                    used.update(cell.value.split(";"))
    sources = next(item for item in resources(folder) if item["name"] == "sources")
    return [
        Problem("sources.csv", cell.row, cell.column, f"{cell.value} is used by no table")
        for cell in cells(folder, sources, "source_id")
        if cell.value not in used | {"ART"}
    ]


def check_licences(folder: Path) -> list[Problem]:
    """Every table and every source has a licence that the conventions allow."""
    problems = []
    for resource in resources(folder):
        names = {licence["name"] for licence in resource.get("licenses", [])}
        if not names or names - LICENCES:
            message = f"licences of {resource['name']} are {sorted(names) or 'missing'}"
            problems.append(Problem("datapackage.json", None, None, message))
        if resource["name"] == "sources":
            for cell in cells(folder, resource, "licence"):
                if cell.value not in SOURCE_LICENCES:
                    message = f"{cell.value!r} is not an allowed licence"
                    problems.append(Problem(resource["path"], cell.row, "licence", message))
    return problems


def check_dates(folder: Path) -> list[Problem]:
    """Nothing in the tables is later than January 2016; only editions of sources may be."""
    problems = []
    for resource in resources(folder):
        if resource["name"] == "sources":
            continue
        for field in resource["schema"]["fields"]:
            if field["name"] in EDITION_COLUMNS:
                continue
            for cell in cells(folder, resource, field["name"]):
                if _is_late(cell.value, field):
                    message = f"{cell.value!r} is later than {LAST_DAY}"
                    problems.append(Problem(resource["path"], cell.row, cell.column, message))
    return problems


def _is_late(value: str, field: Descriptor) -> bool:
    if field["type"] in ("date", "yearmonth"):
        return value > LAST_DAY[: len(value)]
    if field["name"] == "year":
        return int(value) > 2016  # yearly series may close with 2016
    if field["type"] in ("integer", "number"):
        return False
    text = re.sub(r"\bJan(uary)? 2016\b", "", value)
    return bool(re.search(r"\b(2016|201[7-9]|202\d)\b", text))


def check_size(folder: Path) -> list[Problem]:
    """The whole folder stays under one megabyte."""
    size = sum(path.stat().st_size for path in folder.iterdir())
    return [Problem(folder.name, None, None, f"{size} bytes")] if size >= MAX_BYTES else []


def check_pandas(folder: Path) -> list[Problem]:
    """One plain `pd.read_csv(path)` gives the declared types without a warning."""
    problems = []
    for resource in resources(folder):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                table = pd.read_csv(folder / resource["path"])
        except (Warning, ValueError) as error:
            problems.append(Problem(resource["path"], None, None, f"read_csv: {error}"))
            continue
        for field in resource["schema"]["fields"]:
            if field["name"] in table and not _has_type(table[field["name"]], field):
                message = f"loads as {table[field['name']].dtype}, declared {field['type']}"
                problems.append(Problem(resource["path"], None, field["name"], message))
    return problems


def _has_type(column: "pd.Series[Any]", field: Descriptor) -> bool:
    if field["type"] == "integer" and field.get("constraints", {}).get("required"):
        return bool(pd.api.types.is_integer_dtype(column))
    if field["type"] in ("integer", "number"):
        return bool(pd.api.types.is_float_dtype(column))
    return bool(pd.api.types.is_string_dtype(column))


def check_codebook(folder: Path) -> list[Problem]:
    """Every code of a coded column is defined in the codebook, with its four other cells filled."""
    text = (folder / "codebook.md").read_text(encoding="utf-8", errors="replace")
    lines = dict(re.findall(r"^\| `(.+?)` \|(.+)\|$", text, flags=re.MULTILINE))
    problems = [
        Problem("codebook.md", None, code, "definition, include, exclude or example is empty")
        for code, rest in lines.items()
        if [part.strip() for part in rest.split("|")].count("") or rest.count("|") != 3
    ]
    for resource in resources(folder):
        for field in resource["schema"]["fields"]:
            codes = field.get("codes", field.get("constraints", {}).get("enum", []))
            if "codebook" not in field or codes == [0, 1]:
                continue
            for code in (str(code) for code in codes if str(code) not in lines):
                message = f"code {code!r} of {resource['name']} is not in the codebook"
                problems.append(Problem("codebook.md", None, field["name"], message))
    return problems


ALL_CHECKS: tuple[Callable[[Path], list[Problem]], ...] = (
    check_files,
    check_encoding,
    check_frictionless,
    check_headers,
    check_keys,
    check_codes,
    check_cards,
    check_row_counts,
    check_sources,
    check_sources_used,
    check_licences,
    check_dates,
    check_size,
    check_pandas,
    check_codebook,
)
