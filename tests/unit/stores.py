"""A store that the pack of the store experience score judges, as a record and as a frame."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

COLUMNS = Path(__file__).parent.parent / "cases/columns"
"""Packs whose subjects' tables hold all numbers."""
DAY = "2023-06-30"
STORE: dict[str, Any] = {
    "store_id": "s",
    "industry": "books",
    "shop_type": "plain",
    "opened_on": dt.date(2020, 1, 1),
    "freight_insurance": False,
    "paid_orders": 1000,
    "orders_due": 1000,
    "orders_late": 30,
    "delivery_hours": 36.0,
    "chats": 1000,
    "chats_in_3min": 875,
    "refund_hours": 30.0,
    "disputes": 1,
    "goods_quality": 90,
    "counterfeits": 0,
    "rude_service_cases": 0,
}
NAME = "store_experience"


def frame(**inputs: Any) -> pa.Table:
    """The store as an Arrow table."""
    types = {"goods_quality": pa.decimal128(7, 4), "opened_on": pa.date32()}
    row = {**STORE, **inputs, "goods_quality": Decimal(90)}
    return pa.table({name: pa.array([value], types.get(name)) for name, value in row.items()})
