"""The same encoder and search as LangChain's `Embeddings` and `BaseRetriever`."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from kb.encoder import Encoder
from kb.search import Hit, Knowledge


class FaqEmbeddings(Embeddings):
    """Vectors of the product's own encoder: documents as passages, queries as queries."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self.encoder.encode(texts, "passage").tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_queries([text])[0]

    def embed_queries(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self.encoder.encode(texts, "query").tolist()
        return vectors


class FaqRetriever(BaseRetriever):
    """The product's search. A document's text is the approved answer; its metadata has the question, id,
    category, score and each side's part."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    knowledge: Knowledge
    k: int = Field(default=5, ge=1)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None, **_: Any
    ) -> list[Document]:
        return [_document(hit) for hit in self.knowledge.search(query, k or self.k)]


def _document(hit: Hit) -> Document:
    entry = hit.entry
    facts = {
        "entry": entry.id,
        "question": entry.question,
        "category": entry.category,
        "score": hit.score,
        "parts": dict(hit.parts),
    }
    return Document(id=entry.id, page_content=entry.answer, metadata=facts)
