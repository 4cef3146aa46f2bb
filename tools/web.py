#!/usr/bin/env python3
"""The browser's decoder as a static folder: web.py build FOLDER, with the module, pages, WebAssembly and the weights that decoding
needs; web.py serve FOLDER [--port 8000] for trying it, answering range requests as any web server does."""

import argparse
import glob
import gzip
import hashlib
import http.server
import json
import os
import re
import shutil
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: Tensors that only encoding uses.
ENCODING = ("encoder.", "predictor.")


def decoder_weights(data):
    """A safetensors file without what only encoding needs; metadata and the other tensors' order stay."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    base = 8 + length
    kept = {name: entry for name, entry in header.items() if name != "__metadata__" and not name.startswith(ENCODING)}
    parts, place = [], 0
    for entry in sorted(kept.values(), key=lambda entry: entry["data_offsets"]):
        first, end = entry["data_offsets"]
        parts.append(data[base + first : base + end])
        entry["data_offsets"] = [place, place + end - first]
        place += end - first
    text = json.dumps({"__metadata__": header["__metadata__"], **kept}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def build(folder, wasm, models):
    os.makedirs(os.path.join(folder, "models"), exist_ok=True)
    for path in glob.glob(os.path.join(ROOT, "web", "*.*")):
        shutil.copy(path, folder)
    shutil.copy(wasm, folder)
    for path in models:
        with open(path, "rb") as file:
            data = file.read()
        name = hashlib.sha256(data).hexdigest()[:16]
        packed = gzip.compress(decoder_weights(data), 9, mtime=0)
        with open(os.path.join(folder, "models", name + ".safetensors.gz"), "wb") as file:
            file.write(packed)
        print(f"{name}  {os.path.basename(path)}: {len(data)} bytes, to decode {len(packed)}")
    code = [path for path in glob.glob(os.path.join(folder, "*.*")) if path.endswith((".js", ".wasm"))]
    size = 0
    for path in code:
        with open(path, "rb") as file:
            size += len(gzip.compress(file.read(), 9))
    print(f"module and scripts: {size} bytes gzipped")


class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".gqz": "image/x-gqz", ".wasm": "application/wasm", ".js": "text/javascript", ".mjs": "text/javascript",
        ".gz": "application/octet-stream",
    }

    def do_GET(self):
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        path = self.translate_path(self.path)
        if not match or not os.path.isfile(path):
            return super().do_GET()
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            first = int(match[1])
            last = min(int(match[2] or size - 1), size - 1)
            if first > last:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.end_headers()
                return
            file.seek(first)
            data = file.read(last - first + 1)
        self.send_response(206)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def end_headers(self):
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    verbs = p.add_subparsers(dest="verb", required=True)
    b = verbs.add_parser("build")
    b.add_argument("folder")
    b.add_argument("--wasm", required=True)
    b.add_argument("--models", nargs="+", required=True)
    s = verbs.add_parser("serve")
    s.add_argument("folder")
    s.add_argument("--port", type=int, default=8000)
    a = p.parse_args()
    if a.verb == "build":
        return build(a.folder, a.wasm, a.models)
    handler = lambda *args: Handler(*args, directory=a.folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", a.port), handler) as server:
        print(f"http://127.0.0.1:{a.port}/", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(0)


if __name__ == "__main__":
    main()
