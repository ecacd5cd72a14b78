"""LangChain's own contract suites over our encoder and search."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_tests.integration_tests import RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from kb.chain import FaqEmbeddings, FaqRetriever
from kb.encoder import Encoder
from kb.entry import Entry
from kb.index import build
from kb.search import Knowledge
from kb.words import Words


@pytest.fixture(scope="module")
def knowledge(
    shop: tuple[Entry, ...], encoder: Encoder, words: Words, tmp_path_factory: pytest.TempPathFactory
) -> Knowledge:
    out = tmp_path_factory.mktemp("chain") / "release"
    build(shop, out, encoder, words=words)
    return Knowledge.open(out, encoder, words)


class TestEmbeddings(EmbeddingsUnitTests):
    @pytest.fixture(autouse=True)
    def _with(self, encoder: Encoder) -> None:
        type(self).encoder = encoder

    @property
    def embeddings_class(self) -> type[FaqEmbeddings]:
        return FaqEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"encoder": type(self).encoder}

    def test_queries_and_documents_are_encoded_as_such(self, encoder: Encoder) -> None:
        model = FaqEmbeddings(encoder)
        assert model.embed_query("送料") == encoder.encode(["送料"], "query")[0].tolist()
        assert model.embed_documents(["送料"]) == encoder.encode(["送料"], "passage").tolist()


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _with(self, knowledge: Knowledge) -> None:
        type(self).knowledge = knowledge

    @property
    def retriever_constructor(self) -> type[FaqRetriever]:
        return FaqRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"knowledge": type(self).knowledge, "k": 3}

    @property
    def retriever_query_example(self) -> str:
        return "送料はいくらですか"

    def test_a_document_is_the_approved_answer(self) -> None:
        document = FaqRetriever(knowledge=type(self).knowledge).invoke("送料はいくら")[0]
        assert document.metadata["entry"] == "ship"
        assert document.page_content.startswith("全国一律550円")
        assert document.metadata["parts"]["question_vector"] > 0.9
