"""Every module of ours still parses and exports the same when its comments and indentation are left out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from api.lean import lean

WEB = Path(__file__).parents[2] / "api" / "web"
MODULES = sorted(path for path in WEB.rglob("*.js") if "vendor" not in path.parts)


def test_comments_indentation_and_empty_lines_go() -> None:
    source = (
        "/** What it is.\n * More. */\nexport const a = 1; // why\n  // alone\n  const b = '/* text */';\n"
    )
    assert lean(source) == "export const a = 1; // why\nconst b = '/* text */';\n"


def test_a_comment_within_a_line_of_code_stays() -> None:
    assert lean("  f(/* first */ 1);") == "f(/* first */ 1);\n"


def test_css_loses_the_spaces_that_mean_nothing() -> None:
    source = "x(css`\n.a :checked, a:hover {\n  color: red; width: calc(1px - 2px);\n}\n`);"
    assert lean(source) == "x(css`\n.a :checked,a:hover{color:red;width:calc(1px - 2px);}`);\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_all_modules_parse_when_lean(tmp_path: Path) -> None:
    for path in MODULES:
        target = tmp_path / path.relative_to(WEB).with_suffix(".mjs")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(lean(path.read_text("utf-8")), "utf-8")
    check = (
        "const {SourceTextModule} = await import('node:vm'); const fs = await import('node:fs');"
        "const bad = [];"
        "for (const f of process.argv.slice(1)) { try { new SourceTextModule(fs.readFileSync(f, 'utf8')) }"
        " catch (e) { bad.push(`${f}: ${e.message}`) } } console.log(JSON.stringify(bad));"
    )
    files = [str(path) for path in tmp_path.rglob("*.mjs")]
    run = subprocess.run(
        ["node", "--experimental-vm-modules", "--no-warnings", "--input-type=module", "-e", check, *files],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == []
