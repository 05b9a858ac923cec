"""Above the engine: what is done with packs besides running them."""

from trustcommerce.analysis.cases import CaseResult, run_cases

__all__ = ["CaseResult", "run_cases"]
