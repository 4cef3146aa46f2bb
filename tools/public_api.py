#!/usr/bin/env python3
"""Checks what modules offer, from their symbol graphs: public_api.py [--c-interface MODULE] FOLDER MODULE ...

Every public symbol has a documentation comment, no signature has a C type or a raw pointer in it, and every type that
has values is Sendable. A module that is an interface for C is checked for comments alone.
"""

import argparse
import json
import re
import sys
from pathlib import Path

SENDABLE = "s:s8SendableP"
TYPES = ("swift.struct", "swift.enum", "swift.class")
# Types of Swift's library that stand for C's; those of C itself have identifiers that begin with "c:".
C_NAMES = re.compile(r"C[A-Z]\w*|OpaquePointer|CVarArg|Unsafe\w*Pointer|Unmanaged")


def graphs(folder, module):
    """A module's symbol graph, and those of its extensions of other modules' types: module@other."""
    files = sorted(folder.glob(f"{module}.symbols.json")) + sorted(folder.glob(f"{module}@*.symbols.json"))
    if not files:
        sys.exit(f"no symbol graph of {module} in {folder}")
    return [json.loads(file.read_text()) for file in files]


def symbols(graph):
    """What the module itself declares: members that the compiler adds and requirements of protocols are elsewhere."""
    known = {
        relation["source"] for relation in graph["relationships"]
        if "sourceOrigin" in relation or relation["kind"] in ("requirementOf", "overrides", "defaultImplementationOf")
    }
    return [
        symbol for symbol in graph["symbols"]
        if "::SYNTHESIZED::" not in symbol["identifier"]["precise"] and symbol["identifier"]["precise"] not in known
    ]


def c_types(symbol):
    """The C types in a declaration."""
    for fragment in symbol.get("declarationFragments", []):
        if fragment["kind"] == "typeIdentifier":
            identifier = fragment.get("preciseIdentifier", "")
            is_swift_own = identifier.startswith("s:s") or identifier.startswith("s:S") or not identifier
            if identifier.startswith("c:") or is_swift_own and C_NAMES.fullmatch(fragment["spelling"]):
                yield fragment["spelling"]


def problems(graph, is_c_interface):
    """What is wrong, as (symbol, words)."""
    for symbol in symbols(graph):
        if not symbol.get("docComment", {}).get("lines"):
            yield symbol, "has no documentation"
        for name in () if is_c_interface else c_types(symbol):
            yield symbol, f"shows the C type {name}"
    if is_c_interface:
        return
    sendable = {r["source"] for r in graph["relationships"] if r["kind"] == "conformsTo" and r["target"] == SENDABLE}
    with_cases = {
        relation["target"] for symbol in graph["symbols"] if symbol["kind"]["identifier"] == "swift.enum.case"
        for relation in graph["relationships"] if relation["source"] == symbol["identifier"]["precise"]
    }
    for symbol in symbols(graph):
        kind, identifier = symbol["kind"]["identifier"], symbol["identifier"]["precise"]
        # An enumeration without cases is a place for functions: it has no values.
        if kind in TYPES and identifier not in sendable and (kind != "swift.enum" or identifier in with_cases):
            yield symbol, "is not Sendable"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--c-interface", action="append", default=[])
    parser.add_argument("--not-sendable", action="append", default=[], help="types that may stay so, as Module.Type")
    a = parser.parse_args()
    total = wrong = 0
    for module in a.modules + a.c_interface:
        for graph in graphs(a.folder, module):
            total += len(symbols(graph))
            for symbol, words in problems(graph, module in a.c_interface):
                name = f"{module}.{'.'.join(symbol['pathComponents'])}"
                if words == "is not Sendable" and name in a.not_sendable:
                    continue
                wrong += 1
                print(f"{name} {words}")
    print(f"{total} public symbols, {wrong} problems")
    sys.exit(wrong > 0)


main()
