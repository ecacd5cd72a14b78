from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from eval import __main__ as main
from eval.report import Report
from eval.stats import Figure


def test_modules_with_run_are_found_by_name() -> None:
    assert {"retrieval", "speed"} <= set(main.names())
    assert "stats" not in main.names()


def test_an_unknown_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["nothing"]) == 2
    assert "retrieval" in capsys.readouterr().err


def test_missing_data_is_refused_with_a_message(
    tmp_path: Path, encoder_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = main.main(["retrieval", "--data", str(encoder_data), "--municipal", str(tmp_path)])
    assert told == 1
    assert "--municipal DIR" in capsys.readouterr().err


def test_json_stands_alone_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("x", "X", "s", {"a": Figure(0.5, 0.4, 0.6, 9)}, targets={"a": 0.9})
    page = tmp_path / "x.html"
    main.show(report, argparse.Namespace(json=True, report=page, baseline=False))
    out, err = capsys.readouterr()
    assert json.loads(out)["figures"]["a"]["value"] == 0.5
    assert "missed: a" in err
    assert page.read_text("utf-8").startswith("<!doctype html>")
