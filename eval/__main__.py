"""`python -m eval NAME [--json] [--report FILE.html] …`: find the module NAME and show what it reports.

A module of this package is an evaluation when it has `run(args: argparse.Namespace) -> Report`; it may
have `options(parser)` for arguments of its own.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import eval as package
from eval.data import DataMissing
from eval.report import Report, reached

BASELINES = Path(__file__).parent / "baselines"


def names() -> list[str]:
    """The evaluations there are: modules whose source defines `run`."""
    here = Path(package.__file__).parent
    found = (module.name for module in pkgutil.iter_modules([str(here)]))
    return sorted(name for name in found if "\ndef run(" in (here / f"{name}.py").read_text("utf-8"))


def default_data() -> Path:
    """Where the product keeps its data, so that its encoder is used and not built again."""
    if told := os.environ.get("TORITSUGI_DATA"):
        return Path(told)
    from api.settings import _default_data

    return _default_data()


def parser(name: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m eval {name}", description=_module(name).__doc__)
    made.add_argument("--json", action="store_true", help="figures as JSON on stdout, nothing else there")
    made.add_argument("--report", type=Path, metavar="FILE.html", help="write a page with tables and plots")
    made.add_argument(
        "--split", choices=("dev", "test", "all"), default="dev", help="which half (default dev)"
    )
    made.add_argument("--data", type=Path, default=None, help="data directory (default TORITSUGI_DATA)")
    made.add_argument("--municipal", type=Path, metavar="DIR", help="folder of the municipal benchmark")
    made.add_argument("--baseline", action="store_true", help="store the figures to compare with later")
    if hasattr(module := _module(name), "options"):
        module.options(made)
    return made


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    if not given or given[0] not in names():
        print(f"usage: python -m eval NAME …    NAME: {', '.join(names())}", file=sys.stderr)
        return 2
    args = parser(given[0]).parse_args(given[1:])
    args.data = args.data or default_data()
    try:
        report: Report = _module(given[0]).run(args)
    except DataMissing as error:
        print(error, file=sys.stderr)
        return 1
    show(report, args)
    return 0


def show(report: Report, args: argparse.Namespace) -> None:
    print(json.dumps(report.as_json(), ensure_ascii=False) if args.json else report.text())
    if args.report:
        args.report.write_text(report.html(), "utf-8")
        print(f"{args.report} written", file=sys.stderr)
    if args.baseline:
        BASELINES.mkdir(exist_ok=True)
        stored = json.dumps(report.as_json(), ensure_ascii=False, indent=1) + "\n"
        (BASELINES / f"{report.name}.json").write_text(stored, "utf-8")
    missed = [name for name in report.targets if reached(report, name) is False]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"eval.{name}")


if __name__ == "__main__":
    sys.exit(main())
