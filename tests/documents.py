"""The pages that the project is read by, taken apart: links, headings, and what a reader is to type."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import mistune
import nbformat

ROOT = Path(__file__).resolve().parents[1]

_markdown = mistune.create_markdown(renderer="ast", plugins=["table", "url"])
_WEB = ("https://", "http://")


@dataclass(frozen=True)
class Code:
    """A piece of code: `language` as its fence says, "" for a fence without one, None inside a sentence."""

    text: str
    language: str | None


@dataclass(frozen=True)
class Page:
    """A Markdown file, or the Markdown cells of a notebook. `path` starts at the repository's root."""

    path: Path
    nodes: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Page:
        text = (ROOT / path).read_text(encoding="utf-8")
        cells = nbformat.reads(text, nbformat.NO_CONVERT).cells if path.suffix == ".ipynb" else None
        parts = [text] if cells is None else [c.source for c in cells if c.cell_type == "markdown"]
        return cls(path, [node for part in parts for node in _all_nodes(_tree(part))])

    @property
    def links(self) -> list[str]:
        """The targets of links and pictures, also of those in HTML."""
        found = [node["attrs"]["url"] for node in self.nodes if node["type"] in ("link", "image")]
        html = "".join(node["raw"] for node in self.nodes if node["type"] in ("block_html", "inline_html"))
        return [*found, *_attributes(html, "href", "src")]

    @property
    def addresses(self) -> list[str]:
        """The links that lead out of the repository."""
        return [link for link in self.links if link.startswith(_WEB)]

    @property
    def relative_links(self) -> list[str]:
        return [link for link in self.links if not link.startswith(_WEB)]

    @property
    def said_of_links(self) -> list[str]:
        """What stands in place of each link or picture for those who hear the page."""
        return [_text(node).strip() for node in self.nodes if node["type"] in ("link", "image")]

    @property
    def levels(self) -> list[int]:
        """The levels of the headings, 1 to 6."""
        return [node["attrs"]["level"] for node in self.nodes if node["type"] == "heading"]

    @property
    def anchors(self) -> set[str]:
        """The anchors of the headings, as GitHub makes them of their texts."""
        seen: Counter[str] = Counter()
        slugs = set()
        for node in self.nodes:
            if node["type"] == "heading":
                slug = re.sub(r"[^\w\- ]", "", _text(node).lower()).replace(" ", "-")
                slugs.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
                seen[slug] += 1
        return slugs

    @property
    def codes(self) -> list[Code]:
        """All code of the page, in its order."""
        return list(self._codes())

    def _codes(self) -> Iterator[Code]:
        for node in self.nodes:
            if node["type"] == "codespan":
                yield Code(node["raw"].replace(r"\|", "|"), None)  # a stroke in a table is written so
            elif node["type"] == "block_code":
                yield Code(node["raw"], node.get("attrs", {}).get("info", "").partition(" ")[0])


@cache
def files() -> frozenset[Path]:
    """The files that git keeps, and new ones that it does not ignore; as paths from the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return frozenset(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


@cache
def pages() -> dict[Path, Page]:
    """Every Markdown file and notebook of the repository, by its path."""
    chosen = sorted(path for path in files() if path.suffix in (".md", ".ipynb"))
    return {path: Page.read(path) for path in chosen}


def _tree(text: str) -> list[dict[str, Any]]:
    tree = _markdown(text)
    assert isinstance(tree, list)
    return tree


def _all_nodes(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _all_nodes(node.get("children", []))


def _text(node: dict[str, Any]) -> str:
    """What a reader sees of a heading."""
    return "".join(part.get("raw", "") for part in _all_nodes([node]))


def _attributes(html: str, *names: str) -> list[str]:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name in names and value)

    Reader().feed(html)
    return found
