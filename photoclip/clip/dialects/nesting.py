"""How deep a pickle's values are nested, found without making them.

Python hashes nested tuples by recursion on the machine's own stack and dies where that ends, so a pickle with
a tower of tuples as a key takes the whole process down, in PyTorch's careful reader as well. Here each value
is no more than a number, its depth; what an instruction takes and leaves is in `pickletools`' own table.
"""

from __future__ import annotations

import pickletools
import struct
from typing import BinaryIO

from photoclip.clip.dialects.pickles import INSTRUCTIONS, Damaged, Refused

DEPTH = 100  # a training checkpoint's optimizer has six
CHANGES = {
    "APPEND",
    "APPENDS",
    "SETITEM",
    "SETITEMS",
    "ADDITEMS",
    "BUILD",
}  # the lowest value stays, with more in it
KEEPS = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
FETCHES = {"GET", "BINGET", "LONG_BINGET"}
MARK = -1


def check_nesting(file: BinaryIO) -> None:
    """Reads one pickle to its end. Raises Refused if it is nested too deep or too long, Damaged if broken."""
    stack: list[int] = []
    memo: dict[int, int] = {}
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(file)):
            if count > INSTRUCTIONS:
                raise Refused("it has too many instructions")
            if instruction.name == "MARK":
                stack.append(MARK)
            elif instruction.name in KEEPS:
                memo[len(memo) if argument is None else int(argument)] = stack[-1]
            elif instruction.name in FETCHES:
                stack.append(memo[int(argument or 0)])
            else:
                _apply(instruction, stack)
    except (ValueError, IndexError, KeyError, struct.error) as error:
        raise Damaged(f"its pickle is damaged ({error})") from error


def _apply(instruction: pickletools.OpcodeInfo, stack: list[int]) -> None:
    before = instruction.stack_before
    taken: list[int] = []
    if pickletools.markobject in before:
        while (depth := stack.pop()) != MARK:
            taken.append(depth)
        before = before[: before.index(pickletools.markobject)]
    taken += [stack.pop() for _ in before]
    depth = 1 + max(taken, default=0)
    if instruction.name in CHANGES:
        lowest = taken.pop()
        depth = max(lowest, 1 + max(taken, default=0))
    if depth > DEPTH:
        raise Refused("its values are nested without end")
    stack.extend(depth for _ in instruction.stack_after)
