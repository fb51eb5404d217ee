"""The public corpus: nobody gains a point, nobody loses one, no neighbour and nothing outside is touched.

    python -m pytest tests/hostile -q -s

prints the totals in one line.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile.conftest import CASES, Corpus
from hostile_corpus import FULL, NEIGHBOUR_SECRET, NEVER_SHOWN, POINTS, Case

LARGEST_PAGE = 50 << 20  # bytes; what LIMITS allow for text and pictures of the cells of this notebook

MARKS = [text for text in (*NEVER_SHOWN, NEIGHBOUR_SECRET) if not text.isdigit()]

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def gained(corpus: Corpus, case: Case) -> dict[str, float]:
    """The points above what an honest teacher gives, by exercise."""
    scores = corpus.scores.get(case.name, {})
    return {name: score for name, score in scores.items() if score and name in case.lost - case.either}


def lost(corpus: Corpus, case: Case) -> dict[str, float]:
    """The points that are missing, by exercise."""
    scores = corpus.scores.get(case.name, dict.fromkeys(POINTS, 0.0))
    fair = POINTS.keys() - case.lost - case.either
    return {name: POINTS[name] - (scores[name] or 0.0) for name in fair if scores[name] != POINTS[name]}


def harmed(corpus: Corpus) -> list[str]:
    """Honest students without full points, and moments at which the batch ended or gave no result."""
    return [
        name for name in corpus.honest if sum(corpus.scores.get(name, {}).values()) != FULL
    ] + corpus.stops


def side_effects(corpus: Corpus) -> list[str]:
    """Whatever was found outside, what attacks said that they reached, and what pages should not hold."""
    found = list(corpus.side_effects)
    for case in CASES.values():
        found += [f"{case.name}: {what}" for what in (*corpus.breaches(case.name), *faults(corpus, case))]
    return found


def faults(corpus: Corpus, case: Case) -> list[str]:
    """What is wrong with the pages of a case, and with the graded notebook that formgrader shows."""
    honest = [page_of(path) for path in corpus.pages["honest-1"]]
    found = [] if corpus.pages[case.name] else ["has no feedback page"]
    for output in corpus.outputs(case.name):
        data = output.get("data", {})
        found += [
            f"an output of kind {kind}" for kind in data.keys() - {"text/plain", "text/html", "image/png"}
        ]
        found += [f"{what} in an output" for what in Page().read(data.get("text/html", "")).acts]
        found += ["metadata of an output"] if output.get("metadata") else []
    for path in corpus.pages[case.name]:
        if path.stat().st_size > LARGEST_PAGE:
            found.append(f"a page of {path.stat().st_size >> 20} MB")
            continue
        page = page_of(path)
        never = (*NEVER_SHOWN, NEIGHBOUR_SECRET, *case.never)
        found += [f"{text!r} is on {path.parts[-4]}" for text in never if text in page.text]
        found += [f"{text!r} is in {path.parts[-4]}" for text in MARKS if text in path.read_text("utf-8")]
        found += [
            f"{what} is on {path.parts[-4]}" for what in page.acts - set().union(*(p.acts for p in honest))
        ]
    return found


class Page(HTMLParser):
    """What of a page could act (`acts`), and its `text` as a reader sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: set[str] = set()
        self.text = ""
        self._parts: list[str] = []
        self._inside: list[str] = []

    def read(self, html: str) -> Page:
        self.feed(html)
        self.close()
        self.text = "".join(self._parts)
        return self

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "pre", "code"):
            self._inside.append(tag)
        if tag in ("iframe", "object", "embed", "form", "base", "meta", "link", "svg", "video", "audio"):
            self.acts.add(f"<{tag} {sorted(attrs)}>"[:200])
        for name, value in attrs:
            address = re.sub(r"[\x00-\x20]", "", value or "").casefold()
            if name.startswith("on") or (name == "style" and ("url" in address or "fixed" in address)):
                self.acts.add(f"<{tag} {name}={value!r}>"[:200])
            if name in ("src", "srcset", "background", "action", "formaction", "data", "poster") and not (
                address.startswith("data:image/png;base64,")
            ):
                self.acts.add(f"<{tag} {name}={value!r}>"[:200])
            if "href" in name and re.match(r"(?!https?:|mailto:|#)[a-z0-9+.%&;-]*(:|%3a)", address):
                self.acts.add(f"<{tag} {name}={value!r}>"[:200])

    def handle_endtag(self, tag: str) -> None:
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if "script" in self._inside or "style" in self._inside:
            if "script" in self._inside and data.strip():
                self.acts.add(f"<script>{data.strip()[:100]}")
            return
        self._parts.append(data)
        if not self._inside:  # MathJax reads all but code
            self.acts |= {
                f"TeX {found}" for found in re.findall(r"\\(?:href|require|style|class|cssId)\b", data)
            }


@cache
def page_of(path: Path) -> Page:
    return Page().read(path.read_text(encoding="utf-8"))


# ---- one test a case -------------------------------------------------------------------------------


@cases
def test_nothing_is_gained_and_nothing_is_lost(corpus: Corpus, case: Case) -> None:
    assert case.name in corpus.scores, f"no grade: {[s for s in corpus.stops if case.name in s]}"
    assert not gained(corpus, case)
    assert not lost(corpus, case)
    score, by_hand = corpus.written[case.name]
    assert (score, by_hand) == ((None, True) if case.written else (0.0, False)), "the written answer"


@cases
def test_pages_are_harmless_and_attacks_reach_nothing(corpus: Corpus, case: Case) -> None:
    assert not corpus.breaches(case.name)
    assert not faults(corpus, case)


# ---- all together ----------------------------------------------------------------------------------


def test_no_neighbour_is_touched(corpus: Corpus) -> None:
    assert not harmed(corpus)
    assert len(corpus.honest) > 3


def test_nothing_is_left_outside(corpus: Corpus) -> None:
    assert not corpus.side_effects


def test_graded_folders_hold_the_notebook_alone(corpus: Corpus) -> None:
    found = {
        path.name for path in corpus.course.autograded("*", "*").parent.parent.rglob("*") if path.is_file()
    }
    assert found <= {"a1.ipynb", "timestamp.txt", "submission_secret.txt"}


def test_who_hands_in_nothing_readable_is_told_why(corpus: Corpus) -> None:
    unreadable = [case for case in CASES.values() if case.kind == "files" and not case.written]
    assert len(unreadable) > 20
    for case in unreadable:
        assert "How this notebook was read and run" in page_of(corpus.pages[case.name][0]).text


def test_honest_pages_say_what_they_should(corpus: Corpus) -> None:
    for name in corpus.honest:
        assert NEIGHBOUR_SECRET in page_of(corpus.pages[name][0]).text
        assert "total: right." in page_of(corpus.pages[name][0]).text


def test_a_page_with_something_active_would_be_noticed() -> None:
    html = (
        "<p onclick=x><img src='//e/x'><a href='java\nscript:x'>y</a><script>z()</script> $\\href{x}{y}$</p>"
    )
    assert len(Page().read(html).acts) == 5
    calm = "<a href='http://x.example/a:b'>y</a><a href='#a:b'>z</a><img src='data:image/png;base64,x'>"
    calm += "<pre>\\href</pre>"
    assert not Page().read(calm).acts


def test_attacks_still_bite() -> None:
    """Attacks name parts of the sandbox; where those are renamed, the attacks must be too."""
    from autograder.check.keys import Verdict, compare
    from autograder.sandbox import wire

    assert callable(wire.send)
    assert callable(wire.pack)
    assert callable(compare)
    assert Verdict(True, "right").right


def test_the_totals(corpus: Corpus) -> None:
    points = sum(sum(gained(corpus, case).values()) for case in CASES.values())
    missing = sum(sum(lost(corpus, case).values()) for case in CASES.values())
    neighbours, outside = len(harmed(corpus)), len(side_effects(corpus))
    slowest = max(corpus.seconds, key=lambda name: corpus.seconds[name])
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(c.kind for c in CASES.values()).items())
    print(
        f"\nhostile corpus: {len(CASES)} submissions, {points:g} points gained, {missing:g} lost, "
        f"{neighbours} neighbours, {outside} side effects, "
        f"slowest {corpus.seconds[slowest]:.0f} s ({slowest})"
        f"\n({kinds}; {len(corpus.honest)} honest students in between)"
    )
    assert (points, missing, neighbours, outside) == (0, 0, 0, 0)
