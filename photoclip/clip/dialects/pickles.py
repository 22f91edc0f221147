"""The pickle in a TorchScript archive, interpreted without Python's own unpickler.

A pickle is a program for a stack machine, and Python's machine calls whatever it is told to. This one knows
only the instructions that PyTorch's `torch/csrc/jit/serialization/pickler.cpp` writes; a call makes a record
of what was asked for, if it is one of a few known names, and runs nothing.
"""

from __future__ import annotations

import pickletools
import struct
from dataclasses import dataclass, field
from typing import Any

INSTRUCTIONS = 1_000_000  # ViT-L/14 has about 20,000
LARGEST = 2**40  # of a size, a stride or an offset: no file holds as many numbers
SCRIPTED = "__torch__"  # the package of every class in an archive
REBUILD = ("torch._utils", "_rebuild_tensor_v2")
ORDERED_DICT = ("collections", "OrderedDict")
# Calls that stand for their first argument: a value with the type that TorchScript gave it, in older archives
# a list of one type, and a device by its name.
_TYPINGS = ("restore_type_tag", "build_intlist", "build_doublelist", "build_boollist", "build_tensorlist")
TYPED = {("torch.jit._pickle", name) for name in _TYPINGS} | {("torch", "device")}


@dataclass(frozen=True)
class Name:
    """A class or function that the pickle speaks of."""

    module: str
    name: str

    @property
    def is_scripted(self) -> bool:
        return self.module.partition(".")[0] == SCRIPTED


@dataclass(eq=False)
class Module:
    """An object of a scripted class: attributes, nothing else."""

    state: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Storage:
    """`count` numbers of a kind ("HalfStorage"), kept under the archive's `data/<key>`."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True)
class TensorRecord:
    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class Refused(Exception):
    """The pickle asks for something that is no part of a model; the message says what, "it …"."""


class Damaged(Exception):
    """The pickle is not a program that runs to its end, or describes something impossible."""


def read_pickle(content: bytes | bytearray) -> object:
    """What the pickle describes, in plain containers and the records above. Raises Refused or Damaged."""
    machine = _Machine()
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(bytes(content))):
            if count > INSTRUCTIONS:
                raise Refused("it has too many instructions")
            machine.step(instruction.name, argument)
        return machine.result()
    except (ValueError, TypeError, IndexError, KeyError, struct.error) as error:
        raise Damaged(f"its pickle is damaged ({error})") from error


class _Machine:
    """The stack, the stacks below its marks, and the values kept for later."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def result(self) -> object:
        (value,) = self.stack
        return value

    def step(self, instruction: str, argument: Any) -> None:
        match instruction:
            case "PROTO" | "STOP":
                pass
            case "MARK":
                self.below.append(self.stack)
                self.stack = []
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "BINUNICODE":
                self.stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                self.stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[instruction])
            case "EMPTY_TUPLE" | "EMPTY_LIST" | "EMPTY_DICT":
                self.stack.append({"EMPTY_TUPLE": (), "EMPTY_LIST": [], "EMPTY_DICT": {}}[instruction])
            case "TUPLE":
                self.push(tuple(self.since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self.push(tuple(self.take(int(instruction[-1]))))
            case "APPEND" | "APPENDS":
                values = self.take(1) if instruction == "APPEND" else self.since_mark()
                self.top(list).extend(values)
            case "SETITEM" | "SETITEMS":
                self.set_items(self.take(2) if instruction == "SETITEM" else self.since_mark())
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.push(self.memo[argument])
            case "GLOBAL":
                self.push(known(*argument.split(" ", 1)))
            case "BINPERSID":
                self.push(storage(self.stack.pop()))
            case "REDUCE" | "NEWOBJ":
                function, arguments = self.take(2)
                self.push(record(function, arguments))
            case "BUILD":
                (state,) = self.take(1)
                self.top(Module).state.update(attributes(state))
            case _:
                raise Refused(f"it uses {instruction}, an instruction that no model needs")

    def push(self, value: object) -> None:
        self.stack.append(value)

    def take(self, count: int) -> list[Any]:
        """The top `count` values, the lowest first."""
        if len(self.stack) < count:
            raise IndexError("a value is missing")
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken

    def since_mark(self) -> list[Any]:
        values, self.stack = self.stack, self.below.pop()
        return values

    def top(self, kind: type[Any]) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise Refused("it changes something that is no part of a model")
        return self.stack[-1]

    def set_items(self, items: list[Any]) -> None:
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Other keys could be nested deeper than Python's hash can follow.
            if not isinstance(key, str | int):
                raise Refused("it has a table whose keys are neither words nor numbers")
            target[key] = value


def known(module: str, name: str) -> Name:
    """The name, if a model may speak of it. Raises Refused for any other, which is where attacks end."""
    found = Name(module, name)
    is_storage = module == "torch" and name.endswith("Storage")
    if found.is_scripted or is_storage or (module, name) in {REBUILD, ORDERED_DICT, *TYPED}:
        return found
    raise Refused(f"it asks for {module[:80]}.{name[:80]}, which is no part of a model")


def record(function: object, arguments: object) -> object:
    """What a call of a known name would give, without calling it."""
    if not isinstance(function, Name) or not isinstance(arguments, tuple):
        raise Refused("it calls something that is no part of a model")
    if function.is_scripted and arguments == ():
        return Module()
    name = (function.module, function.name)
    if name == ORDERED_DICT and arguments == ():
        return {}
    if name in TYPED and arguments:
        return arguments[0]
    if name == REBUILD:
        return tensor(arguments)
    raise Refused(f"it calls {function.module}.{function.name} in a way that no model does")


def tensor(arguments: tuple[Any, ...]) -> TensorRecord:
    found, offset, size, stride = arguments[:4]
    numbers = (offset, *size, *stride)
    is_possible = all(type(number) is int and 0 <= number < LARGEST for number in numbers)
    if not isinstance(found, Storage) or not is_possible or len(size) != len(stride) or len(size) > 8:
        raise Damaged("one of its tensors has no possible shape")
    return TensorRecord(found, offset, tuple(size), tuple(stride))


def storage(reference: Any) -> Storage:
    """From PyTorch's ("storage", class, key, device, count); the device it was saved on does not matter."""
    if not isinstance(reference, tuple) or len(reference) != 5 or reference[0] != "storage":
        raise Refused("it refers to something outside of itself")
    _, kind, key, _, count = reference
    if not isinstance(kind, Name) or not isinstance(key, str) or type(count) is not int or count < 0:
        raise Damaged("one of its storages has no possible size")
    return Storage(kind.name, key, count)


def attributes(state: object) -> dict[str, object]:
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise Refused("one of its objects is made of something else than attributes")
    return state
