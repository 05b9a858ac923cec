"""Valid packs with something broken in them give diagnostics with a place, or load; never an exception."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import trustcommerce
from tests.unit.mutations import EXAMPLES, PACKS, ROOT, broken
from trustcommerce.diagnostics import Diagnostic


def check(changed: dict[str, bytes]) -> tuple[Diagnostic, ...]:
    folder = Path(tempfile.mkdtemp())
    try:
        for name, data in changed.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        return trustcommerce.check(folder)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.name)
def test_a_broken_pack_gives_diagnostics(pack: Path) -> None:
    @settings(
        max_examples=EXAMPLES[pack.relative_to(ROOT).as_posix()],
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(broken(pack))
    def run(changed: dict[str, bytes]) -> None:
        for found in check(changed):
            assert found.message
            assert str(found)
            assert found.as_dict()["code"] == found.code.number
            assert found.span is not None or found.code.number == "TC101"
            if found.span is not None:
                assert 0 <= found.span.start <= found.span.end <= len(found.span.file.text) + 1
                assert found.span.column >= 1

    run()
