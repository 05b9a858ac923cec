"""What a function of the expression language is; the registry holds them by name."""

from collections.abc import Callable, Mapping

from attrs import field, frozen

from trustcommerce.language.types import Type

__all__ = ["Function"]


@frozen(kw_only=True)
class Function:
    """A function of the expression language, exact on every engine.

    Args:
        name: How rules call it.
        parameters: Kinds it takes, by name of the kind; `number` also takes exact numbers,
            `timestamp` also dates. A trailing `...` repeats the last one.
        result: Type of the result from the types of the arguments. The result is missing when
            an argument is; say `null()` when it can be missing besides.
        evaluate: The meaning, over run-time values that are not missing.
        python: Source of the same, with `{0}`, `{1}` for the arguments; names in it come from `names`.
        sql: DuckDB SQL of the same; `run.dialects` says how its nodes are written for other databases.
        names: What `python` refers to.
        doc: One sentence.
        example: An expression and its value, which tests run.
        vectorised: Computes it over Arrow arrays, where no database can: a `registry.Vectorised`.
    """

    name: str
    parameters: tuple[str, ...]
    result: Callable[..., Type]
    evaluate: Callable[..., object] = field(eq=False)
    python: str
    sql: str
    names: Mapping[str, object] = field(factory=dict, eq=False)
    doc: str
    example: tuple[str, object]
    vectorised: object = field(default=None, eq=False)
