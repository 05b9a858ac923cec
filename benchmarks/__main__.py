"""Run the benchmarks, print their tables, and write `benchmarks/results/NAME.json`."""

import argparse
import json

from benchmarks.measure import RESULTS, machine, worker
from benchmarks.report import text_table
from benchmarks.worker import BENCHMARKS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    names = parser.parse_args().names or list(BENCHMARKS)
    for name in names:
        if name not in BENCHMARKS:
            parser.error(f"no benchmark `{name}`: one of {', '.join(BENCHMARKS)}")
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        result = {"benchmark": name, "machine": machine(), "rows": worker("run", name)}
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
        print(text_table(result), flush=True)


if __name__ == "__main__":
    main()
