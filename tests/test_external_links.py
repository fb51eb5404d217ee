"""The check of external links, tried on a small server of this machine. No other host is asked."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import external_links
import pytest

_over = threading.Event()  # ends what hangs


class _Site(http.server.BaseHTTPRequestHandler):
    """Pages that answer as their names say."""

    def do_HEAD(self) -> None:
        if self.path == "/hangs":
            _over.wait()
        elif self.path == "/cut":
            self.close_connection = True
        elif self.path == "/old":
            self._answer(301, "/good")
        elif self.path == "/circle":
            self._answer(302, "/circle")
        elif self.path == "/no-heads" and self.command == "HEAD":
            self._answer(405)
        else:
            codes = {"/good": 200, "/no-heads": 200, "/people-only": 403, "/trouble": 500}
            self._answer(codes.get(self.path, 404))

    do_GET = do_HEAD

    def _answer(self, code: int, location: str = "") -> None:
        self.send_response(code)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    _over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize(
    ("page", "verdict"),
    [
        ("good", "good"),
        ("no-heads", "good"),
        ("old", "moved"),
        ("people-only", "refused"),
        ("missing", "broken"),
        ("trouble", "broken"),
        ("hangs", "broken"),
        ("cut", "broken"),
        ("circle", "broken"),
    ],
)
def test_each_kind_of_answer(site: str, page: str, verdict: str) -> None:
    answer = external_links.ask(f"{site}/{page}", timeout=1)
    assert (answer.verdict, bool(answer.why)) == (verdict, verdict != "good")


def test_a_site_that_is_gone_is_broken() -> None:
    gone = http.server.HTTPServer(("127.0.0.1", 0), _Site)
    gone.server_close()
    assert external_links.ask(f"http://127.0.0.1:{gone.server_port}/good", timeout=1).verdict == "broken"


def test_the_command_says_which_page_has_a_broken_link(
    site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_links, "_PLACEHOLDER", re.compile("OWNER"))  # the local server is no page's
    fine, bad = tmp_path / "fine.md", tmp_path / "bad.md"
    fine.write_text(
        f"[a]({site}/good#part), <{site}/old>, [b](https://OWNER/x), [c](bad.md)\n\n`{site}/missing`\n"
    )
    bad.write_text(f'[a]({site}/missing)\n\n<a href="{site}/people-only">b</a>\n\n![c]({site}/good)\n')

    assert external_links.main([str(fine), "--timeout", "5"]) == 0
    said = capsys.readouterr().out
    assert f"good     {site}/good\n" in said
    assert f"moved    {site}/old  now {site}/good\n" in said
    assert "2 addresses: 0 broken; 0 refused" in said

    assert external_links.main([str(fine), str(bad), "--timeout", "5"]) == 1
    said = capsys.readouterr().out
    assert f"broken   {site}/missing  404 Not Found\n         in {bad}\n" in said
    assert f"refused  {site}/people-only  403 Forbidden\n         in {bad}\n" in said
    assert "4 addresses: 1 broken; 1 refused" in said


def test_pages_and_sources_have_addresses_and_examples_are_none() -> None:
    found = external_links.addresses()
    article = "https://www.wsws.org/en/articles/2014/06/21/iran-j21.html"
    assert {"README.md", "data/sources.csv", "notebooks/00_start_here.ipynb"} <= found[article]
    assert len(found) > 50
    assert [address for address in found if re.search(r"example\.org|OWNER|127\.0\.0\.1|\s", address)] == []
