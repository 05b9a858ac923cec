"""Above the engine: what is done with packs besides running them."""

from trustcommerce.analysis.cases import CaseResult, check_cases, run_cases

__all__ = ["CaseResult", "check_cases", "run_cases"]
