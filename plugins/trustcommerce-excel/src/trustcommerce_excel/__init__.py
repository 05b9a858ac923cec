"""Workbooks: results written for people, tables read from sheets."""

from trustcommerce.plugin import Output, Source, hookimpl
from trustcommerce_excel.reading import example, read_sheet, sheets
from trustcommerce_excel.workbook import write_workbook

__all__ = ["trustcommerce_outputs", "trustcommerce_sources"]
__version__ = "0.1.0"


@hookimpl
def trustcommerce_outputs() -> list[Output]:
    """The format `excel`."""
    doc = "A workbook: sheets of scores, reasons, grants and what they come from, with titles, formats and filters."
    return [Output(name="excel", suffix=".xlsx", write=write_workbook, doc=doc)]


@hookimpl
def trustcommerce_sources() -> list[Source]:
    """Tables in the sheets of workbooks."""
    doc = "A workbook: its sheets by name, the first row of each its head."
    return [Source(suffix=".xlsx", scan=read_sheet, tables=sheets, typed=False, doc=doc, example=example)]
