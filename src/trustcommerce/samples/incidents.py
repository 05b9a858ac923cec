"""The incidents of logistics: a carrier's bad week in one region, and two smaller days in another."""

import datetime as dt

from attrs import frozen

from trustcommerce.samples.days import DAY, as_moment, day_number
from trustcommerce.samples.tables import Tables

__all__ = ["BAD_WEEK", "CARRIERS", "REGIONS", "SLOW_DAYS", "Incident", "write_incidents"]

REGIONS = {"GD": 0.26, "ZJ": 0.24, "JS": 0.14, "FJ": 0.10, "SD": 0.10, "HE": 0.08, "SC": 0.08}
"""Where goods are shipped from: letter codes of provinces, with shares of stores."""
CARRIERS = {"heron": 0.30, "swift": 0.25, "crane": 0.20, "egret": 0.15, "finch": 0.10}


@frozen(kw_only=True)
class Incident:
    """An announced incident; `starts` and `ends` are seconds, the end is not part of it.

    Args:
        metric: The metric that it excuses, or `*` for every one.
    """

    region: str
    carrier: str
    starts: int
    ends: int
    metric: str

    def catches(self, region: str, carrier: str, time: int) -> bool:
        return self.starts <= time < self.ends and region == self.region and carrier == self.carrier


def _between(first: dt.date, end: dt.date, region: str, carrier: str, metric: str) -> Incident:
    return Incident(
        region=region, carrier=carrier, starts=day_number(first) * DAY, ends=day_number(end) * DAY, metric=metric
    )


BAD_WEEK = _between(dt.date(2023, 4, 24), dt.date(2023, 5, 1), "FJ", "egret", "late_shipment_rate")
SLOW_DAYS = _between(dt.date(2023, 5, 9), dt.date(2023, 5, 11), "SC", "heron", "*")


def write_incidents(tables: Tables) -> None:
    for each in (BAD_WEEK, SLOW_DAYS):
        name = f"i{tables.next_number('incidents'):02d}"
        starts, ends = as_moment(each.starts), as_moment(each.ends)
        tables.add("incidents", name, each.region, each.carrier, starts, ends, each.metric)
