"""How long `import trustcommerce` takes, with the public function `load` touched."""

from benchmarks.measure import Row, fresh, peak_of, row

__all__ = ["rows"]

_BAR = 0.150
_REPEATS = 15


def rows() -> list[Row]:
    codes = {
        "python -c pass": ("pass", None),
        "import trustcommerce": ("import trustcommerce", _BAR),
        "import trustcommerce, touch load": ("import trustcommerce; trustcommerce.load", _BAR),
    }
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(_REPEATS):
        for name, (code, _) in codes.items():
            times[name] += fresh(code, 1)
    return [row(name, times[name], peak_of(code), per="process", bar=bar) for name, (code, bar) in codes.items()]
