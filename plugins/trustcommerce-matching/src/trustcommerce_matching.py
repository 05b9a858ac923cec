"""Two-sided caps: units for pairs, such as creators and products, where both sides bound what they take.

Who gives the heaviest pair first what it can take may block two others that together are worth more. Here the
whole is best: no other grants within the caps have a larger sum of units times weights. That is a flow of least cost
from the one side through the pairs to the other, which OR-Tools finds in whole numbers.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from trustcommerce.plugin import Allocator, DataError, hookimpl

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["matching", "trustcommerce_allocators"]
__version__ = "0.1.0"


@hookimpl
def trustcommerce_allocators() -> Iterable[Allocator]:
    """The method `matching`."""
    yield Allocator(
        name="matching",
        columns={"left": "group", "left_at_most": "units", "right": "group", "right_at_most": "units"},
        allocate=matching,
        doc="Units for pairs, at most so many for either side: the largest sum of units times weights there is.",
        example=(
            10,
            {
                "weight": [10, 9, 9],
                "most": [1, 1, 1],
                "left": ["a", "a", "b"],
                "left_at_most": [1, 1, 1],
                "right": ["x", "y", "x"],
                "right_at_most": [1, 1, 1],
            },
            [0, 1, 1],
        ),
    )


def matching(amount: int, claims: "pa.Table") -> "pa.Array":
    """The best units of each pair.

    Of pairs of one side that say several caps the least holds. Every unit of weight is worth the same, so that units
    go where they weigh most; of several best ways it is always the same one for the same claims.

    Args:
        claims: `weight` and `most` of each pair, `left` and `right`, and what these take at most.

    Raises:
        DataError: Weights have too many digits for the sums of a flow.
    """
    import numpy as np
    import pyarrow as pa
    from ortools.graph.python import min_cost_flow

    (left, left_caps), (right, right_caps) = _side(claims, "left"), _side(claims, "right")
    weights, most = claims.column("weight").to_numpy(), claims.column("most").to_numpy()
    amount = min(amount, sum(most.tolist()))
    factor = math.gcd(*weights.tolist())
    givers = 1 + np.arange(len(left_caps))
    takers = 1 + len(givers) + np.arange(len(right_caps))
    source, sink = 0, 1 + len(givers) + len(takers)
    parts = [
        (givers[left], takers[right], most, -(weights // factor)),
        (source, givers, left_caps, 0),
        (takers, sink, right_caps, 0),
        (source, sink, [amount], 0),  # what nobody gets
    ]
    arcs = [np.concatenate(each) for each in zip(*(np.broadcast_arrays(*part) for part in parts), strict=True)]
    arcs[2] = np.minimum(arcs[2], amount)
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(*(np.ascontiguousarray(each, np.int64) for each in arcs))
    flow.set_nodes_supplies(np.array([source, sink]), np.array([amount, -amount]))
    status = flow.solve()
    if status != flow.OPTIMAL:
        largest = int(weights.max()) // factor
        raise DataError(
            f"`method: matching` does not sum up {amount:,} units of weights up to {largest:,} exactly",
            hint="round weights: thousands instead of fen, say",
        )
    return pa.array(flow.flows(np.arange(claims.num_rows)), pa.int64())


def _side(claims: "pa.Table", name: str) -> tuple[Any, Any]:
    """The number of each pair's member on a side, and what each member takes at most."""
    import numpy as np

    members = claims.column(name).combine_chunks().dictionary_encode()
    numbers = members.indices.to_numpy()
    caps = np.full(len(members.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(caps, numbers, claims.column(f"{name}_at_most").to_numpy())
    return numbers, caps
