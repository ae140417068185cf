"""What mkdocs does for the site besides: the list of pages is completed, files have their names, pictures are drawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_MADE_BY = re.compile(r"\A<!-- Made by [^\n]* -->\n+")
_NAMED = re.compile(r"^<!-- (?:file: )?([\w./-]*\.[\w-]+)[^\n]* -->\n```(\w+)$", re.MULTILINE)
_SHORT = re.compile(r"<code>(?=[^<\s]{1,24}</code>)")
_PICTURE = re.compile(r"^!\[[^\]]*\]\((pictures/[\w-]+\.svg)\)$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Put every rule's page below the list of rules, and every page that the list does not name at its end."""
    folder = Path(config.docs_dir)
    named = re.findall(r"[\w/-]+\.md", str(config.nav))
    for entry in config.nav:
        if "Rules" in entry:
            entry["Rules"] += [f"rules/{page.name}" for page in sorted(folder.glob("rules/TSL*.md"))]
    config.nav += [page.name for page in sorted(folder.glob("*.md")) if page.name not in named]
    return config


def on_page_markdown(markdown: str, config: Any, **_: Any) -> str:
    """The name of a file is shown over it, and pictures become a part of the page: so they follow its colours.

    A page has its heading as its title only if nothing stands before it.
    """

    def drawn(match: re.Match[str]) -> str:
        return f"<figure>\n{(Path(config.docs_dir) / match[1]).read_text(encoding='utf-8').strip()}\n</figure>"

    named = _NAMED.sub(r'``` { .\2 title="\1" }', _MADE_BY.sub("", markdown))
    return _PICTURE.sub(drawn, named)


def on_page_content(html: str, **_: Any) -> str:
    """Short code can be told from long: on a phone `--fix` is not broken after a hyphen."""
    return _SHORT.sub('<code class="short">', html)
