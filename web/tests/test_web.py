#!/usr/bin/env python3
"""web/ in a real browser: pixels of many files against the program's, regions, recovery, errors, memory, the service worker, the custom
element, range requests, and screenshots of both pages. Exits with 1 where anything differs; 0 with a word when there is no browser."""

import argparse
import http.server
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import web  # noqa: E402
from devtools import Browser  # noqa: E402

TESTDATA = os.path.join(ROOT, "testdata")
TINY = os.path.join(TESTDATA, "tiny.safetensors")


def png_pixels(path):
    """Width, height and RGBA samples of a PNG file of 8 bits, not interlaced."""
    with open(path, "rb") as file:
        data = file.read()
    place, packed = 8, b""
    while place < len(data):
        (length,), kind = struct.unpack_from(">I", data, place), data[place + 4 : place + 8]
        body = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        place += length + 12
    assert depth == 8 and not interlaced
    size = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    rows, raw, stride = bytearray(), zlib.decompress(packed), width * size
    above = bytearray(stride)
    for y in range(height):
        start = y * (stride + 1)
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for k in range(stride):
            a = line[k - size] if k >= size else 0
            b, c = above[k], above[k - size] if k >= size else 0
            if kind == 1:
                line[k] = (line[k] + a) & 255
            elif kind == 2:
                line[k] = (line[k] + b) & 255
            elif kind == 3:
                line[k] = (line[k] + (a + b) // 2) & 255
            elif kind == 4:
                p, q, r = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                line[k] = (line[k] + (a if p <= q and p <= r else b if q <= r else c)) & 255
        above = line
        rows += line
    return width, height, rgba(bytes(rows), size)


def rgba(samples, size):
    count = len(samples) // size
    result = bytearray(b"\xff" * (4 * count))
    for channel in range(3):
        result[channel::4] = samples[min(channel, size - 1 - (size in (2, 4))) :: size]
    if size in (2, 4):
        result[3::4] = samples[size - 1 :: size]
    return bytes(result)


def write_ppm(path, pixels, width, height):
    with open(path, "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % (width, height) + pixels)


def swapped_profile():
    """A profile that takes red for green."""
    with open(os.path.join(TESTDATA, "read", "metadata.icc"), "rb") as file:
        data = bytearray(file.read())
    entries = [132 + 12 * k for k in range(struct.unpack_from(">I", data, 128)[0])]
    red, green = (next(place for place in entries if data[place : place + 4] == name) for name in (b"rXYZ", b"gXYZ"))
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def write_png(path, pixels, width, height, profile):
    """RGB with a profile."""
    rows = b"".join(b"\0" + pixels[y * width * 3 : (y + 1) * width * 3] for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
                           (b"iCCP", b"swapped\0\0" + zlib.compress(profile)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def read_ppm(path):
    with open(path, "rb") as file:
        kind, size, _, samples = file.read().split(b"\n", 3)
    width, height = map(int, size.split())
    return width, height, rgba(samples, 3 if kind == b"P6" else 1)


class Site:
    """The files under test, and what the program makes of them."""

    def __init__(self, program, folder):
        self.program, self.folder, self.files = program, folder, []

    def run(self, *arguments, check=True):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True)
        if check and done.returncode:
            sys.exit(f"gqimg {' '.join(arguments)}: {done.stderr}")
        return done

    def path(self, name):
        return os.path.join(self.folder, name)

    def add(self, name, expected_from=None, **entry):
        """Enters a file; its expected pixels are those of the program's PNG or Netpbm file."""
        if expected_from:
            read = png_pixels if expected_from.endswith(".png") else read_ppm
            width, height, pixels = read(expected_from)
            with open(self.path(name + ".rgba"), "wb") as file:
                file.write(pixels)
            entry.update(width=width, height=height)
        self.files.append({"name": name, **entry})

    def compress(self, name, picture, *options, tiny=True, region=None, decode=(), format="ppm", **entry):
        model = ["--model", TINY] if tiny else []
        target = self.path(name + ".gqz")
        self.run("compress", "--force", *model, *options, picture, target)
        out = self.path(f"{name}.{format}")
        if region:
            decode = [*decode, "--region", ",".join(map(str, region.values()))]
        self.run("decompress", "--force", *model, *decode, target, out)
        self.add(name, out, region=region, **entry)

    def damage(self, name, source, places, picture, useDamagedBits=False):
        """A copy with some bytes changed, and what the program recovers of it."""
        with open(self.path(source + ".gqz"), "rb") as file:
            data = bytearray(file.read())
        for place in places:
            data[int(place * len(data))] ^= 0x10
        with open(self.path(name + ".gqz"), "wb") as file:
            file.write(data)
        out = self.path(name + ".ppm")
        more = ["--use-damaged-bits"] if useDamagedBits else []
        self.run("decompress", "--force", "--recover", *more, "--model", TINY, self.path(name + ".gqz"), out, check=False)
        self.add(name, out, recover=True, useDamagedBits=useDamagedBits)


def make_files(site):
    sample, chelsea, camera = (os.path.join(TESTDATA, name + ".png") for name in ("sample", "chelsea", "camera"))
    suite = lambda name: os.path.join(TESTDATA, "pngsuite", name + ".png")
    site.compress("rgb", sample, "--bpp", "0.5")
    site.compress("rgb-low", chelsea, "--bpp", "0.1")
    site.compress("rgb-high", chelsea, "-q", "95")
    site.compress("grey", camera, "--bpp", "0.4", format="png")
    site.compress("uniform", chelsea, "--uniform", "--bpp", "0.6")
    site.compress("progressive", chelsea, "--progressive", "--bpp", "0.3")
    site.compress("protected", chelsea, "--protect", "--bpp", "0.4")
    site.compress("region", chelsea, "--bpp", "0.5", region={"x": 37, "y": 101, "width": 203, "height": 64})
    site.compress("region-progressive", chelsea, "--progressive", "--bpp", "0.5", region={"x": 300, "y": 0, "width": 151, "height": 300})
    for name in ("basn0g08", "basn2c08", "basn3p08", "basn2c16", "basi2c08", "s01n3p01", "s07n3p02", "cdfn2c08"):
        if os.path.exists(suite(name)):
            site.compress(name, suite(name), format="png")
    for name in ("basn4a08", "basn6a08", "tbbn2c16", "tp1n3p08"):
        if os.path.exists(suite(name)):
            site.compress("alpha-" + name, suite(name), format="png")
    site.compress("graphics", sample, "--lossless")
    site.compress("graphics-grey", camera, "--lossless", format="png")
    site.compress("graphics-region", chelsea, "--lossless", region={"x": 37, "y": 101, "width": 203, "height": 64})
    site.compress("real", chelsea, "-q", "60", tiny=False)
    site.compress("real-grey", camera, "--bpp", "0.3", tiny=False, format="png")
    colors = site.path("colors.png")
    ramp = bytes(value for y in range(48) for x in range(80) for value in (255 - 3 * x, 5 * y, 2 * x))
    write_png(colors, ramp, 80, 48, swapped_profile())
    site.compress("profile", colors, "--lossless", format="png")
    # A photograph on white: the margin is coded without loss.
    width, height, pixels = png_pixels(chelsea)
    rgb = b"".join(pixels[k : k + 3] for k in range(0, len(pixels), 4))
    blank, side = b"\xff" * (3 * (width + 192)), b"\xff" * 288
    rows = [side + rgb[y * width * 3 : (y + 1) * width * 3] + side for y in range(height)]
    write_ppm(site.path("screen-source.ppm"), blank * 96 + b"".join(rows) + blank * 96, width + 192, height + 192)
    site.compress("screen", site.path("screen-source.ppm"), "-q", "75", tiny=False)
    site.damage("damaged", "rgb", (0.6, 0.8), sample)
    site.damage("damaged-bits", "rgb", (0.6,), sample, useDamagedBits=True)
    site.damage("damaged-progressive", "progressive", (0.5, 0.9), chelsea)


class Handler(web.Handler):
    """Besides files: /log is what was fetched since the last /log, /result takes what the page found."""

    results, log = [], []

    def do_POST(self):
        self.results.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def do_GET(self):
        if self.path == "/log":
            body = json.dumps(self.log).encode()
            self.log.clear()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.log.append([urllib.parse.urlsplit(self.path).path, self.headers.get("Range")])
        super().do_GET()

    def log_message(self, *arguments):
        pass


def try_pages(browser, address, folder, megapixels, check):
    """Uses both pages as people do, at the size of a desktop and of a phone."""
    status = "document.getElementById('status').textContent"
    for kind, size in (("desktop", {"width": 1280, "height": 800}), ("phone", {"width": 390, "height": 844, "dark": True, "touch": True})):
        shot = lambda name: page.screenshot(os.path.join(folder, f"{name}-{kind}.png"))
        page = browser.page(f"{address}/index.html", **size)
        check(f"viewer, {kind}: begins", page.wait("document.querySelector('#start')?.checkVisibility()"))
        shot("start")
        page.call("Page.navigate", url=f"{address}/index.html?src=files/real.gqz&before=files/chelsea.png")
        check(f"viewer, {kind}: opens", page.wait("document.getElementById('save') && !document.getElementById('split').hidden"), page.value(status))
        box = page.value("(() => { const b = document.querySelector('main').getBoundingClientRect(); return [b.x, b.y, b.width, b.height] })()")
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        page.mouse("mouseMoved", x, y)
        check(f"viewer, {kind}: values of a pixel", " bits" in page.value("document.getElementById('pixel').textContent"),
              page.value("document.getElementById('pixel').textContent"))
        scale = lambda: float(page.value("document.body.dataset.scale"))
        before = scale()
        page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
        check(f"viewer, {kind}: the wheel zooms", page.wait(f"Number(document.body.dataset.scale) > {before}"))
        shot("viewer")
        page.value("document.getElementById('canvas').focus()")
        page.key("0")
        check(f"viewer, {kind}: 0 shows all", page.wait(f"Number(document.body.dataset.scale) === {before}"))
        page.key("l")
        page.key("i")
        check(f"viewer, {kind}: levels and information", page.value(
            "document.getElementById('levels').getAttribute('aria-pressed') === 'true' && document.getElementById('details').checkVisibility()"))
        time.sleep(0.3)
        shot("viewer-levels")
        check(f"viewer, {kind}: nothing wider than the screen", page.value("document.documentElement.scrollWidth <= innerWidth"))
        page.call("Page.navigate", url=f"{address}/index.html?src=files/screen.gqz")
        check(f"viewer, {kind}: graphics can be shown", page.wait("document.getElementById('graphics')?.disabled === false"))
        page.value("document.getElementById('canvas').focus()")
        page.key("g")
        check(f"viewer, {kind}: graphics is shown", page.value("document.getElementById('graphics').getAttribute('aria-pressed') === 'true'"))
        time.sleep(0.3)
        shot("viewer-graphics")
        check(f"viewer, {kind}: nothing wider than the screen with graphics",
              page.value("document.documentElement.scrollWidth <= innerWidth"))
        page.call("Page.navigate", url=f"{address}/index.html?src=files/damaged.gqz")
        check(f"viewer, {kind}: damage is told", page.wait(status + ".includes('Damaged')"), page.value(status))
        page.call("Page.navigate", url=f"{address}/index.html?src=files/chelsea.png")
        check(f"viewer, {kind}: another file is refused", page.wait(status + ".includes('no .gqz')"), page.value(status))
        check(f"viewer, {kind}: a quiet console", not page.problems, page.problems)

        start = time.time()
        page = browser.page(f"{address}/zoom.html?src=files/large.gqz", **size)
        check(f"zoom, {kind}: opens", page.wait("!document.getElementById('fit').disabled"))
        check(f"zoom, {kind}: first picture", True, f"{time.time() - start:.2f} s after its address")
        page.wait(status + ".includes('Zoom') || document.body.dataset.shown")
        shot("zoom")
        page.call("Page.navigate", url=f"{address}/zoom.html?src=files/large.gqz&x=1000&y=1200&scale=1")
        shown, fetched = page.wait("document.body.dataset.shown"), page.value("document.getElementById('bytes').textContent")
        check(f"zoom, {kind}: detail", shown, page.value(status) + "; " + fetched)
        if megapixels >= 90:
            check(f"zoom, {kind}: at most 3 % are fetched", float(fetched.split()[-2]) <= 3, fetched)
        time.sleep(0.3)
        shot("zoom-near")
        check(f"zoom, {kind}: a quiet console", not page.problems, page.problems)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", required=True)
    p.add_argument("--site", required=True, help="what tools/web.py build has made")
    p.add_argument("--screenshots", help="a folder for pictures of the pages")
    p.add_argument("--megapixels", type=int, default=24, help="size of the picture that range requests are counted on")
    a = p.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not browser:
        print("no browser here: nothing was tested")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        site_folder = os.path.join(folder, "site")
        shutil.copytree(a.site, site_folder)
        files = os.path.join(site_folder, "files")
        os.makedirs(files)
        web.build(site_folder, os.path.join(a.site, "gqdecode.wasm"), [TINY])
        shutil.copy(os.path.join(HERE, "checks.html"), site_folder)
        shutil.copy(os.path.join(HERE, "checks.js"), site_folder)
        site = Site(os.path.abspath(a.program), files)
        make_files(site)
        # A large picture: the sample, again and again.
        width, height, pixels = png_pixels(os.path.join(TESTDATA, "chelsea.png"))
        across = max(2, round((a.megapixels * 1e6) ** 0.5 / width))
        down = max(2, round((a.megapixels * 1e6) ** 0.5 / height))
        rgb = bytearray(width * height * 3)
        for channel in range(3):
            rgb[channel::3] = pixels[channel::4]
        lines = [bytes(rgb[y * width * 3 : (y + 1) * width * 3]) * across for y in range(height)]
        write_ppm(site.path("large-source.ppm"), b"".join(lines) * down, width * across, height * down)
        big = {"x": 1000, "y": 1200, "width": 900, "height": 600}
        site.compress("large", site.path("large-source.ppm"), "-q", "60", "--effort", "1", "--preview", tiny=False, region=big, remote=True)
        os.remove(site.path("large-source.ppm"))
        site.run("decompress", "--force", "--preview", site.path("large.gqz"), site.path("preview.ppm"))
        site.add("preview", site.path("preview.ppm"), preview=True)
        shutil.copy(os.path.join(TESTDATA, "chelsea.png"), files)
        with open(site.path("list.json"), "w") as file:
            json.dump(site.files, file)

        handler = lambda *args: Handler(*args, directory=site_folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        browser = Browser(browser, os.path.join(folder, "browser"))
        try:
            page = browser.page(f"{address}/checks.html")
            end = time.time() + 420
            while not Handler.results and time.time() < end:
                page.value("1")
                time.sleep(0.2)
            # Answers of 404 and 422, which are asked for on purpose, are told on the console by the browser itself.
            said = [text for text in page.problems if "Failed to load resource" not in text]
            checks = Handler.results[0]["checks"] if Handler.results else [
                {"name": "the page answers", "ok": False, "detail": "; ".join(page.problems)}]
            check = lambda name, ok, detail="": checks.append({"name": name, "ok": bool(ok), "detail": detail})
            check("a quiet console", not said, said)
            screenshots = os.path.abspath(a.screenshots or folder)
            os.makedirs(screenshots, exist_ok=True)
            try_pages(browser, address, screenshots, a.megapixels, check)
        finally:
            browser.close()
        for one in checks:
            print(("ok     " if one["ok"] else "FAILED ") + one["name"] + (f": {one['detail']}" if one["detail"] not in ("", []) else ""))
        bad = [one for one in checks if not one["ok"]]
        if bad:
            sys.exit(f"{len(bad)} checks failed")


if __name__ == "__main__":
    main()
