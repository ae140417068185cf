"""The documentation site: it is built without a warning, holds every page, and takes nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT
from lxml import html

PAGES = sorted(page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md"))


def build(folder: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder, *options],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},  # what the theme's authors say of other tools
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return folder


def built(site: Path, page: str) -> html.HtmlElement:
    return html.parse(site / address(page)).getroot()


def address(page: str) -> str:
    """Where a page is in the site."""
    folder, name = os.path.split(page.removesuffix(".md"))
    return "/".join(filter(None, [folder, "" if name in ("index", "README") else name, "index.html"]))


def test_every_page_is_in_the_site_and_in_its_list(site: Path) -> None:
    links = built(site, "index.md").xpath("//nav[contains(@class, 'md-nav--primary')]//a/@href")
    listed = {re.sub(r"^\./|#.*", "", link) for link in links}
    for page in (page for page in PAGES if not page.startswith("examples/")):
        assert (site / address(page)).exists()
        assert address(page).removesuffix("index.html") in listed, page


def test_rules_are_listed_with_their_names(site: Path) -> None:
    links = built(site, "index.md").xpath("//nav[contains(@class, 'md-nav--primary')]//a")
    assert "TSL203 stale-snapshot" in [" ".join(link.text_content().split()) for link in links]


def test_nothing_else_is_published(site: Path) -> None:
    assert not list(site.rglob("site_hooks.py"))
    assert (site / "tensorlint.schema.json").exists()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_from_elsewhere(page: str, site: Path) -> None:
    loaded = built(site, page).xpath("//script/@src | //link[not(@rel='canonical')]/@href | //img/@src | //iframe/@src")
    assert loaded
    assert not [each for each in loaded if "//" in each]


@pytest.mark.parametrize("page", [page for page in PAGES if "pictures/" in (ROOT / "docs" / page).read_text("utf-8")])
def test_pictures_are_part_of_the_page(page: str, site: Path) -> None:
    """So they have the colours of the page, dark or light; and each has a title for those who do not see it."""
    root = built(site, page)
    named = re.findall(r"\(pictures/([\w-]+)\.svg\)", (ROOT / "docs" / page).read_text("utf-8"))
    assert root.xpath("//figure/*[local-name()='svg']/@aria-labelledby") == [f"{name}-title" for name in named]
    for name in named:
        assert root.xpath(f"//*[@id='{name}-title']")[0].text


def test_the_names_of_files_are_shown(site: Path) -> None:
    titles = built(site, "why.md").xpath("//span[@class='filename']/text()")
    assert titles == ["export.py", "tensorlint.toml"]


def test_names_and_options_are_told_from_long_code(site: Path) -> None:
    """So that a phone does not break them in two."""
    short = built(site, "repairs.md").xpath("//p/code[@class='short']/text()")
    assert "--diff" in short
    assert not [each for each in short if " " in each]
    assert "tensorlint fix" in built(site, "repairs.md").xpath("//p/code[not(@class)]/text()")


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    """The settings make mkdocs look at files and anchors."""
    (tmp_path / "docs").mkdir()
    for name in ("site_hooks.py", "site.css"):
        (tmp_path / "docs" / name).write_bytes((ROOT / "docs" / name).read_bytes())
    settings = (ROOT / "mkdocs.yml").read_text("utf-8")
    (tmp_path / "mkdocs.yml").write_text(settings[: settings.index("\nnav:")] + "\nnav: [index.md]\n")
    for link, complaint in (("gone.md", "gone.md"), ("index.md#gone", "#gone")):
        (tmp_path / "docs" / "index.md").write_text(f"# Home\n\n[link]({link})\n")
        done = build(tmp_path / "site", "--config-file", tmp_path / "mkdocs.yml")
        assert done.returncode != 0
        assert complaint in done.stderr
