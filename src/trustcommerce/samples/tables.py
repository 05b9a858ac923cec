"""The tables of a sample: their columns, and the files to which rows are added as they are made."""

import csv
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["COLUMNS", "FILES", "Tables", "money", "yes_no"]

COLUMNS: dict[str, str] = {
    "operators": "operator_id operator_name",
    "stores": "store_id operator_id industry shop_type opened_on freight_insurance",
    "creators": "creator_id operator_id main_category followers",
    "products": "product_id store_id operator_id category parent_category comparison_group on_sale list_price coupon",
    "orders": (
        "order_id store_id product_id creator_id buyer_id scene paid paid_at due_at shipped_at delivered_at signed_at "
        "ship_region abnormal gift"
    ),
    "shipments": "shipment_id order_id store_id carrier collected_at delivered_at abnormal_pickup",
    "aftersales": "aftersale_id order_id store_id product_id reason_group opened_at closed_at refunded",
    "disputes": "dispute_id order_id store_id fault decided_at",
    "reviews": "review_id order_id store_id product_id stars rated_at",
    "chats": "chat_id store_id buyer_id asked_at replied_at",
    "content_stats": "creator_id content_id day impressions opens completions interactions watch_seconds",
    "live_sessions": "session_id creator_id store_id started_at minutes viewers",
    "market_offers": "offer_id comparison_group price seen_at in_stock",
    "violations": "violation_id subject_kind subject_id scene severity decided_at",
    "appeals": "appeal_id violation_id filed_at decided_at outcome",
    "incidents": "incident_id region carrier starts_at ends_at metric",
    "monthly_tasks": "store_id month kind",
    "fraud_findings": "finding_id order_id found_at",
}
FILES = frozenset(f"{name}.csv" for name in COLUMNS)


def money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def yes_no(value: bool) -> str:
    return "true" if value else "false"


class Tables:
    """One open CSV file for each table in `folder`; nothing but counts stays in memory.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.rows = dict.fromkeys(COLUMNS, 0)
        self._open = ExitStack()
        files = {
            name: self._open.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
            for name in COLUMNS
        }
        self._add = {name: csv.writer(file, lineterminator="\n").writerow for name, file in files.items()}
        for name, columns in COLUMNS.items():
            self._add[name](columns.split())

    def add(self, table: str, *row: str | int) -> None:
        """Write a row; an empty text is a missing value."""
        self.rows[table] += 1
        self._add[table](row)

    def next_number(self, table: str) -> int:
        """The number of the row that is added next, from 1."""
        return self.rows[table] + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)
