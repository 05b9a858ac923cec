"""Reason codes that the core itself gives, in Chinese and English."""

from trustcommerce.registry import ReasonText

__all__ = ["REASON_TEXTS"]

REASON_TEXTS: tuple[ReasonText, ...] = (
    ReasonText(code="INSUFFICIENT_DATA", texts={"zh": "数据不足，暂不评分", "en": "Too little data to give a score"}),
    ReasonText(code="INSUFFICIENT", texts={"zh": "数据不足", "en": "Too little data"}),
    ReasonText(code="EXEMPT", texts={"zh": "免考", "en": "Exempt"}),
    ReasonText(code="DEFAULT", texts={"zh": "默认分", "en": "Default points"}),
    ReasonText(code="MASKED", texts={"zh": "分数已屏蔽", "en": "Score withheld"}),
)
