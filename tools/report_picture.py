#!/usr/bin/env python3
"""Makes the README's picture of a report's page, light and dark: report_picture.py REPORT/index.html OUT.jpg

Needs Chromium and Pillow.
"""

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 1100, 2440
USE = """<script>
(async () => {
  const pause = (time) => new Promise((done) => setTimeout(done, time));
  document.documentElement.dataset.theme = THEME;
  document.getElementById("theme-name").textContent = THEME === "dark" ? "Switch to light" : "Switch to dark";
  document.querySelector("#right-version").value = "jpeg";
  document.querySelector("#right-version").dispatchEvent(new Event("change", { bubbles: true }));
  await pause(300);
  if (THEME === "dark") document.querySelectorAll("#overlay [role=radio]")[1].click();
  await pause(300);
  const chart = document.querySelector("#chart svg");
  const point = [...document.querySelectorAll('#chart .point[data-method="gqimg"]')]
    .find((node) => node.dataset.target === "0.25").getBoundingClientRect();
  chart.dispatchEvent(new PointerEvent("pointermove", {
    bubbles: true, clientX: point.left + point.width / 2, clientY: point.top,
  }));
})();
</script>"""


def shot(browser, page, theme, folder):
    changed, picture = folder / "page.html", folder / f"{theme}.png"
    start, end = page.rsplit("</body>", 1)
    changed.write_text(start + USE.replace("THEME", f'"{theme}"') + "</body>" + end)
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}", f"--user-data-dir={folder}/browser",
         "--virtual-time-budget=10000", f"--screenshot={picture}", changed.as_uri()],
        check=True, stderr=subprocess.DEVNULL, timeout=300)
    return Image.open(picture).convert("RGB")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("page", type=Path)
    p.add_argument("output")
    a = p.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise SystemExit("Chromium is not installed")
    both = Image.new("RGB", (2 * WIDTH, HEIGHT))
    with tempfile.TemporaryDirectory() as folder:
        for k, theme in enumerate(("light", "dark")):
            both.paste(shot(browser, a.page.read_text(), theme, Path(folder)), (k * WIDTH, 0))
    both.resize((1600, HEIGHT * 1600 // (2 * WIDTH)), Image.LANCZOS).save(a.output, quality=88, optimize=True)


if __name__ == "__main__":
    main()
