"""Errors that a person can put right."""

from __future__ import annotations


class CourseError(Exception):
    """Something in the course has to be put right. The text names the file and says what to do."""
