"""The pages' pure modules, tested by node's own runner (`node --test tests/web`)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(shutil.which("node") is None, reason="the pages' modules are tested by node 20 or later")
@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_pure_modules(file: Path) -> None:
    run = subprocess.run(
        ["node", "--test", "--test-force-exit", "--test-reporter=spec", file.name],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
