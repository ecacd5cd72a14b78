"""The encoder's graph: BERT (post-norm, erf-GELU, positions from 0), mean pool and L2, as ONNX.

Every 4-bit matrix keeps its bits: MatMulNBits has the weight file's block size. Accuracy level 4 multiplies
in int8 with a scale for each row's block, so a row's result does not depend on the others.

What training adds (`kb.deltas`) is merged into the matrices, which are then written in 8 bits: in 4 bits most
of it would be lost, being smaller than half of their steps (least cosine with the trained model .85 instead
of .999). Beside the 4-bit products, in floats, it would cost 96 small products more, a quarter of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kb.weights import BLOCK, Bytes, Floats, Weights, nibbles

if TYPE_CHECKING:
    from kb.deltas import Deltas

Packed = tuple[Bytes, Floats, int]  # uint8 [rows, blocks, bytes of a block], scales [rows, blocks], bits
MS = "com.microsoft"  # onnxruntime's own operators


def graph(weights: Weights, taught: Deltas | None = None) -> Any:
    """An ONNX model: `embeds` float32 [1, L, hidden] → `vector` [hidden], of length 1, and where `taught` has
    a joint part also `tokens` [L, width], each of length 1."""
    return _Graph(weights, taught).model()


class _Graph:
    def __init__(self, weights: Weights, taught: Deltas | None) -> None:
        self.weights, self.shape, self.taught = weights, weights.shape, taught
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def model(self) -> Any:
        from onnx import TensorProto, helper

        hidden = self.shape.hidden
        state = self._embedding()
        for layer in range(self.shape.layers):
            state = self._layer(state, f"l{layer}")
        pooled = self._node("ReduceMean", [state, self._const("axes", np.array([0, 1]))], keepdims=0)
        self._node("LpNormalization", [pooled], "vector", axis=0, p=2)
        outputs = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [hidden])]
        joint = self.taught.joint if self.taught else None
        if joint is not None:
            width = len(joint)
            short = self._node("MatMul", [state, self._const("joint", joint.T)])
            flat = self._node("Reshape", [short, self._const("flat", np.array([-1, width]))])
            self._node("LpNormalization", [flat], "tokens", axis=1, p=2)
            outputs.append(helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["L", width]))
        inputs = [helper.make_tensor_value_info("embeds", TensorProto.FLOAT, [1, "L", hidden])]
        graph = helper.make_graph(self.nodes, "e5", inputs, outputs, self.constants)
        imports = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=10, producer_name="toritsugi")

    def _embedding(self) -> str:
        """Words + positions 0..L-1 + type 0, normalised."""
        places = self.weights.floats("emb.pos").reshape(-1, self.shape.hidden)
        kinds = self.weights.floats("emb.type").reshape(-1, self.shape.hidden)
        table = self._const("places", (places + kinds[0])[None])
        size = self._node("Shape", ["embeds"], start=1, end=2)
        zero, one = self._const("zero", np.array([0])), self._const("one", np.array([1]))
        place = self._node("Slice", [table, zero, size, one])
        return self._norm(self._node("Add", ["embeds", place]), "emb.ln")

    def _layer(self, state: str, name: str) -> str:
        both = self._dense(state, [f"{name}.{part}" for part in "qkv"])  # one product instead of three
        query, key, value = self._nodes("Split", [both], 3, axis=-1, num_outputs=3)
        mixed = self._node("MultiHeadAttention", [query, key, value], domain=MS, num_heads=self.shape.heads)
        state = self._norm(self._node("Add", [self._dense(mixed, [f"{name}.ao"]), state]), f"{name}.aln")
        inner = self._node("Gelu", [self._dense(state, [f"{name}.fi"])])
        return self._norm(self._node("Add", [self._dense(inner, [f"{name}.fo"]), state]), f"{name}.oln")

    def _dense(self, state: str, names: list[str]) -> str:
        """state × Wᵀ + b; several matrices of one width are stacked."""
        bias = np.concatenate([self.weights.floats(f"{each}.b") for each in names])
        packed, scales, bits = self._eight_bits(names) if self.taught else self._four_bits(names)
        rows, per_row, _ = packed.shape
        weight = self._const(f"{names[0]}.w", packed)
        scale = self._const(f"{names[0]}.s", scales.reshape(-1))
        facts = {"K": per_row * BLOCK, "N": rows, "bits": bits, "block_size": BLOCK, "accuracy_level": 4}
        out = self._node("MatMulNBits", [state, weight, scale], domain=MS, **facts)
        return self._node("Add", [out, self._const(f"{names[0]}.b", bias)])

    def _four_bits(self, names: list[str]) -> Packed:
        """As they are installed."""
        blocks = np.concatenate([self.weights.blocks(f"{each}.w") for each in names])
        values = nibbles(blocks)
        scales = blocks[..., :2].copy().view("<f2")[..., 0].astype(np.float32)
        return (values[..., 0::2] | (values[..., 1::2] << 4)).astype(np.uint8), scales, 4

    def _eight_bits(self, names: list[str]) -> Packed:
        """With what training adds; 128 stands for zero."""
        assert self.taught is not None
        taught = [self.taught.added_to(each, self.weights.floats(f"{each}.w")) for each in names]
        blocks = np.concatenate(taught).reshape(sum(map(len, taught)), -1, BLOCK)
        scales = np.abs(blocks).max(axis=-1) / 127
        steps = np.divide(blocks, scales[..., None], out=np.zeros_like(blocks), where=scales[..., None] > 0)
        return np.rint(steps + 128).astype(np.uint8), scales, 8

    def _norm(self, state: str, name: str) -> str:
        scale, bias = (self._const(f"{name}.{part}", self.weights.floats(f"{name}.{part}")) for part in "wb")
        return self._node("LayerNormalization", [state, scale, bias], axis=-1, epsilon=self.shape.epsilon)

    def _const(self, name: str, values: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        return self._nodes(kind, inputs, 1, output, **attributes)[0]

    def _nodes(
        self, kind: str, inputs: list[str], count: int, name: str | None = None, **attributes: Any
    ) -> list[str]:
        from onnx import helper

        outputs = [name or f"n{len(self.nodes)}.{i}" for i in range(count)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs
