"""The report that people read: each finding with its source, and the evidence where it lies, as rustc shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tensorlint.finding import Finding
from tensorlint.report.lines import Lines, Part
from tensorlint.report.paint import Paint
from tensorlint.report.place import named
from tensorlint.report.printable import Row, escaped
from tensorlint.report.run import Run

__all__ = ["render"]


@dataclass(frozen=True, slots=True)
class _Label:
    """A stretch of source to underline, and what to say of it."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    primary: bool = False

    @property
    def order(self) -> tuple[int, int, bool, int]:
        return (self.line, self.column, not self.primary, self.end_column)


def render(run: Run) -> Iterator[str]:
    """Every finding with its frame, an empty line after each."""
    for finding in run.findings:
        yield "\n".join(_finding(finding, run.lines, run.paint)) + "\n\n"


def _finding(finding: Finding, lines: Lines, paint: Paint) -> Iterator[str]:
    confidence = str(finding.confidence)
    yield f"{paint(finding.code, confidence)} [{finding.confidence}] {paint(escaped(finding.message), 'bold')}"
    frames = _labels(finding)
    gutter = max(len(str(label.line)) for labels in frames.values() for label in labels)
    for number, (part, labels) in enumerate(frames.items()):
        first = labels[0]
        arrow = paint("-->" if number == 0 else ":::", "frame")
        yield f"{' ' * gutter}{arrow} {named(part)}:{first.line}:{first.column}"
        yield from _frame(part, sorted(labels, key=lambda label: label.order), lines, gutter, confidence, paint)
    if finding.observed is not None:
        yield f"{' ' * gutter} {paint('=', 'frame')} {escaped(str(finding.observed))}"
    if finding.fix is not None:
        kind = paint(f"{finding.fix.applicability} fix", "fix")
        yield f"{' ' * gutter} {paint('=', 'frame')} {kind}: {escaped(finding.fix.message)}"


def _labels(finding: Finding) -> dict[Part, list[_Label]]:
    """What to show of each file or cell, the finding's own first; its first label is what its heading names."""
    place = (finding.line, finding.column, finding.end_line, finding.end_column)
    frames: dict[Part, list[_Label]] = {(finding.path, finding.cell): [_Label(*place, finding.name, primary=True)]}
    for step in finding.evidence:
        end_line, end_column = (step.end_line, step.end_column) if step.end_line else (step.line, step.column)
        label = _Label(step.line, step.column, end_line, end_column, step.message)
        labels = frames.setdefault((step.path, step.cell), [])
        if label not in labels:
            labels.append(label)
    return frames


def _frame(part: Part, labels: list[_Label], lines: Lines, gutter: int, confidence: str, paint: Paint) -> Iterator[str]:
    bar = paint("|", "frame")
    blank = f"{' ' * gutter} {bar}"
    if any(lines.line(part, label.line) is not None for label in labels):
        yield blank
    shown = 0
    for label in labels:
        source = lines.line(part, label.line)
        if source is None:
            if not label.primary:
                yield f"{' ' * gutter} {paint('=', 'frame')} line {label.line}: {escaped(label.text)}"
            continue
        here = sorted((each for each in labels if each.line == label.line), key=lambda each: not each.primary)
        row = Row(source, here[0].column)
        if label.line != shown:
            yield from _between(part, shown, label.line, lines, gutter, paint)
            yield f"{paint(str(label.line).rjust(gutter), 'frame')} {bar} {row.text}".rstrip()
            shown = label.line
        yield f"{blank} {_underlined(row, label, confidence, paint)}"


def _between(part: Part, shown: int, line: int, lines: Lines, gutter: int, paint: Paint) -> Iterator[str]:
    """What stands for the lines that are left out: the line itself where it is one."""
    if shown and line == shown + 2:
        row = Row(lines.line(part, shown + 1) or "")
        yield f"{paint(str(shown + 1).rjust(gutter), 'frame')} {paint('|', 'frame')} {row.text}".rstrip()
    elif shown and line > shown + 2:
        yield paint("...", "frame")


def _underlined(row: Row, label: _Label, confidence: str, paint: Paint) -> str:
    start = row.at(label.column)
    end = row.at(label.end_column) if label.end_line == label.line else len(row.text)
    mark, style = ("^", confidence) if label.primary else ("-", "secondary")
    marks = mark * max(end - start, 1)
    upto = f" (to line {label.end_line})" if label.end_line > label.line else ""
    return f"{' ' * start}{paint(f'{marks} {escaped(label.text)}{upto}', style)}"
