"""Every text of the panel can be translated, and no template says something in a way that a stranger could use."""

import re
from pathlib import Path

import pytest

from seon.backend import panel

HERE = Path(panel.__file__).parent
TEMPLATES = sorted(HERE.rglob("*.html"))
_COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", re.S)
_TRANSLATED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.S)
_NOT_SHOWN = re.compile(r"<(script|style|svg)\b.*?</\1>", re.S)
_ICON = re.compile(r'<span class="material-symbols-outlined"[^>]*>[a-z_]*</span>')
_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.S)
_ELEMENT = re.compile(r"<[^<>]*>", re.S)
_SHOWN_ATTRIBUTE = re.compile(r'\b(?:aria-label|title|placeholder|alt|data-label)="([^"]*)"')
_EVALUATED = re.compile(r"""\s(x-[\w:.-]+|@[\w:.-]+|:[\w.-]+|hx-(?:on|vals|headers|vars)[\w:.-]*)=("[^"]*"|'[^']*')""")
_WORD = re.compile(r"[A-Za-z]{2,}")


def bare(text: str) -> list[str]:
    """Return what a template shows without asking for its translation."""
    text = _TRANSLATED.sub(" ", _COMMENT.sub(" ", text))
    text = _ICON.sub(" ", _NOT_SHOWN.sub(" ", text))
    text = _TAG.sub(" ", text)
    shown = _SHOWN_ATTRIBUTE.findall(text) + _ELEMENT.sub("\n", text).split("\n")
    return [piece.strip() for piece in shown if _WORD.search(piece) and not piece.strip().startswith("&")]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(HERE)))
def test_every_text_of_a_template_can_be_translated(template: Path) -> None:
    code = re.sub(r"<code\b[^>]*>.*?</code>", " ", template.read_text(), flags=re.S)  # commands are typed as they are
    assert bare(code) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(HERE)))
def test_no_value_stands_where_the_browser_evaluates_it(template: Path) -> None:
    text = template.read_text()
    found = [match[0].strip() for match in _EVALUATED.finditer(text) if "{{" in match[2]]
    assert found == []
    assert not re.search(r"\|\s*safe\b|{%\s*autoescape\s+off", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


def test_a_bare_text_would_be_found() -> None:
    assert bare("<p>Hello {{ name }}</p>") == ["Hello"]
    assert bare('<input aria-label="Search">') == ["Search"]
    assert bare('<p>{% translate "Hello" %}: {{ x }}, {% blocktranslate %}you{% endblocktranslate %}</p>') == []
