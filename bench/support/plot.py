"""Draws the results as SVG: how many times as fast as OpenSSL each operation is, and where a handshake's time goes."""

from xml.sax.saxutils import escape

WIDTH = 960
LEFT = 330
RIGHT = 70
ROW = 22
STYLE = """
text { font: 13px sans-serif; fill: #222 }
.title { font-size: 16px; font-weight: bold }
.small { font-size: 11px; fill: #555 }
.grid { stroke: #ddd; stroke-width: 1 }
.goal { stroke: #111; stroke-width: 2 }
"""
REACHED, MISSED, WITHOUT_GOAL = "#3f8f5f", "#c8553d", "#7a93ac"
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
STAGE_COLOURS = {
    "parse": "#8c6bb1", "transcript": "#9ecae1", "key_share": "#6baed6", "derive": "#2171b5", "sign": "#cb4b3c",
    "schedule": "#41ab5d", "records": "#a1d99b", "refill": "#fdae6b", "other": "#bdbdbd",
}


class Drawing:
    """Collects elements downwards."""

    def __init__(self):
        self.elements = []
        self.y = 10

    def text(self, x, y, text, anchor="start", kind=""):
        """Text whose base line is at `y`."""
        self.elements.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>')

    def box(self, x, y, width, height, colour):
        """A filled rectangle."""
        self.elements.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{colour}"/>')

    def line(self, x, top, bottom, kind):
        """A vertical line."""
        self.elements.append(f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" class="{kind}"/>')

    def title(self, text, below=""):
        """Begins a panel."""
        self.text(14, self.y + 22, text, kind="title")
        if below:
            self.text(14, self.y + 40, below, kind="small")
        self.y += 58

    def notes(self, lines):
        """Small lines at the end."""
        for line in lines:
            self.text(14, self.y + 12, line, kind="small")
            self.y += 16

    def svg(self):
        """The whole picture."""
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.y + 20:.0f}">\n'
                f"<style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
                + "\n".join(self.elements) + "\n</svg>\n")


def logarithmic(low, high):
    """A function from values to x, `low` at the left end."""
    from math import log
    return lambda value: LEFT + (WIDTH - LEFT - RIGHT) * log(max(value, low) / low) / log(high / low)


def ratios(drawing, title, rows):
    """Bars on a logarithmic axis; a row is (label, ratio, goal or None)."""
    drawing.title(title, "processor time of OpenSSL ÷ processor time of Lockstep; medians; black marks: goals")
    ends = [value for _, ratio, goal in rows for value in (ratio, goal or ratio)]
    low = max((tick for tick in TICKS if tick <= min(ends + [1])), default=TICKS[0])
    high = min((tick for tick in TICKS if tick >= max(ends) * 1.1), default=TICKS[-1])
    x = logarithmic(low, high)
    top, bottom = drawing.y, drawing.y + ROW * len(rows)
    for tick in TICKS:
        if low <= tick <= high:
            drawing.line(x(tick), top - 4, bottom, "grid")
            drawing.text(x(tick), bottom + 15, f"{tick:g}×", "middle", "small")
    for label, ratio, goal in rows:
        colour = WITHOUT_GOAL if goal is None else REACHED if ratio >= goal else MISSED
        drawing.text(LEFT - 8, drawing.y + 15, label, "end")
        start = x(low)
        drawing.box(start, drawing.y + 3, x(ratio) - start, ROW - 6, colour)
        if goal is not None:
            drawing.line(x(goal), drawing.y + 1, drawing.y + ROW - 1, "goal")
        drawing.text(max(x(ratio), x(goal) if goal and goal < ratio * 1.3 else 0) + 6, drawing.y + 15, f"{ratio:.{2 if ratio < 10 else 1}f}×")
        drawing.y += ROW
    drawing.y += 30


def stages(drawing, title, rows):
    """Stacked bars; a row is (label, {stage: microseconds}, microseconds of the peer)."""
    drawing.title(title, "microseconds of the server's processor per handshake; libssl's in brackets")
    scale = (WIDTH - LEFT - 2 * RIGHT) / max(sum(parts.values()) for _, parts, _ in rows)
    x = LEFT
    for stage in dict.fromkeys(stage for _, parts, _ in rows for stage in parts):
        drawing.box(x, drawing.y - 11, 11, 11, STAGE_COLOURS[stage])
        drawing.text(x + 15, drawing.y - 1, stage, kind="small")
        x += 24 + 5.8 * len(stage)
    drawing.y += 8
    for label, parts, peer in rows:
        drawing.text(LEFT - 8, drawing.y + 15, label, "end")
        x = LEFT
        for stage, value in parts.items():
            drawing.box(x, drawing.y + 3, value * scale, ROW - 6, STAGE_COLOURS[stage])
            x += max(value, 0) * scale
        drawing.text(x + 6, drawing.y + 15, f"{sum(parts.values()):.1f} ({peer:.0f})")
        drawing.y += ROW
    drawing.y += 24
