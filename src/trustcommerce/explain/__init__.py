"""Stage `explain`: decisions -> reasons. The contribution tree and its texts.

In: the values of one decision and the shapes of its plan. Out: `Explanation`, as text or JSON.
"""

from trustcommerce.explain.pools import pool_data, pool_lines
from trustcommerce.explain.rows import evidence_data, render_evidence
from trustcommerce.explain.text import render_text
from trustcommerce.explain.tree import Explanation, ExplanationLine, ExplanationNode, Tree, tree_of

__all__ = [
    "Explanation",
    "ExplanationLine",
    "ExplanationNode",
    "Tree",
    "evidence_data",
    "pool_data",
    "pool_lines",
    "render_evidence",
    "render_text",
    "tree_of",
]
