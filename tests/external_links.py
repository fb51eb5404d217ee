"""Asks every address that the documentation and the list of sources link to, and says which are broken.

    python tests/external_links.py [PAGE...]

It needs a network, so that it is no part of the tests. Exit codes: 0 none is broken, 1 some are.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import itertools
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urldefrag, urlsplit

from documents import ROOT, Page, pages

SOURCES = Path("data/sources.csv")
_PLACEHOLDER = re.compile(r"//(OWNER|[^/]*\bexample\.(org|com|net)|localhost|127\.)|OWNER/NAME")
_REFUSED = {401, 403, 405, 406, 418, 429, 451, 501, 503, 999}  # some sites answer people, and programs so
_AGENT = "Mozilla/5.0 (compatible; link check of Reading a Crisis with Data)"

Verdict = Literal["good", "moved", "refused", "broken"]


@dataclass(frozen=True)
class Answer:
    """What came of asking an address. "refused": a person has to look; "moved": `why` is the new address."""

    verdict: Verdict
    why: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    found = addresses(args.pages)
    with ThreadPoolExecutor(args.at_once) as pool:
        sites = pool.map(_ask_all, _by_site(found), itertools.repeat(args.timeout))
        answers = dict(itertools.chain.from_iterable(sites))
    for address, answer in sorted(answers.items(), key=lambda item: (item[1].verdict, item[0])):
        print(f"{answer.verdict:<8} {address}  {answer.why}".rstrip())
        if answer.verdict != "good":
            print(f"{'':<8} in {', '.join(sorted(found[address]))}")
    broken = sum(answer.verdict == "broken" for answer in answers.values())
    refused = sum(answer.verdict == "refused" for answer in answers.values())
    print(f"{len(answers)} addresses: {broken} broken; {refused} refused, so look at them in a browser.")
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python tests/external_links.py", description=about)
    every = "default: every page, and the list of sources"
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help=every)
    parser.add_argument("--timeout", type=float, default=20, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument("--at-once", type=int, default=8, metavar="N", help="sites; default: %(default)s")
    return parser


def addresses(chosen: Sequence[Path] = ()) -> dict[str, set[str]]:
    """Every address, without its anchor, and the pages that link to it. Placeholders are left out."""
    read = [Page.read(path) for path in chosen] or pages().values()
    linked = [(link, str(page.path)) for page in read for link in page.addresses]
    if not chosen:
        with (ROOT / SOURCES).open(encoding="utf-8", newline="") as file:
            linked += [(row["location"].split(" ")[0], str(SOURCES)) for row in csv.DictReader(file)]
    found: dict[str, set[str]] = {}
    for link, page in linked:
        if link.startswith(("http://", "https://")) and not _PLACEHOLDER.search(link):
            found.setdefault(urldefrag(link).url, set()).add(page)
    return found


def _by_site(found: Iterable[str]) -> list[list[str]]:
    """The addresses of each site together: a site is asked one thing at a time."""
    sites: dict[str, list[str]] = {}
    for address in sorted(found):
        sites.setdefault(urlsplit(address).netloc, []).append(address)
    return list(sites.values())


def _ask_all(found: list[str], timeout: float) -> list[tuple[str, Answer]]:
    return [(address, ask(address, timeout)) for address in found]


def ask(address: str, timeout: float) -> Answer:
    """Ask for the head of a page, and for the page where that is not enough."""
    first = _ask("HEAD", address, timeout)
    return first if first.verdict in ("good", "moved") else _ask("GET", address, timeout)


def _ask(method: str, address: str, timeout: float) -> Answer:
    request = urllib.request.Request(address, method=method, headers={"User-Agent": _AGENT, "Accept": "*/*"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            here = answer.geturl()
    except urllib.error.HTTPError as error:
        return Answer("refused" if error.code in _REFUSED else "broken", f"{error.code} {error.reason}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer("broken", str(getattr(error, "reason", "")) or str(error) or type(error).__name__)
    return Answer("good") if urldefrag(here).url == address else Answer("moved", f"now {here}")


if __name__ == "__main__":
    sys.exit(main())
