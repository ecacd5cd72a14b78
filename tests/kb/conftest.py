from __future__ import annotations

import pytest

from kb.entry import Entry, Translation


@pytest.fixture(scope="session")
def shop() -> tuple[Entry, ...]:
    """A small shop of its own, so that these tests do not depend on the demo's."""
    return (
        Entry(
            "ship",
            "送料はいくらですか",
            "全国一律550円です。沖縄へは1,320円です。",
            ("配送料を知りたい",),
            "配送",
        ),
        Entry(
            "return", "返品できますか", "到着後8日以内で未使用なら返品いただけます。", ("返したい",), "返品"
        ),
        Entry("receipt", "領収書は発行できますか", "マイページからPDFでお取りいただけます。", (), "支払い"),
        Entry(
            "sharpen",
            "包丁を研いでもらえますか",
            "はい、1本1,650円で研ぎます。",
            ("切れなくなった包丁",),
            "修理",
        ),
        Entry(
            "points",
            "ポイントの有効期限はいつですか",
            "最後のお買い物から12か月です。",
            (),
            "会員",
            translations={"en": Translation("When do points expire?", "12 months after your last order.")},
        ),
        Entry("pay", "コンビニ払いはいつまでですか", "ご注文から5日以内にお支払いください。", (), "支払い"),
    )
