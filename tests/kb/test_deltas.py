"""What training adds, as a file: kept, damaged, foreign, and on a full disk."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb.deltas import Deltas, DeltasRefused, matrices
from kb.encoder import open_encoder, reference
from kb.weights import Weights, installed_weights

RANK = 2


@pytest.fixture(scope="module")
def weights() -> Weights:
    return Weights(installed_weights())


@pytest.fixture(scope="module")
def deltas(weights: Weights) -> Deltas:
    """Changes that change nothing (B is zero), with the reference vectors of the plain model."""
    random = np.random.default_rng(0)
    pairs = {}
    for name in matrices(weights.shape):
        outs, inputs = weights.floats(f"{name}.w").shape
        down = random.normal(size=(RANK, inputs)).astype(np.float16).astype(np.float32)
        pairs[name] = (down, np.zeros((outs, RANK), np.float32))
    joint = random.normal(size=(8, weights.shape.hidden)).astype(np.float16).astype(np.float32)
    return Deltas(pairs, joint, reference()[1], {"seed": 7, "made_of": "店"})


@contextmanager
def small_disk(most: int) -> Iterator[None]:
    """No file may grow beyond `most` bytes: writing fails as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_holds_what_was_learnt(deltas: Deltas, tmp_path: Path) -> None:
    deltas.save(tmp_path / "new" / "m.npz")
    back = Deltas.read(tmp_path / "new" / "m.npz")
    assert back.facts == deltas.facts
    assert back.rank == RANK
    assert back.pairs.keys() == deltas.pairs.keys()
    for name, (down, up) in deltas.pairs.items():
        assert np.array_equal(back.pairs[name][0], down)
        assert np.array_equal(back.pairs[name][1], up)
    assert back.joint is not None
    assert deltas.joint is not None
    assert np.array_equal(back.joint, deltas.joint)
    assert np.allclose(back.reference, deltas.reference, atol=1e-3)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["m.npz"]


def test_a_full_disk_leaves_the_earlier_file(deltas: Deltas, tmp_path: Path) -> None:
    file = tmp_path / "m.npz"
    deltas.save(file)
    before = file.read_bytes()
    with small_disk(1000), pytest.raises(OSError, match=r"large|space"):
        replace(deltas, facts={"seed": 8}).save(file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def _shortened(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def _foreign(file: Path) -> None:
    file.write_text("not a model", "utf-8")


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _other_arrays(file: Path) -> None:
    np.savez(file, vectors=np.zeros((2, 2), np.float32))


def _objects(file: Path) -> None:
    np.savez(file, facts=np.array([{"a": 1}], dtype=object))


def _half_a_pair(file: Path) -> None:
    with np.load(file) as found:
        arrays = {name: found[name] for name in found.files if name != "l0.q.B"}
    np.savez(file, **arrays)


def _no_numbers(file: Path) -> None:
    with np.load(file) as found:
        arrays = {name: found[name] for name in found.files}
    np.savez(file, **(arrays | {"l3.v.A": arrays["l3.v.A"] * np.float16("nan")}))


def _flat(file: Path) -> None:
    with np.load(file) as found:
        arrays = {name: found[name] for name in found.files}
    np.savez(file, **(arrays | {"l3.v.A": arrays["l3.v.A"].reshape(-1)}))


@pytest.mark.parametrize(
    "harm",
    [
        _shortened, _flipped, _foreign, _empty, _other_arrays, _objects, _half_a_pair, _no_numbers, _flat,
        Path.unlink,
    ],
)  # fmt: skip
def test_damage_is_refused_with_the_mending_command(deltas: Deltas, tmp_path: Path, harm: object) -> None:
    file = tmp_path / "m.npz"
    deltas.save(file)
    assert callable(harm)
    harm(file)
    with pytest.raises(DeltasRefused) as refused:
        Deltas.read(file)
    assert str(refused.value).startswith(str(file))
    assert "toritsugi train" in str(refused.value)
    assert "TORITSUGI_ENCODER=plain" in str(refused.value)


def test_another_shape_is_refused_by_part(deltas: Deltas, weights: Weights) -> None:
    deltas.check(weights)
    down, up = deltas.pairs["l2.fo"]
    narrow = replace(deltas, pairs=deltas.pairs | {"l2.fo": (down[:, :384], up)})
    with pytest.raises(
        DeltasRefused, match=r"l2\.fo is for 384×384 values, the installed encoder has 384×1536"
    ):
        narrow.check(weights)
    torn = replace(deltas, pairs=deltas.pairs | {"l2.fo": (down[:1], up)})
    with pytest.raises(DeltasRefused, match=r"l2\.fo"):
        torn.check(weights)
    small = replace(deltas, pairs={name: pair for name, pair in deltas.pairs.items() if name < "l4"})
    with pytest.raises(DeltasRefused, match="other parts"):
        small.check(weights)
    assert deltas.joint is not None
    with pytest.raises(DeltasRefused, match="joint part is for 100 values"):
        replace(deltas, joint=deltas.joint[:, :100]).check(weights)


def test_a_name_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(DeltasRefused, match=r"TORITSUGI_ENCODER=.*gone\.npz: there is no such file"):
        open_encoder(tmp_path, str(tmp_path / "gone.npz"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_shape_builds_nothing(deltas: Deltas, tmp_path: Path) -> None:
    assert deltas.joint is not None
    replace(deltas, joint=deltas.joint[:, :100]).save(tmp_path / "m.npz")
    with pytest.raises(DeltasRefused, match="joint part"):
        open_encoder(tmp_path, str(tmp_path / "m.npz"))
    replace(deltas, reference=deltas.reference[:5]).save(tmp_path / "m.npz")
    with pytest.raises(DeltasRefused, match="reference texts"):
        open_encoder(tmp_path, str(tmp_path / "m.npz"))
    assert list((tmp_path / "encoder").iterdir()) == []


def test_changes_that_change_nothing_read_as_the_plain_encoder(deltas: Deltas, tmp_path: Path) -> None:
    deltas.save(tmp_path / "m.npz")
    trained, plain = open_encoder(tmp_path, str(tmp_path / "m.npz")), open_encoder(tmp_path, "plain")
    assert (trained.joint, plain.joint) == (8, None)
    assert trained.id != plain.id
    for text in ("送料はいくらですか", "How do I return this?"):
        read = trained.read(text, "entry")
        assert float(read.vector @ plain.encode([text], "entry")[0]) >= 0.999
        assert read.tokens is not None
        assert read.tokens.shape == (len(trained.embeddings(text, "entry")), 8)
        assert np.allclose(np.linalg.norm(read.tokens, axis=1), 1, atol=1e-5)


def test_an_encoder_sees_no_more_pieces_than_asked_for(tmp_path: Path) -> None:
    plain = open_encoder(tmp_path, "plain")
    whole = plain.embeddings("送料はいくらですか、沖縄まで", "query")
    some = plain.embeddings("送料はいくらですか、沖縄まで", "query", 6)
    assert some.shape == (6, plain.dim)
    assert np.array_equal(some[:5], whole[:5])
    assert np.array_equal(some[5], whole[-1])  # the end mark stays
