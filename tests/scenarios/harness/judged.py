"""What became of a rig's polls: how many of the planned ones were made, and how many of these brought a good value."""


class Judged:
    """Of the datapoints of one event between two times, in seconds since 1970. Bad datapoints are stored once per outage,
    so that what counts is how many good ones there are."""

    def __init__(self, rows, began, ended, interval):
        inside = [row for row in rows if began <= row[1] / 1e6 < ended]
        self.values = [row[2] for row in inside if row[2] is not None]
        self.bad = [row[3] for row in inside if row[2] is None]
        self.planned = (ended - began) / interval

    @property
    def kept(self):
        """The part of the planned polls that brought a good value."""
        return len(self.values) / self.planned

    @property
    def good(self):
        """The part of the datapoints that are good."""
        return len(self.values) / max(1, len(self.values) + len(self.bad))

    def __str__(self):
        return f"{len(self.values)} good of {self.planned:.0f} planned, bad: {self.bad[:5]}"
