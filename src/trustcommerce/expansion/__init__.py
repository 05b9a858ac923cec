"""Stage `expansion`: what plugins' kinds stand for, in the tree of a rule set.

In: a tree in which items say `kind:`. Out: one in the language alone, whose nodes point to where their author said so.
"""

from trustcommerce.expansion.kinds import expanded

__all__ = ["expanded"]
