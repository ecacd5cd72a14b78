"""What sides, kinds and measures are called on a page: Japanese first, then the name in the code."""

from __future__ import annotations

from collections.abc import Mapping

SIDES: Mapping[str, str] = {
    "question_words": "質問の語",
    "answer_words": "記事の語",
    "characters": "文字",
    "readings": "読み",
    "question_vector": "質問の意味",
    "answer_vector": "回答の意味",
    "joint": "一語ずつの照合",
}
KINDS: Mapping[str, str] = {
    "paraphrase": "言いかえ",
    "kana": "かなだけ",
    "colloquial": "話しことば",
    "dialect": "方言",
    "story": "長い事情",
    "fragment": "断片",
    "typo": "打ちまちがい",
    "negation": "否定",
    "number": "数字",
    "halfwidth": "半角カナ",
    "emoji": "絵文字",
    "mixed": "英語まじり",
    "english": "英語",
    "chinese": "中国語",
    "korean": "韓国語",
    "municipal": "自治体",
}
MEASURES: Mapping[str, str] = {
    "first": "先頭が正解",
    "top3": "3 番以内",
    "top10": "10 番以内",
    "ndcg10": "並びのよさ",
    "recall10": "10 番以内の割合",
}


def side(name: str) -> str:
    return f"{SIDES[name]} / {name}" if name in SIDES else name


def kind(name: str) -> str:
    return f"{KINDS[name]} / {name}" if name in KINDS else name


def measure(name: str) -> str:
    return f"{MEASURES[name]} / {name}"
