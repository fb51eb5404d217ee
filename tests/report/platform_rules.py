"""What Canvas and Moodle do with an imported file, written from their importers and from nothing of ours.

Canvas: lib/gradebook_importer.rb in github.com/instructure/canvas-lms (open source, as read in 2025).
Moodle: grade/import/csv/classes/load_data.php in github.com/moodle/moodle, and the scenarios in
grade/tests/behat/grade_import.feature; docs.moodle.org/en/Grade_import.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field


class Refused(Exception):
    """The platform imports nothing of the file."""


@dataclass
class CanvasCourse:
    """`students`: by Canvas id, their SIS user id, login and sortable name. `assignments`: by id, title and
    points. `grades`: by student and assignment, as they stand."""

    students: dict[int, tuple[str, str, str]]
    assignments: dict[int, tuple[str, float]]
    grades: dict[tuple[int, int], str] = field(default_factory=dict)
    new_assignments: list[str] = field(default_factory=list)
    unknown_students: list[str] = field(default_factory=list)

    def load(self, text: str) -> None:
        """Import a file as an instructor does who accepts what Canvas proposes."""
        rows = [
            [_decimal(cell) for cell in row]
            for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text))
            if row and not re.fullmatch(r"[;, ]+", ",".join(row))
        ]
        head, *rest = rows
        places = self._columns(head)
        for row in rest:
            if "Points Possible" in row[0]:
                continue
            if all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.IGNORECASE) for cell in row):
                continue
            student = self._student(row)
            if student is None:
                self.unknown_students.append(row[0])
                continue
            for assignment, place in places.items():
                grade = row[place].strip()
                if grade:
                    self.grades[student, assignment] = grade
                else:
                    self.grades.pop((student, assignment), None)

    def _columns(self, head: list[str]) -> dict[int, int]:
        if not (len(head) > 3 and "Student" in head[0] and "ID" in head[1]):
            raise Refused("Invalid header row")
        self._sis = self._login = None
        count = 3
        if re.search(r"SIS\s+Login\s+ID", head[2]):
            self._login, count = 2, 4
        elif re.search(r"SIS\s+User\s+ID", head[2]) and re.search(r"SIS\s+Login\s+ID", head[3]):
            self._sis, self._login, count = 2, 3, 5
            if re.search(r"Integration\s+ID", head[4]):
                count = 6
            if re.search(r"Root\s+Account", head[count - 1]):
                count += 1
        if "Section" not in head[count - 1]:
            raise Refused("Invalid header row")
        totals = r"Current Score|Current Points|Current Grade|Final Score|Final Points|Final Grade|Override"
        places = {}
        for place, name in list(enumerate(head))[count:]:
            if re.search(totals, name):
                continue
            title_and_id = re.fullmatch(r"(.*)\s\((\d+)\)", name)
            found = (
                int(title_and_id[2]) if title_and_id and int(title_and_id[2]) in self.assignments else None
            )
            same = [number for number, (title, _) in self.assignments.items() if title == name]
            found = found if found is not None else next(iter(same), None)
            if found is None:
                self.new_assignments.append(title_and_id[1] if title_and_id else name)
            else:
                places[found] = place
        return places

    def _student(self, row: list[str]) -> int | None:
        leading = re.match(r"\s*\d+", row[1])
        if leading and int(leading[0]) in self.students:
            return int(leading[0])
        for number, (sis, login, _) in self.students.items():
            if self._sis is not None and row[self._sis] and row[self._sis] == sis:
                return number
            if self._login is not None and row[self._login] and row[self._login] == login:
                return number
        return next((number for number, who in self.students.items() if who[2] == row[0]), None)


def _decimal(cell: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *whole, last = re.split(r"[,.]", cell)
    return f"{''.join(whole)}.{last}" if whole else last


def _delimiter(text: str) -> str:
    counts = {}
    for separator in ";,":
        sizes = {len(row) for row in csv.reader(text.splitlines()[:3], delimiter=separator)}
        counts[separator] = sizes.pop() if len(sizes) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


@dataclass
class MoodleCourse:
    """`users`: by id, their fields username, email, idnumber. `items`: by name, the maximum. `grades` and
    `feedback`: by user and item, as they stand."""

    users: dict[int, dict[str, str]]
    items: dict[str, float]
    grades: dict[tuple[int, str], float | None] = field(default_factory=dict)
    feedback: dict[tuple[int, str], str] = field(default_factory=dict)

    def load(self, text: str, column: str, user_field: str, mapping: dict[str, str]) -> None:
        """Import a file: `column` identifies users by `user_field`; `mapping` says what other columns are:
        an item's name, or `feedback:NAME`. Raises Refused when anything is wrong: then nothing changes."""
        head, *rows = list(csv.reader(io.StringIO(text)))
        if column not in head or not set(mapping) <= set(head):
            raise Refused(f"no such column among {head}")
        grades, feedback = dict(self.grades), dict(self.feedback)
        user = None
        for row in rows:
            if len(row) != len(head):
                raise Refused("a row of another length")
            cells = {name: cell.strip() for name, cell in zip(head, row, strict=True)}
            if cells[column]:
                user = self._user(user_field, cells[column])
            if user is None:
                raise Refused("User mapping error: Could not find user")
            for name, target in mapping.items():
                if target.startswith("feedback:"):
                    feedback[user, target.removeprefix("feedback:")] = cells[name]
                else:
                    grades[user, target] = self._grade(cells[name], target)
        self.grades, self.feedback = grades, feedback

    def _user(self, user_field: str, value: str) -> int:
        found = [number for number, fields in self.users.items() if fields.get(user_field) == value]
        if len(found) != 1:
            raise Refused(f"User mapping error: could not find user with {user_field} of {value}")
        return found[0]

    def _grade(self, text: str, item: str) -> float | None:
        if text in ("", "-"):
            return None
        if not re.fullmatch(r"-?\d+(\.\d+)?", text):
            raise Refused("badgrade: the grade is invalid")
        if float(text) > self.items[item]:
            raise Refused(
                f"One of the grade values is larger than the allowed grade maximum of {self.items[item]}"
            )
        return float(text)
