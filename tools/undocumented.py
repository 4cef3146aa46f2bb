#!/usr/bin/env python3
"""Names the public symbols without a documentation comment: undocumented.py SYMBOL-GRAPHS MODULE ..."""

import json
import sys
from pathlib import Path

folder, modules = Path(sys.argv[1]), sys.argv[2:]
missing = total = 0
for module in modules:
    # Without synthesized members; extensions of other modules' types are in files module@other.
    files = sorted(folder.glob(f"{module}.symbols.json")) + sorted(folder.glob(f"{module}@*.symbols.json"))
    if not files:
        sys.exit(f"no symbol graph of {module} in {folder}")
    for file in files:
        graph = json.loads(file.read_text())
        # What a protocol of another module asks for has its words there.
        known = {
            relation["source"] for relation in graph["relationships"]
            if "sourceOrigin" in relation or relation["kind"] in ("requirementOf", "overrides", "defaultImplementationOf")
        }
        for symbol in graph["symbols"]:
            if "::SYNTHESIZED::" in symbol["identifier"]["precise"] or symbol["identifier"]["precise"] in known:
                continue
            total += 1
            if not symbol.get("docComment", {}).get("lines"):
                missing += 1
                print(f"{module}: {'.'.join(symbol['pathComponents'])} has no documentation")
print(f"{total} public symbols, {missing} without documentation")
sys.exit(missing > 0)
