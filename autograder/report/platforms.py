"""The files of Canvas and Moodle, by their importers' rules.

Canvas (`lib/gradebook_importer.rb` and `gradebook_exporter.rb` in github.com/instructure/canvas-lms): the
head begins with Student, ID, SIS User ID, SIS Login ID, Section; then a row "Points Possible". A student is
found by ID, else by SIS User ID, else by SIS Login ID, else by name. An assignment's column is headed
"Title (id)", or "Title" alone; a title that the course does not have makes a new assignment. An empty cell
takes an existing grade away; a student who is not in the file keeps everything.

Moodle (`grade/import/csv/classes/load_data.php` in github.com/moodle/moodle, and
docs.moodle.org/en/Grade_import): the instructor says which column identifies users (username, idnumber or
email) and which is which grade item. One unknown user, one text that is no number or one grade over the
item's maximum stops the whole import. A row without an identifier is taken for the student of the row above.
`-` means no grade.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CourseError
from .marks import Mark, Student
from .sheet import Sheet, Wishes, counted, full_name, harmless, identifier, number, some

_POINTS_POSSIBLE = "    Points Possible"  # with the spaces that Canvas puts there
_CANVAS_HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_CANVAS_TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_MOODLE_NAMES = ("First name", "Last name", "Surname")
_MOODLE_KEYS = ("Username", "Email address", "ID number")


@dataclass(frozen=True)
class _ByStudent:
    """The marks of a class: of each student in the file, by assignment."""

    assignments: list[str]
    worth: dict[str, float]
    students: list[Student]
    marks: dict[tuple[str, str], Mark]

    @classmethod
    def of(cls, marks: Sequence[Mark], wishes: Wishes) -> _ByStudent:
        """Without the students who have no grade to pass on: who is not in the file keeps what is there."""
        worth = {mark.assignment: mark.max_score for mark in marks}
        named = {m.student.id: m.student for m in marks if wishes.points(m) is not None}
        by_key = {(mark.student.id, mark.assignment): mark for mark in marks}
        return cls(list(worth), worth, list(named.values()), by_key)

    def points(self, student: Student, assignment: str, wishes: Wishes) -> float | None:
        mark = self.marks.get((student.id, assignment))
        return wishes.points(mark) if mark else None


def canvas(marks: Sequence[Mark], wishes: Wishes) -> Sheet:
    """A file for Canvas: Grades, Import. With a roster, the columns and ids of Canvas's own export."""
    found = _ByStudent.of(marks, wishes)
    if wishes.roster:
        return _canvas_from(_Roster.read(wishes.roster, "canvas"), found, wishes)
    titles = [wishes.title(name) for name in found.assignments]
    for title in titles:
        if _CANVAS_TOTALS.search(title):
            raise CourseError(f"Canvas takes a column named {title!r} for a total. Give it another title.")
    rows = [[*_CANVAS_HEAD, *titles]]
    rows.append(
        [_POINTS_POSSIBLE, "", "", "", "", *(number(found.worth[name]) for name in found.assignments)]
    )
    for student in found.students:
        known = student.lms_user_id
        by_id, by_sis = (known, "") if known.isdecimal() else ("", identifier(known))
        scores = [number(found.points(student, name, wishes)) for name in found.assignments]
        who = [harmless(full_name(student)), by_id, by_sis, identifier(student.id), ""]
        rows.append([*who, *scores])
    without = [student.id for student in found.students if not student.lms_user_id]
    remarks = []
    if without:
        remarks.append(
            f"{counted(len(without), 'student')} without the id that Canvas gives ({some(without)}): Canvas "
            "will look for them by login. Surer: --roster FILE with the file that Canvas exports, or the ids "
            "with: nbgrader db student add STUDENT --lms-user-id ID"
        )
    if len(found.assignments) > 1 and any("" in row[5:] for row in rows[2:]):
        remarks.append(
            "An empty cell takes away a grade that Canvas has already. To keep it, export one assignment at "
            "a time, or use --roster FILE."
        )
    return Sheet(rows, remarks)


def _canvas_from(roster: _Roster, found: _ByStudent, wishes: Wishes) -> Sheet:
    columns = [roster.column(name, wishes.title(name)) for name in found.assignments]
    identity = range(roster.head.index("Section") + 1)
    kept = [*identity, *columns]
    rows = [[roster.head[place] for place in kept]]
    remarks = []
    points = next((row for row in roster.rows if "Points Possible" in row[0]), None)
    if points:
        rows.append([points[place] for place in kept])
        for name, place in zip(found.assignments, columns, strict=True):
            if _float(points[place]) != found.worth[name]:
                remarks.append(
                    f"{name} is worth {number(found.worth[name])} points here and {points[place] or 'none'} "
                    "in Canvas. Set the same number in Canvas first."
                )
    names = range(roster.head.index("ID"))
    for student, row in roster.matches(found.students):
        filled = list(row)
        for place in names:
            filled[place] = harmless(row[place])
        for name, place in zip(found.assignments, columns, strict=True):
            score = found.points(student, name, wishes)
            filled[place] = row[place] if score is None else number(score)
        rows.append([filled[place] for place in kept])
    return Sheet(rows, [*remarks, *roster.remarks(found.students)])


def moodle(marks: Sequence[Mark], wishes: Wishes) -> Sheet:
    """A file for Moodle: Grades, Import, CSV file. Each assignment has a score and a feedback column."""
    found = _ByStudent.of(marks, wishes)
    remarks = list(_over_maximum(found, wishes))
    if wishes.roster:
        roster = _Roster.read(wishes.roster, "moodle")
        file = _moodle_from(roster, found, wishes)
        return Sheet(file.rows, [*remarks, *file.remarks])
    keys = {
        "Username": [identifier(student.id) for student in found.students],
        "Email address": [identifier(student.email) for student in found.students],
        "ID number": [identifier(student.lms_user_id) for student in found.students],
    }
    usable = [key for key, values in keys.items() if all(values) and len(set(values)) == len(values)]
    options = {"Email address": "--email ADDRESS", "ID number": "--lms-user-id ID"}
    for key in [key for key in keys if key not in usable]:
        lacking = [s.id for s, value in zip(found.students, keys[key], strict=True) if not value]
        why = f"not known of {some(lacking)}" if lacking else "the same for several students"
        remarks.append(
            f"No column {key!r}: it is {why}. Give it with: nbgrader db student add STUDENT {options[key]}, "
            "or use --roster FILE with a file that Moodle exported."
        )
    titles = [wishes.title(name) for name in found.assignments]
    rows = [
        ["First name", "Last name", *usable, *_pairs(titles, [f"{title} (Feedback)" for title in titles])]
    ]
    for number_, student in enumerate(found.students):
        who = [
            harmless(student.first_name),
            harmless(student.last_name),
            *(keys[key][number_] for key in usable),
        ]
        rows.append([*who, *_moodle_scores(student, found, wishes)])
    return Sheet(rows, remarks)


def _moodle_from(roster: _Roster, found: _ByStudent, wishes: Wishes) -> Sheet:
    columns = [roster.column(name, wishes.title(name)) for name in found.assignments]
    matched = roster.matches(found.students)
    keys = [roster.head.index(key) for key in _MOODLE_KEYS if key in roster.head]
    keys = [place for place in keys if all(row[place] for _, row in matched)]
    names = [roster.head.index(name) for name in _MOODLE_NAMES if name in roster.head]
    heads = [roster.head[place] for place in columns]
    feedback = [f"{_title(head, 'moodle')} (Feedback)" for head in heads]
    rows = [[*(roster.head[place] for place in (*names, *keys)), *_pairs(heads, feedback)]]
    for student, row in matched:
        scores = _moodle_scores(student, found, wishes)
        for n, place in enumerate(columns):
            if scores[2 * n] == "-":
                scores[2 * n] = row[place] or "-"
        who = [*(harmless(row[place]) for place in names), *(identifier(row[place]) for place in keys)]
        rows.append([*who, *scores])
    return Sheet(rows, roster.remarks(found.students))


def _moodle_scores(student: Student, found: _ByStudent, wishes: Wishes) -> list[str]:
    """Score and feedback of one student for each assignment."""
    cells = []
    for name in found.assignments:
        points, mark = found.points(student, name, wishes), found.marks.get((student.id, name))
        cells += [number(points) or "-", _feedback(mark) if mark and points is not None else ""]
    return cells


def _feedback(mark: Mark) -> str:
    """A person's comments and what a late hand-in cost, as one line."""
    said = [f"{exercise.exercise}: {exercise.comment}" for exercise in mark.exercises if exercise.comment]
    if mark.penalty:
        said.append(f"Handed in late: {number(mark.penalty)} points less")
    if mark.waiting:
        said.append(f"Not final: {counted(mark.waiting, 'written answer')} to grade")
    return harmless(" ".join("; ".join(said).split()))


def _over_maximum(found: _ByStudent, wishes: Wishes) -> Sequence[str]:
    remarks = []
    for name in found.assignments:
        scores = {s.id: found.points(s, name, wishes) or 0.0 for s in found.students}
        over = [student for student, score in scores.items() if score > found.worth[name]]
        if over:
            remarks.append(
                f"{name}: more than all points for {some(over)} (extra credit). Moodle refuses a file with a "
                "grade over the item's maximum: raise the maximum, or have unlimited grades allowed."
            )
    return remarks


def _pairs(first: Sequence[str], second: Sequence[str]) -> list[str]:
    return [text for pair in zip(first, second, strict=True) for text in pair]


# ---- a file that the platform exported ---------------------------------------------------------------


class _Roster:
    """A platform's own export: who is in the course, under which ids, and what its columns are called."""

    def __init__(self, path: Path, platform: str, head: list[str], rows: list[list[str]]):
        self.path, self.head, self.rows = path, head, rows
        self._platform = platform
        self._keys = [key for key in _KEYS[platform] if key in head]

    @classmethod
    def read(cls, path: Path, platform: str) -> _Roster:
        """Raises CourseError when the file can't be read, or is not the platform's."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as problem:
            raise CourseError(f"{path}: {problem.strerror}.") from None
        except UnicodeDecodeError:
            raise CourseError(
                f"{path}: not UTF-8. Give the file as {platform.title()} exported it."
            ) from None
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        head, *rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) or [[]]
        head = [name.strip() for name in head]
        roster = cls(path, platform, head, [row for row in rows if len(row) == len(head)])
        missing = [name for name in _NEEDED[platform] if name not in head]
        if missing or not roster._keys:
            lacks = " and ".join(map(repr, missing)) or " or ".join(map(repr, _KEYS[platform]))
            raise CourseError(
                f"{path}: no column {lacks}. Give the file as {platform.title()} exported it, in English."
            )
        return roster

    def column(self, assignment: str, title: str) -> int:
        """The place of an assignment's column. Raises CourseError where there is not exactly one."""
        known = {place: name for place, name in enumerate(self.head) if self._may_be_assignment(place)}
        found = [place for place, name in known.items() if title in (name, _title(name, self._platform))]
        if len(found) == 1:
            return found[0]
        what = "several columns" if found else "no column"
        raise CourseError(
            f"{self.path}: {what} for {title!r}. There are: {'; '.join(known.values()) or 'none'}. Say which "
            f'with: --column {assignment}="TITLE"'
        )

    def _may_be_assignment(self, place: int) -> bool:
        name = self.head[place]
        if self._platform == "canvas":
            return place > self.head.index("Section") and not _CANVAS_TOTALS.search(name)
        return name not in _MOODLE_OTHER and not name.endswith("(Feedback)")

    def matches(self, students: Sequence[Student]) -> list[tuple[Student, list[str]]]:
        """The students with their rows, in the file's order. One row serves one student."""
        found = {}
        for student in students:
            place = self._find(student)
            if place is not None and place not in found:
                found[place] = student
        return [(found[place], self.rows[place]) for place in sorted(found)]

    def remarks(self, students: Sequence[Student]) -> list[str]:
        """Who is not in the file."""
        there = {student.id for student, _ in self.matches(students)}
        lost = [student.id for student in students if student.id not in there]
        if not lost:
            return []
        return [
            f"{self.path}: no row for {counted(len(lost), 'student')} ({some(lost)}); left out. Rows are "
            f"found by {', '.join(self._keys)}. Give what is there with: nbgrader db student add STUDENT "
            "--lms-user-id ID --email ADDRESS"
        ]

    def _find(self, student: Student) -> int | None:
        """The row of a student: by the platform's id, by login, by e-mail; only where one row alone fits."""
        known = {"lms_user_id": student.lms_user_id, "id": student.id, "email": student.email}
        for name, keys in _MEANS[self._platform].items():
            wanted = known[name].casefold()
            columns = [self.head.index(key) for key in keys if key in self.head]
            places = [
                n
                for n, row in enumerate(self.rows)
                if wanted and any(row[column].strip().casefold() == wanted for column in columns)
            ]
            if len(places) == 1:
                return places[0]
        return None


# which columns can hold what nbgrader knows of a student
_MEANS = {
    "canvas": {
        "lms_user_id": ("ID", "SIS User ID"),
        "id": ("SIS User ID", "SIS Login ID"),
        "email": ("SIS Login ID",),
    },
    "moodle": {
        "lms_user_id": ("ID number",),
        "id": ("Username", "ID number"),
        "email": ("Email address",),
    },
}
_KEYS = {"canvas": ("ID", "SIS User ID", "SIS Login ID"), "moodle": _MOODLE_KEYS}
_NEEDED: dict[str, tuple[str, ...]] = {"canvas": ("ID", "Section"), "moodle": ()}
_MOODLE_OTHER = {
    *(*_MOODLE_NAMES, *_MOODLE_KEYS),
    *("Institution", "Department", "Last downloaded from this course"),
}


def _title(head: str, platform: str) -> str:
    """What is left of a column's head without what the platform puts around a title."""
    if platform == "canvas":
        return re.sub(r"\s\(\d+\)$", "", head)
    return re.sub(r"^(Assignment|Manual item): ?|\s\((Real|Percentage|Letter)\)$", "", head)


def _float(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
