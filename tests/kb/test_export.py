"""Another encoder: a small sentence-transformers model, made here, exported and compared with itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kb.encoder import open_encoder
from kb.entry import Entry
from kb.index import build
from kb.search import Knowledge

pytest.importorskip("sentence_transformers", reason="needs the extra `train`")
pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

TEXTS = ["送料はいくらですか", "返品できますか。箱を捨ててしまいました", "how much is shipping?", "送料"]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers, 32 dimensions, random weights from a fixed seed, a vocabulary of single characters."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(7)
    home = tmp_path_factory.mktemp("model")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set("".join(TEXTS)))]
    spelling = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    spelling.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    spelling.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=spelling, mask_token="[MASK]", **special).save_pretrained(
        home / "bert"
    )
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(pieces), **shape)).save_pretrained(home / "bert")
    transformer = Transformer(str(home / "bert"))
    SentenceTransformer(modules=[transformer, Pooling(32), Normalize()], prompts={"query": "送"}).save(
        str(home / "st")
    )
    return home / "st"


def test_the_exported_model_gives_the_models_own_vectors(model_dir: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    steps: list[int] = []
    ours = open_encoder(tmp_path, str(model_dir), lambda done, total: steps.append(done))
    theirs = SentenceTransformer(str(model_dir), device="cpu").encode(
        TEXTS, prompt="", normalize_embeddings=True
    )
    assert ours.dim == 32
    assert steps
    assert steps == sorted(steps)
    assert np.allclose(ours.encode(TEXTS, "entry"), theirs, atol=1e-4)


def test_it_is_exported_once_and_searches(model_dir: Path, tmp_path: Path) -> None:
    encoder = open_encoder(tmp_path, str(model_dir))
    steps: list[int] = []
    assert open_encoder(tmp_path, str(model_dir), lambda done, total: steps.append(done)).id == encoder.id
    assert steps == []
    entries = [Entry("a", TEXTS[0], "550円です。"), Entry("b", TEXTS[1], "8日以内です。")]
    build(entries, tmp_path / "release", encoder)
    hit = Knowledge.open(tmp_path / "release", encoder).search(TEXTS[1], 1)[0]
    assert (hit.entry.id, "question_vector" in hit.parts) == ("b", True)
