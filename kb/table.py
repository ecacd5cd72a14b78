"""A CSV file as staff save it (Excel: CP932 or UTF-8 with BOM, Japanese headers) → fields of entries."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADERS = {
    "id": "id 番号 no no. 識別子 管理番号 faqid faq番号 faq_id コード",
    "question": "question 質問 質問文 問い q 見出し タイトル ご質問 よくある質問 代表質問",
    "answer": "answer 回答 回答文 答え a 返答 ご回答 こたえ",
    "category": "category カテゴリ カテゴリー 分類 区分 ジャンル",
    "variants": "variants variant 言い換え 別の聞き方 別の質問 類似質問 言い回し 表記ゆれ 同義質問",
    "tags": "tags tag タグ キーワード",
    "valid_from": "valid_from 開始日 有効開始日 公開日 公開開始日 掲載開始日 適用開始日",
    "valid_until": "valid_until 終了日 有効終了日 公開終了日 掲載終了日 有効期限 適用終了日",
    "question_en": "question_en question(en) 質問(英語) 英語質問 英語の質問 質問_en",
    "answer_en": "answer_en answer(en) 回答(英語) 英語回答 英語の回答 回答_en",
    "revision": "revision 版",
}
_KNOWN = {header: name for name, headers in _HEADERS.items() for header in headers.split()}
_SEPARATORS = {"variants": re.compile(r"[\n|｜]"), "tags": re.compile(r"[\n|｜,、;；]")}
_JAPANESE_DAY = re.compile(r"(\d{4})\s*[年/.\-]\s*(\d{1,2})\s*[月/.\-]\s*(\d{1,2})\s*日?")


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the file line it starts on and its fields, named as in the JSON form."""

    line: int
    fields: dict[str, object]


@dataclass(slots=True)
class Table:
    """`problems` and `warnings` are (line, field, message)."""

    rows: list[Row] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    warnings: list[tuple[int, str, str]] = field(default_factory=list)


# what Python makes of the bytes 80, A0, FD, FE and FF, which CP932 leaves open
_NOT_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")


class Undecodable(ValueError):
    """The bytes are neither UTF-8 nor CP932; `line` is where UTF-8 breaks first."""

    def __init__(self, line: int) -> None:
        super().__init__("the text is neither UTF-8 nor CP932 (Shift_JIS): save the file again as UTF-8")
        self.line = line


def decode(data: bytes) -> str:
    """UTF-8 (with or without BOM), UTF-16 with BOM, else CP932, strictly."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise Undecodable(1) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad = error.start
    try:
        text = data.decode("cp932")
    except UnicodeDecodeError:
        raise Undecodable(data.count(b"\n", 0, bad) + 1) from None
    if _NOT_CP932.search(text):
        raise Undecodable(data.count(b"\n", 0, bad) + 1)
    return text


def read_table(text: str) -> Table:
    """Records of a CSV text; unknown columns are warned of, missing ones are a problem."""
    table = Table()
    records = _records(text, table)
    header = next(records, None)
    if header is None:
        table.problems.append((1, "", "the file is empty"))
        return table
    columns = _columns(header[1], table)
    if table.problems:
        return table
    for line, cells in records:
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            message = f"{len(cells)} cells under {len(columns)} headers: quote cells that hold a comma"
            table.problems.append((line, "", message))
            continue
        table.rows.append(Row(line, _fields(columns, cells)))
    return table


def _records(text: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max("\t;,", key=lambda mark: (first.count(mark), mark == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        table.problems.append((line, "", f"this is not CSV: {error}"))


def _columns(header: list[str], table: Table) -> list[str | None]:
    columns: list[str | None] = []
    for cell in header:
        name = re.sub(r"\s+", "", unicodedata.normalize("NFKC", cell)).lower()
        known = _KNOWN.get(name) or _KNOWN.get(re.sub(r"[_(]?\d+\)?$", "", name))
        if known is None and name:
            table.warnings.append((1, cell.strip(), "unknown column, not read"))
        if known in columns and known not in _SEPARATORS:
            table.problems.append((1, cell.strip(), f"a second column for {known}"))
        columns.append(known)
    for needed in ("id", "question", "answer"):
        if needed not in columns:
            table.problems.append(
                (1, needed, f"no such column (known headers: {_HEADERS[needed].replace(' ', ', ')})")
            )
    return columns


def _fields(columns: list[str | None], cells: list[str]) -> dict[str, object]:
    fields: dict[str, object] = {}
    lists: dict[str, list[str]] = {}
    for name, cell in zip(columns, cells, strict=False):
        value = cell.replace("\r\n", "\n").replace("\r", "\n").strip()
        if name is None or not value:
            continue
        if name in _SEPARATORS:
            lists.setdefault(name, []).extend(p.strip() for p in _SEPARATORS[name].split(value) if p.strip())
        elif name in {"valid_from", "valid_until"}:
            fields[name] = _day(value)
        elif name == "revision" and value.isdecimal():
            fields[name] = int(value)
        else:
            fields[name] = value
    english = {key: fields.pop(f"{key}_en") for key in ("question", "answer") if f"{key}_en" in fields}
    if english:
        fields["translations"] = {"en": english}
    return fields | lists


def _day(value: str) -> str:
    match = _JAPANESE_DAY.fullmatch(unicodedata.normalize("NFKC", value))
    return f"{int(match[1]):04}-{int(match[2]):02}-{int(match[3]):02}" if match else value
