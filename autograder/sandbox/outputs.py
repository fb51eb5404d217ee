"""Outputs of student code, made harmless where they arrive: text, plain tables and PNG pictures.

The student's process says what its outputs are, so their form is checked and their size is limited here
again. What is kept has nothing in it that could act: no script, no handler, no address to fetch.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from html.parser import HTMLParser
from typing import Any

from .limits import LIMITS

_TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
_SILENT = {"style", "script"}


def well_formed(text: Any, most: int) -> str:
    """`text` as text that can be written to a file, cut at `most` characters; empty if it is no text."""
    if not isinstance(text, str):
        return ""
    return text[:most].encode("utf-8", "replace").decode()


_ACTIVE_MATH = re.compile(
    r"\\(?=(?:href|url|require|class|style|cssId|html\w*|include\w*|(?:re)?newcommand|def|let|unicode|mml\w*)\b)"
)


def calm_math(text: str) -> str:
    """`text` in which formulas can't link, load or define anything: such commands lose their backslash."""
    return _ACTIVE_MATH.sub("", text)


def harmless(outputs: Any) -> list[dict[str, Any]]:
    """The outputs of one cell (nbformat 4) with what is no output, too large or active left out."""
    kept: list[dict[str, Any]] = []
    left = {"text": LIMITS.output + 200, "displays": LIMITS.displays}
    for output in outputs[:1000] if isinstance(outputs, list) else []:
        clean = _one(output, left) if isinstance(output, dict) else None
        if clean is not None:
            kept.append(clean)
    return kept


def _one(output: dict[str, Any], left: dict[str, int]) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _spend(output.get("text"), left)}
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": "error",
            "ename": well_formed(output.get("ename"), 200),
            "evalue": well_formed(output.get("evalue"), 2000),
            "traceback": [_spend(line, left) for line in lines[:50]] if isinstance(lines, list) else [],
        }
    if kind not in ("display_data", "execute_result") or left["displays"] <= 0:
        return None
    left["displays"] -= 1
    data = output.get("data")
    kept: dict[str, Any] = {"output_type": kind, "data": _data(data, left) if isinstance(data, dict) else {}}
    kept["metadata"] = {}
    return {**kept, "execution_count": None} if kind == "execute_result" else kept


def _spend(text: Any, left: dict[str, int]) -> str:
    """`text`, as far as the cell's allowance of text goes."""
    kept = well_formed(text, max(0, left["text"]))
    left["text"] -= len(kept)
    return kept


def _data(data: dict[str, Any], left: dict[str, int]) -> dict[str, str]:
    kept = {}
    if "text/plain" in data:
        kept["text/plain"] = _spend(data["text/plain"], left)
    if "text/html" in data and (table := plain_table(_spend(data["text/html"], left))):
        kept["text/html"] = table
    if "image/png" in data and (picture := _picture(data["image/png"])):
        kept["image/png"] = picture
    return kept


def _picture(text: Any) -> str:
    if not isinstance(text, str) or len(text) > LIMITS.display_size:
        return ""
    try:
        raw = base64.b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(raw).decode() if raw.startswith(b"\x89PNG\r\n\x1a\n") else ""


def plain_table(page: str) -> str:
    """The table in `page`, built anew from the names of its tags and its text; empty if there is none."""
    reader = _TableReader()
    reader.feed(page)
    reader.close()
    return "".join(reader.parts) if "table" in reader.seen else ""


class _TableReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.seen: set[str] = set()
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent += tag in _SILENT
        if tag in _TABLE:
            self.seen.add(tag)
            self.parts.append('<table class="dataframe">' if tag == "table" else f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT
        if tag in _TABLE:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if "table" in self.seen and not self._silent:
            self.parts.append(html.escape(calm_math(data)))
