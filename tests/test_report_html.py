"""The HTML page as text: one file that asks for nothing, runs nothing but its own script and draws the right way."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

import pytest
from lxml import html as parser
from shown import EVIDENCE, FIX, ODD_NAMES, SOURCE, finding, odd, run

from tensorlint.finding import Confidence, Evidence, Finding, Observed, Sight
from tensorlint.report import html
from tensorlint.report.html_drawing import drawing
from tensorlint.report.html_frames import frames
from tensorlint.report.lines import Lines
from tensorlint.report.stops import Stop, stops

STYLE = (files("tensorlint.report") / "page" / "page.css").read_text(encoding="utf-8")


def page(*findings: Finding, source: str = SOURCE) -> parser.HtmlElement:
    text = "".join(html.render(run(*findings, source=source)))
    assert text.isascii()
    return parser.document_fromstring(text)


def texts(root: parser.HtmlElement, selector: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in root.cssselect(selector)]


class TestPage:
    def test_what_a_finding_shows(self) -> None:
        root = page(finding(evidence=EVIDENCE, fix=FIX), finding(path="b.py", confidence=Confidence.LIKELY))
        assert texts(root, "h2")[:2] == ["b.py", "train.py"]
        assert texts(root, "h3") == ["TSL101 grad-to-numpy likely 10:12", "TSL101 grad-to-numpy certain 10:12"]
        assert texts(root, "#finding-2 .message") == ["total requires grad: RuntimeError"]
        assert texts(root, "#finding-2 .message code") == ["total"]
        assert texts(root, "#finding-2 .chain li") == [
            "the output of net, an nn.Module line 13",
            "added up in total line 9",
            "grad-to-numpy line 10",
        ]
        assert texts(root, "#finding-2 .fix") == ["safe fix Convert with total.detach().cpu().numpy()"]
        assert texts(root, ".summary p") == ["Found 2 findings (1 fixable with --fix) in 2 files."]
        assert texts(root, "option") == ["all rules", "TSL101 grad-to-numpy (2)"]
        assert texts(root, "fieldset label") == ["certain (1)", "likely (1)", "possible (0)"]
        assert texts(root, "nav li") == ["b.py 1", "train.py 1"]

    def test_what_was_observed(self) -> None:
        root = page(
            finding(observed=Observed(Sight.CONFIRMED, "raised <TypeError> (2 of 3 times)"), fix=FIX),
            finding(path="u.py", observed=Observed(Sight.ONLY, "")),
            finding(path="v.py", code="TSL900"),
        )
        assert texts(root, ".observed") == ["confirmed raised <TypeError> (2 of 3 times)", "observed only"]
        assert [each.get("data-sight") for each in root.cssselect(".finding")] == ["confirmed", "observed only", None]
        (_, sights) = root.cssselect("fieldset")
        assert texts(sights, "label") == [
            "confirmed (1)",
            "cleared (0)",
            "not reached (0)",
            "not watched (0)",
            "observed only (1)",
        ]

    def test_without_a_run_nothing_is_said_of_one(self) -> None:
        root = page(finding())
        assert len(root.cssselect("fieldset")) == 1
        assert root.cssselect("[data-sight], .observed, .sight") == []

    def test_marks_are_where_the_places_are(self) -> None:
        root = page(finding(evidence=EVIDENCE))
        assert texts(root, "mark.sink") == ["total.numpy()"]
        assert texts(root, "mark.step") == ["total = total + loss", "net(x)"]
        numbers = [element.text for element in root.cssselect(".numbers")]
        assert numbers == ["7\n8\n9\n10\n11\n12\n13\n14"]

    def test_every_link_leads_somewhere(self) -> None:
        elsewhere = finding(evidence=(Evidence("net.py", 2, 1, "made here", 2, 4),), code="TSL999")
        root = page(
            finding(evidence=EVIDENCE), elsewhere, finding(path="short.py", evidence=(Evidence("short.py", 99, 1, ""),))
        )
        names = [element.get("id") for element in root.cssselect("[id]")]
        assert len(names) == len(set(names))
        lost = {link.get("href") for link in root.cssselect("a[href]")} - {f"#{name}" for name in names}
        assert lost == set()

    def test_a_rule_is_explained_by_its_page(self) -> None:
        (explained,) = page(finding()).cssselect("#rule-TSL101")
        assert explained.text.startswith("A tensor that requires grad is converted to NumPy, which raises.\n\nWhat it")

    def test_nothing_found(self) -> None:
        root = page()
        assert texts(root, ".summary p") == ["All clear: 0 files."]
        assert root.cssselect(".finding") == []

    def test_it_is_the_same_every_time(self) -> None:
        found = [finding(evidence=EVIDENCE), *odd()]
        assert list(html.render(run(*found))) == list(html.render(run(*found)))


class TestNothingGetsIn:
    def test_odd_names_and_source_are_text(self) -> None:
        nasty = "x = '</pre></script><script>alert(1)</script>'  # \x1b[2J \u202e ]]> <!-- &amp; \ufffe\n" * 20
        plain, strange = page(finding()), page(*odd(), source=nasty)
        for tag in ("script", "style", "meta", "link", "img", "iframe", "base", "object"):
            assert len(strange.cssselect(tag)) == len(plain.cssselect(tag)), tag
        assert {name for element in strange.iter() for name in element.attrib} <= {
            name for element in page(finding(evidence=EVIDENCE, fix=FIX)).iter() for name in element.attrib
        }
        assert len(strange.cssselect("section.file")) == len(ODD_NAMES)
        assert "<b>&amp;<script>alert(1)</script>.py" in texts(strange, "h2")
        assert "x = '</pre></script><script>alert(1)</script>' # ?[2J ? ]]> <!-- &amp; ?" in texts(strange, ".row")

    def test_the_policy_allows_its_own_style_and_script_alone(self) -> None:
        root = page(finding())
        (policy,) = (meta.get("content") for meta in root.cssselect("meta[http-equiv]"))
        allowed = dict(part.split(" ", 1) for part in policy.split("; "))
        for directive, tag in (("style-src", "style"), ("script-src", "script")):
            (element,) = root.cssselect(tag)
            digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
            assert allowed[directive] == f"'sha256-{digest}'"
        assert allowed["default-src"] == "'none'"

    def test_it_asks_for_nothing(self) -> None:
        text = "".join(html.render(run(finding(evidence=EVIDENCE, fix=FIX))))
        assert not re.search(r"https?:|//[a-z]|\burl\(|@import|\bstyle=|\bon\w+=|src=", text.partition("<section")[0])


def heights(drawn: str) -> list[tuple[float, float]]:
    """Where the arrows of a drawing begin and end: a path goes out, down or up (V) and, but at an edge, back (H)."""
    found = []
    for path in re.findall(r'd="(M[^"]*V[^"]*)"', drawn):
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]
        found.append((numbers[1], numbers[-2] if re.search(r"H[^V]*$", path.rpartition("V")[2]) else numbers[-1]))
    return found


def stop(number: int, line: int, path: str = "a.py", end_line: int | None = None) -> Stop:
    return Stop(number, path, line, 1, end_line or line, 2, f"step {number}")


class TestDrawing:
    def test_arrows_go_from_each_stop_to_the_next(self) -> None:
        way = [stop(1, 3), stop(2, 1), stop(3, 5)]
        found = heights(drawing([1, 2, 3, 4, 5], ("a.py", None), [("a.py", None)], way))
        middles = {line: line * 20 - 10 for line in (1, 3, 5)}
        assert found == [(middles[3] - 3, middles[1] + 3), (middles[1] + 3, middles[5] - 3)]

    def test_stops_of_one_line_stand_side_by_side(self) -> None:
        drawn = drawing([1, 2], ("a.py", None), [("a.py", None)], [stop(1, 1), stop(2, 1), stop(3, 2)])
        discs = re.findall(r'<circle cx="(\d+)" cy="(\d+)"', drawn)
        assert [y for _, y in discs] == ["10", "10", "30"]
        assert int(discs[1][0]) - int(discs[0][0]) == 18
        assert len(heights(drawn)) == 1

    def test_arrows_to_other_files_leave_the_frame_towards_them(self) -> None:
        way = [stop(1, 1), stop(2, 1, "b.py"), stop(3, 2)]
        above = drawing([1, 2], ("a.py", None), [("a.py", None), ("b.py", None)], way)
        below = drawing([1], ("b.py", None), [("a.py", None), ("b.py", None)], way)
        assert above.count('class="elsewhere"') == below.count('class="elsewhere"') == 2
        assert heights(above) == [(13.0, 40.0), (40.0, 33.0)]
        assert heights(below) == [(0.0, 7.0), (7.0, 0.0)]

    def test_arrows_do_not_lie_on_each_other(self) -> None:
        way = [stop(number, line) for number, line in enumerate([1, 9, 2, 8, 3, 7], 1)]
        drawn = drawing(list(range(1, 10)), ("a.py", None), [("a.py", None)], way)
        lanes = [float(re.findall(r"Q(-?[\d.]+) ", path)[0]) for path in re.findall(r'd="(M[^"]*V[^"]*)"', drawn)]
        assert len(set(lanes)) == 5
        assert min(lanes) >= 0

    def test_it_is_as_high_as_its_rows(self) -> None:
        drawn = drawing([1, None, 9], ("a.py", None), [("a.py", None)], [stop(1, 1), stop(2, 9)])
        assert 'height="60"' in drawn
        assert "line-height: 20px" in STYLE


class TestFrames:
    def shown(self, *way: Stop, source: str) -> tuple[list[str], list[str]]:
        """The numbers of the lines, and the lines."""
        text = frames(way, "f", Lines({"a.py": source.encode()}))
        root = parser.fromstring(f"<div>{text}</div>")
        numbers = root.cssselect(".numbers")
        rows = [row.text_content() for row in root.cssselect(".row")]
        return (numbers[0].text or "").split("\n") if numbers else [], rows

    def test_lines_around_without_blank_ones_at_the_edge(self) -> None:
        source = "a\n\n  b\n  c\n\n\n\n  d\n\n"
        assert self.shown(stop(1, 4), source=source) == (["3", "4"], ["  b", "  c"])
        assert self.shown(stop(1, 4), stop(2, 8), source=source) == (
            ["3", "4", "", "8"],
            ["  b", "  c", "\u22ef", "  d"],
        )

    def test_indentation_goes_where_all_lines_have_it(self) -> None:
        assert self.shown(stop(1, 1), source="  a\n    b\n")[1] == ["  a", "    b"]  # the stop lies in it
        indented = Stop(1, "a.py", 2, 5, 2, 6, "")
        assert self.shown(indented, source="  a\n    b\n")[1] == ["a", "  b"]
        assert self.shown(indented, source="\ta\n    b\n")[1] == ["\ta", "    b"]

    def test_of_a_long_stop_only_the_beginning(self) -> None:
        numbers, _ = self.shown(stop(1, 2, end_line=40), source="x\n" * 50)
        assert numbers == [str(number) for number in range(1, 12)]

    def test_a_place_at_the_end_of_a_line_can_be_seen(self) -> None:
        text = frames([Stop(1, "a.py", 1, 3, 1, 3, "")], "f", Lines({"a.py": b"ab\n"}))
        assert '<mark class="" data-steps' not in text
        assert '<mark class="step" data-steps="1"> </mark>' in text

    def test_places_inside_each_other(self) -> None:
        way = [Stop(1, "a.py", 1, 3, 1, 5, ""), Stop(2, "a.py", 1, 1, 1, 9, "", sink=True)]
        text = frames(way, "f", Lines({"a.py": b"abcdefgh\n"}))
        marked = re.findall(r'<mark class="([\w ]+)" data-steps="([\d ]+)">(\w+)</mark>', text)
        assert marked == [("sink", "2", "ab"), ("sink inner", "1 2", "cd"), ("sink", "2", "efgh")]

    def test_a_file_that_is_gone(self) -> None:
        assert "The source cannot be shown." in frames([stop(1, 1, "gone.py")], "f", Lines())


def test_the_last_stop_is_the_finding() -> None:
    way = stops(finding(evidence=(*EVIDENCE, Evidence("b.py", 2, 3, "without an end"))))
    assert [each.number for each in way] == [1, 2, 3, 4]
    assert [each.sink for each in way] == [False, False, False, True]
    assert (way[2].end_line, way[2].end_column) == (2, 3)
    assert (way[3].line, way[3].column, way[3].end_line, way[3].end_column) == (10, 12, 10, 25)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme: str) -> None:
    """WCAG 2.2 asks for a contrast of 4.5 (AA)."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([\w-]+): (#\w{6});", dark))
    pairs = [(text, back) for text in ("text", "quiet", "link") for back in ("page", "raised")]
    pairs += [(text, "page") for text in ("certain", "likely", "possible", "safe")]
    pairs += [("text", back) for back in ("step-back", "sink-back", "lit")]
    pairs += [("page", back) for back in ("step", "certain")]  # numbers on discs
    for text, back in pairs:
        lower, upper = sorted(luminance(colours[each]) for each in (text, back))
        assert (upper + 0.05) / (lower + 0.05) >= 4.5, (text, back)


def test_the_templates_are_ascii_and_small() -> None:
    """Their hashes are of their bytes, and somebody is to read them."""
    for part in ("page.html", "page.css", "page.js"):
        data = (files("tensorlint.report") / "page" / part).read_bytes()
        assert data.isascii() and b"\r" not in data
        assert len(data.splitlines()) < 250
