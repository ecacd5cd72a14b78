"""Any sentence-transformers model → the files that `encoder` runs, written once (extra `train`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LONGEST = 512
AGREEMENT = 0.9999


class ExportRefused(Exception):
    """The model cannot be exported; the message says why and what to do."""


def write(name: str, folder: Path, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Write `graph.onnx` (ids, mask → unit vector) and `tokenizer.json`; returns the manifest's facts.

    The prompts that the model names "query" and "passage" or "document" become our prefixes. Raises
    `ExportRefused` when the extra is missing, the model is not there, or the graph disagrees with it.
    """
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ExportRefused(
            f"TORITSUGI_ENCODER={name} is a sentence-transformers model, and exporting it once needs the "
            "extra `train`: pip install 'toritsugi[train]' (without a GPU install torch from PyTorch's "
            "CPU index first), or unset TORITSUGI_ENCODER to use the embedded encoder"
        ) from error
    try:
        model = SentenceTransformer(name, device="cpu")
    except Exception as error:  # the library raises a dozen kinds
        raise ExportRefused(
            f"TORITSUGI_ENCODER={name}: no such sentence-transformers model: {error}"
        ) from error
    model.eval()
    progress(1, 3)
    model.tokenizer.backend_tokenizer.no_padding()
    model.tokenizer.backend_tokenizer.no_truncation()
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    whole = _whole(torch, model)
    ids = torch.tensor([model.tokenizer("見本の文です")["input_ids"]])
    torch.onnx.export(
        whole,
        (ids, torch.ones_like(ids)),
        str(folder / "graph.onnx"),
        input_names=["ids", "mask"],
        output_names=["vector"],
        dynamic_axes={"ids": {1: "length"}, "mask": {1: "length"}},
        opset_version=17,
        dynamo=False,
    )
    progress(2, 3)
    _compare(model, folder)
    progress(3, 3)
    prompts = model.prompts or {}
    document = prompts.get("passage") or prompts.get("document") or ""
    tokens = min(model.max_seq_length or LONGEST, LONGEST)
    width = whole(ids, torch.ones_like(ids)).shape[-1]
    prefixes = {"query": prompts.get("query") or "", "passage": document, "entry": document}
    return {"dim": int(width), "tokens": tokens, "prefixes": prefixes}


def _whole(torch: Any, model: Any) -> Any:
    """The model's stages (transformer, pooling, …) and the normalisation as one module."""

    class Whole(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.stages = torch.nn.ModuleList(list(model))

        def forward(self, ids: Any, mask: Any) -> Any:
            features = {"input_ids": ids, "attention_mask": mask}
            for stage in self.stages:
                features = stage(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

    return Whole().eval()


def _compare(model: Any, folder: Path) -> None:
    import onnxruntime

    from kb.encoder import reference

    session = onnxruntime.InferenceSession(str(folder / "graph.onnx"), providers=["CPUExecutionProvider"])
    for _, text in reference()[0]:
        ids = np.array([model.tokenizer(text)["input_ids"]])
        ours = session.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0][0]
        theirs = model.encode(text, prompt="", normalize_embeddings=True)
        if not float(ours @ theirs) >= AGREEMENT:
            raise ExportRefused(f"the exported graph disagrees with the model on {text!r}; nothing was kept")
