# The figures: rows of samples, and the table made of them.
import dataclasses
import statistics

# Columns, in this order, as far as there is something to say of them. "bare C" is a floor: the least
# that any program has to do for the same.
SUBJECTS = ("berth", "berth raw", "haproxy", "nginx", "dinit", "s6", "runit", "supervisord", "tini",
            "bare C")


@dataclasses.dataclass
class Row:
    """One figure of several subjects; smaller is better unless `unit` is a rate."""

    what: str
    unit: str
    against: str = ""  # the subject that berth is compared with; "" = nobody
    digits: int = 1
    samples: dict = dataclasses.field(default_factory=dict)  # subject -> list of numbers

    def add(self, subject, value):
        self.samples.setdefault(subject, []).append(value)

    def median(self, subject):
        return statistics.median(self.samples[subject])

    def cell(self, subject):
        """`12.3 (11.9–14.0)`: the median, the least and the greatest."""
        values = self.samples.get(subject)
        if not values:
            return ""
        least, middle, most = (f"{value:,.{self.digits}f}" for value in
                               (min(values), statistics.median(values), max(values)))
        return middle if least == most else f"{middle} ({least}–{most})"

    def ratio(self):
        """berth's median divided by that of `against`."""
        if self.against not in self.samples or "berth" not in self.samples:
            return ""
        other = self.median(self.against)
        return f"{self.median('berth') / other:.2f} × {self.against}" if other else ""

    def cells(self, subjects):
        return [self.what, self.unit, *map(self.cell, subjects), self.ratio()]


def lines_of(rows):
    """The heads, and the cells of each row."""
    subjects = [name for name in SUBJECTS if any(name in row.samples for row in rows)]
    return [["what", "unit", *subjects, "ratio"], *(row.cells(subjects) for row in rows)]


def text(rows):
    """For a terminal."""
    lines = lines_of(rows)
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in lines)


def markdown(rows):
    """For README.md."""
    heads, *cells = lines_of(rows)
    lines = [heads, ["---"] * len(heads), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
