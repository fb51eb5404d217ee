"""The cells of a graded notebook as HTML in which nothing acts: no script, no handler, nothing to fetch."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from bleach import ALLOWED_TAGS, clean
from bleach.css_sanitizer import CSSSanitizer
from markupsafe import Markup, escape
from mistune import import_plugin
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from ..sandbox.outputs import harmless

_LONGEST_COLOURED = 25_000  # characters: longer code is shown without colours

# ---- text --------------------------------------------------------------------------------------------

_TAGS = {
    *ALLOWED_TAGS,
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "pre", "img"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "dl", "dt", "dd"),
    *("details", "summary", "figure", "figcaption", "del", "s", "u", "sub", "sup", "kbd", "mark"),
}
_PLUGINS = ("strikethrough", "table", "url", "def_list")
_LINK = re.compile(r"https?://|mailto:|#(?!harmful-link)")  # mistune's name for what it takes out
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=]+")
_SOURCE = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*["']?)([^"'\s>:]+)""", re.IGNORECASE)
# a wide table can be moved, also by keyboard, where the page is narrow
_WIDE = '<div class="wide" role="group" aria-label="Table" tabindex="0">'
_CSS = CSSSanitizer(allowed_css_properties=["text-align"])


def _is_link(_: str, name: str, value: str) -> bool:
    return name == "href" and bool(_LINK.match(value))


def _is_picture(_: str, name: str, value: str) -> bool:
    return name == "alt" or (name == "src" and bool(_PICTURE.fullmatch(value)))


_ATTRIBUTES: dict[str, Any] = {
    "*": ["class", "title", "lang", "dir"],
    "a": _is_link,
    "img": _is_picture,
    "th": ["style", "colspan", "rowspan", "scope"],
    "td": ["style", "colspan", "rowspan"],
    "ol": ["start"],
    "details": ["open"],
}


def _calm(page: str) -> Markup:
    """`page` with allowed tags only; others stand there as text."""
    protocols = ["http", "https", "mailto", "data"]
    kept = clean(page, tags=_TAGS, attributes=_ATTRIBUTES, protocols=protocols, css_sanitizer=_CSS)
    kept = re.sub(r"(?=<table)", _WIDE, _with_scopes(kept))
    return Markup(kept.replace("</table>", "</table></div>"))


def text_of_course(source: str, folder: Path, attachments: Mapping[str, Any]) -> Markup:
    """A text cell of the author's: Markdown with HTML in it, and pictures from `folder`."""
    return _text_of_course(source, folder, json.dumps(attachments, sort_keys=True))


@lru_cache(maxsize=2000)  # the same cells stand on the page of every student
def _text_of_course(source: str, folder: Path, attachments: str) -> Markup:
    renderer = _Renderer(
        escape=False, embed_images=True, path=str(folder), attachments=json.loads(attachments)
    )
    return _calm(_markdown(source, renderer))


def text_of_person(source: str) -> Markup:
    """A comment, or an answer in words: Markdown in which tags stand as they were typed."""
    return _calm(_markdown(source, _Renderer(escape=True)))


def text_of_answer(source: str) -> Markup:
    """An answer in words as the graded notebook keeps it, that is with marks such as `&lt;` for what could
    act (see `harmless_text` in `grade/record.py`)."""
    return _calm(_markdown(source, _AnswerRenderer(escape=True)))


def _markdown(source: str, renderer: IPythonRenderer) -> str:
    plugins = [import_plugin(name) for name in _PLUGINS]
    return str(MarkdownWithMath(renderer, plugins=plugins).render(source))


class _Renderer(IPythonRenderer):
    def __init__(self, **options: Any) -> None:
        super().__init__(allow_harmful_protocols=False, exclude_anchor_links=True, **options)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        # mistune takes an embedded picture for a harmful address
        if url.startswith("data:"):
            return f'<img src="{html.escape(url)}" alt="{html.escape(text)}">'
        return str(super().image(text, url, title))

    def _html_embed_images(self, page: str) -> str:
        # as the base class does it, but for single pieces of HTML, which may open a tag and not close it
        return _SOURCE.sub(lambda found: f"{found[1]}{self._src_to_base64(found[2]) or found[2]}", page)

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre>{html.escape(code)}</pre>"  # a drawing would need a script


class _AnswerRenderer(_Renderer):
    """Shows marks as the letters that the student typed."""

    def text(self, text: str) -> str:
        return html.escape(html.unescape(text))

    def codespan(self, text: str) -> str:
        return f"<code>{html.escape(html.unescape(text))}</code>"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{html.escape(html.unescape(code))}</code></pre>"


def _with_scopes(page: str) -> str:
    """`page` with a scope for each header of a table, which screen readers read out."""
    page = re.sub(r"<th(?: scope=\"\w+\")?((?: [^>]*)?)>\s*</th>", r"<td\1></td>", page)
    head, body = r'<th scope="col"', r'<th scope="row"'
    parts = re.split(r"(<thead>.*?</thead>)", page, flags=re.DOTALL)
    return "".join(
        re.sub(r"<th(?![\w-])(?! scope)", head if part.startswith("<thead>") else body, part)
        for part in parts
    )


class Outline:
    """Puts the headings of cells under one of the page's own, and leaves no level out."""

    def __init__(self, under: int):
        self._under = self._last = under

    def place(self, page: Markup) -> Markup:
        return Markup(re.sub(r"<(/?)h([1-6])\b", self._moved, page))

    def _moved(self, found: re.Match[str]) -> str:
        if not found[1]:
            self._last = min(int(found[2]) + self._under, self._last + 1, 6)
        return f"<{found[1]}h{self._last}"


_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_FENCED = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)


def heading_in(source: str) -> str:
    """The first heading of a Markdown cell as plain text; empty if there is none."""
    found = _HEADING.search(_FENCED.sub("", source))
    return re.sub(r"[*`]", "", found[1]).strip() if found else ""


# ---- code --------------------------------------------------------------------------------------------


@lru_cache(maxsize=5000)  # setup, tests and untouched answers are the same for everybody
def code(source: str) -> Markup:
    """Code with its colours, as the inside of a `pre`."""
    if len(source) > _LONGEST_COLOURED:
        return escape(source)
    return Markup(highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))


# ---- outputs -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One output: `text`, or the `markup` of a table, or the address of a picture (`text`)."""

    kind: Literal["text", "warning", "error", "table", "picture"]
    text: str = ""
    markup: Markup | None = None


def outputs_of(cell: Mapping[str, Any]) -> list[Shown]:
    """What a cell showed. Whoever graded it: what could act is taken out here again."""
    return [shown for output in harmless(cell.get("outputs", [])) if (shown := _shown(output))]


def _shown(output: Mapping[str, Any]) -> Shown | None:
    if output["output_type"] == "stream":
        text = strip_ansi(output["text"]).strip("\n")
        return Shown("warning" if output["name"] == "stderr" else "text", text) if text else None
    if output["output_type"] == "error":
        traceback = strip_ansi("\n".join(output["traceback"]))
        return Shown("error", traceback or f"{output['ename']}: {output['evalue']}")
    data = output["data"]
    if "text/html" in data:
        return Shown("table", markup=Markup(_with_scopes(data["text/html"])))
    if "image/png" in data:
        return Shown("picture", f"data:image/png;base64,{data['image/png']}")
    return Shown("text", strip_ansi(data["text/plain"])) if data.get("text/plain") else None
