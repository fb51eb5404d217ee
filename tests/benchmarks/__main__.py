"""Measures grading and the student's side on this machine, in one run, and prints tables.

    python tests/benchmarks [--quick] [--size N] [--only PART] [--json FILE] [--markdown FILE]

README.md beside this file says what each line means.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # as in the tests: `benchmarks`, `classes`

from benchmarks.graders import PROGRAMS
from benchmarks.parts import PARTS, Plan
from benchmarks.tables import machine

_QUICK = {"size": 6, "repeats": 1, "growth": [3, 6, 12]}
_FULL = {"size": 100, "repeats": 3, "growth": [10, 100, 1000, 3000]}


def main() -> int:
    args = _parser().parse_args()
    chosen = {**(_QUICK if args.quick else _FULL)}
    chosen |= {name: getattr(args, name) for name in chosen if getattr(args, name)}
    warnings.simplefilter("ignore")
    os.environ["PATH"] = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    start, about = time.monotonic(), machine()
    texts = ["\n".join(f"* {name}: {said}" for name, said in about.items())]
    print(texts[0], flush=True)
    data: dict[str, object] = {"machine": about, "plan": chosen, "tables": (tables := [])}
    with _folder(args.keep) as folder:
        plan = Plan(
            args.assignment, **chosen, profile=args.profile, folder=folder, cache=_cache(), tell=_tell
        )
        for name in args.only or PARTS:
            for table in PARTS[name](plan):
                texts.append(table.text())
                tables.append({"part": name, "title": table.title, "rows": table.rows, "notes": table.notes})
                print(f"\n{texts[-1]}", flush=True)
                if args.json:  # after each table, so that a run that is stopped leaves what it has
                    args.json.write_text(json.dumps(data, indent=1), encoding="utf-8")
                if args.markdown:
                    args.markdown.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    _tell(f"done after {(time.monotonic() - start) / 60:.0f} minutes")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, once: shows that it works")
    parser.add_argument("--size", type=int, metavar="N", help="submissions to compare graders with")
    parser.add_argument("--repeats", type=int, metavar="N", help="how often each is measured")
    parser.add_argument("--growth", type=_sizes, metavar="N,N,...", help="sizes of the growing classes")
    parser.add_argument(
        "--only", action="append", choices=list(PARTS), help="only this part; can be repeated"
    )
    parser.add_argument("--assignment", default="03_oil_exports", metavar="A", help="default: %(default)s")
    parser.add_argument("--profile", action="store_true", help="also say where this engine's time goes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of all runs")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in this new folder and leave it there")
    return parser


def _sizes(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _cache() -> Path:
    """Where otter-grader's environment stays from one run to the next."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder-benchmarks"


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="autograder-benchmarks-") as folder:
        yield Path(folder)


def _tell(what: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
