"""Grading for the course "Reading a Crisis with Data".

Rooms: `check` (in the student's kernel), `author` (source to release), `sandbox` (walls for student
code), `grade` (assemble, run, judge, record) and `cli`. Imports point one way: `check` imports none of
the others, so that it also runs in Binder and in the browser.
"""

__version__ = "0.1.0"
