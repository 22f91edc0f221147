"""The interpreter of an archive's pickle: plain values and records, and no way to anything else."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from photoclip.clip.dialects import pickles
from photoclip.clip.dialects.pickles import Damaged, Module, Refused, read_pickle
from tests.clip.dialects.hostile import Payload, code, tensor_program


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -7,
        300,
        70000,
        2**40,
        0.5,
        "π",
        (),
        (1,),
        (1, 2),
        (1, 2, 3),
        (1, 2, 3, 4),
        [],
        [1],
        [1, 2],
    ],
)
def test_plain_values(value: object) -> None:
    assert read_pickle(pickle.dumps(value, protocol=2)) == value


def test_containers_that_share() -> None:
    shared = ["x"]
    found = read_pickle(pickle.dumps({"a": shared, "b": [shared, (shared,)], 3: {}}, protocol=2))
    assert found == {"a": ["x"], "b": [["x"], (["x"],)], 3: {}}


def test_an_object_is_its_attributes() -> None:
    found = read_pickle(
        b"\x80\x02c__torch__.torch.nn.modules.linear.___torch_mangle_7\nLinear\n)\x81}X\x01\0\0\0aK\x05sb."
    )
    assert isinstance(found, Module)
    assert found.state == {"a": 5}


def test_lists_with_a_type_are_lists() -> None:
    for name, argument in (("restore_type_tag", ([1], "List[int]")), ("build_intlist", ([1],))):
        program = b"\x80\x02ctorch.jit._pickle\n" + name.encode() + b"\n" + code(argument) + b"R."
        assert read_pickle(program) == [1]


def test_a_device_is_its_name() -> None:
    assert read_pickle(b"\x80\x02ctorch\ndevice\n" + code(("cuda:0",)) + b"R.") == "cuda:0"


@pytest.mark.parametrize("protocol", range(6))
def test_no_attack_runs_at_any_protocol(tmp_path: Path, protocol: int) -> None:
    payload = Payload(tmp_path / "ran")
    with pytest.raises((Refused, Damaged)):
        read_pickle(pickle.dumps(payload, protocol=protocol))
    assert not payload.has_run()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.", r"asks for os\.system"),
        (b"\x80\x02cbuiltins\neval\nX\x01\0\0\x001\x85R.", r"asks for builtins\.eval"),
        (b"\x80\x02ctorch.serialization\nload\n.", r"asks for torch\.serialization\.load"),
        (b"\x80\x02ctorch\nload\n.", r"asks for torch\.load"),
        (b"\x80\x02c__torch__evil\nA\n.", r"asks for __torch__evil\.A"),
        (b"\x80\x02(S'true'\nios\nsystem\n.", "uses STRING"),
        (b"\x80\x02(X\x04\0\0\0trueios\nsystem\n.", "uses INST"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "uses SHORT_BINUNICODE"),
        (b"\x80\x02X\x02\0\0\0osX\x06\0\0\0system\x93.", "uses STACK_GLOBAL"),
        (b"\x80\x02\x82\x01.", "uses EXT1"),
        (b"\x80\x05\x97.", "uses NEXT_BUFFER"),
        (b"\x80\x02K\x01K\x02R.", "calls something that is no part"),
        (b"\x80\x02c__torch__\nM\nK\x01\x85R.", r"calls __torch__\.M in a way"),
        (b"\x80\x02ccollections\nOrderedDict\n]\x85R.", r"calls collections\.OrderedDict in a way"),
        (b"\x80\x02ccollections\nOrderedDict\n}b.", "changes something that is no part"),
        (b"\x80\x02}}b.", "changes something that is no part"),
        (b"\x80\x02K\x01K\x02a.", "changes something that is no part"),
        (b"\x80\x02}K\x01\x85K\x02s.", "neither words nor numbers"),
        (b"\x80\x02c__torch__\nM\n)\x81K\x01b.", "something else than attributes"),
        (b"\x80\x02c__torch__\nM\n)\x81}K\x01K\x02sb.", "something else than attributes"),
        (b"\x80\x02X\x07\0\0\0storageQ.", "refers to something outside"),
    ],
)
def test_what_no_model_needs_is_refused(program: bytes, message: str) -> None:
    with pytest.raises(Refused, match=message):
        read_pickle(program)


@pytest.mark.parametrize(
    "program",
    [
        b"",
        b".",
        b"\x80\x02",
        b"\x80\x02K",
        b"\x80\x02t.",
        b"\x80\x02\x86.",
        b"\x80\x02h\x05.",
        b"\x80\x02NN.",
        b"\xff",
    ],
)
def test_a_program_that_does_not_run_is_damaged(program: bytes) -> None:
    with pytest.raises(Damaged, match="its pickle is damaged"):
        read_pickle(program)


def test_every_place_a_program_can_be_cut_at() -> None:
    whole = tensor_program()
    for length in range(len(whole)):
        with pytest.raises((Damaged, Refused)):
            read_pickle(whole[:length])


def test_a_bomb_of_memory_is_a_number() -> None:
    """Python's own reader would make room for two thousand million values here."""
    assert read_pickle(b"\x80\x02]r\xff\xff\xff\x7f.") == []


def test_a_bomb_of_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "INSTRUCTIONS", 1000)
    with pytest.raises(Refused, match="too many instructions"):
        read_pickle(b"\x80\x02" + b"N" * 1001)


def test_a_tower_of_tuples_is_no_key() -> None:
    """Hashing it would overrun the machine's own stack."""
    with pytest.raises(Refused, match="neither words nor numbers"):
        read_pickle(b"\x80\x02})" + b"\x85" * 50_000 + b"Ns.")


def test_doubling_lists_cost_nothing() -> None:
    """Each holds the last one twice: 2 ** 64 values to whoever walks them, 64 to whoever does not."""
    double = b"".join(
        b"]q" + bytes([n]) + b"(h" + bytes([n - 1]) + b"h" + bytes([n - 1]) + b"e" for n in range(1, 64)
    )
    found = read_pickle(b"\x80\x02(]q\x00" + double + b"t.")
    assert isinstance(found, tuple)
    assert len(found) == 64
