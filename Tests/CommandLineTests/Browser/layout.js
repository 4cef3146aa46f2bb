// In a frame of some width: is anything wider than it, cut off, or without a name? Tells the page around it.

(async () => {
  const checks = [];
  const check = (name, found) => checks.push({ name, ok: found.length === 0, detail: found.slice(0, 5).join(" | ") });
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const name = (node) => `${node.tagName.toLowerCase()}${node.id ? `#${node.id}` : ""}.${node.getAttribute("class") ?? ""} ${node.textContent.trim().slice(0, 40)}`;
  const isSeen = (node) => node.getClientRects().length > 0;
  try {
    document.documentElement.dataset.theme = location.hash.slice(1);
    await new Promise((done) => setTimeout(done, 500));
    const width = document.documentElement.clientWidth;
    // The wider of both tables.
    document.querySelector('#table-topic [data-value="time"]')?.click();

    // Only the row of thumbnails may be moved sideways, and what lies in the stage is cut off by it.
    const mayReachOut = (node) => node.closest(".thumbnails, .stage");
    check("nothing is wider than the page", all("body *").filter((node) => isSeen(node) && !mayReachOut(node)
      && (node.getBoundingClientRect().right > width + 0.5 || node.getBoundingClientRect().left < -0.5)).map(name));
    check("the page does not move sideways", document.documentElement.scrollWidth > width ? [document.documentElement.scrollWidth] : []);
    check("nothing is cut off", all("body *").filter((node) => isSeen(node) && !mayReachOut(node)
      && ["hidden", "clip", "auto", "scroll"].includes(getComputedStyle(node).overflowX)
      && node.scrollWidth > node.clientWidth + 1).map(name));

    // Names.
    const label = (node) => node.getAttribute("aria-label") ?? node.getAttribute("aria-labelledby") ?? node.labels?.[0]?.textContent ?? node.textContent;
    check("controls have names", all("button, select, input, a, [role=radiogroup], [role=group], [role=img]")
      .filter((node) => !(label(node) ?? "").trim() && !node.querySelector("img[alt]")).map(name));
    check("pictures have names", all("img").filter((node) => !node.alt).map(name));
    const charts = all(".chart").filter((chart) => chart.querySelector("svg"));
    check("ticks have labels", charts.filter((chart) => all(".tick", chart).length
      !== all("line.grid", chart).length + all("line.base", chart).length - 1).map(name));
    check("charts have enough ticks", charts.filter((chart) => all("line.grid", chart).length < 3).map(name));
    check("charts name their axes and curves", charts.filter((chart) => all(".axis-title", chart).length !== 2
      || all(".curve", chart).length !== all(".keys > span, .end-label", chart).length).map(name));
    check("labels of charts are inside", all(".chart text").filter((node) => {
      const [box, chart] = [node.getBoundingClientRect(), node.closest(".card").getBoundingClientRect()];
      return box.left < chart.left || box.right > chart.right;
    }).map(name));
    const overlaps = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    check("ticks do not overlap", charts.flatMap((chart) => {
      const boxes = all(".tick", chart).map((node) => node.getBoundingClientRect());
      return boxes.filter((box, i) => boxes.some((other, k) => k > i && overlaps(box, other)));
    }).map((box) => `${box.left} ${box.top}`));
    // Numbers have the head of their column, or a name of their own where that is hidden.
    const isNamed = (cell) => {
      const head = cell.closest("table").tHead;
      if (head && isSeen(head)) return head.rows[0].cells[cell.cellIndex]?.textContent.trim();
      const before = getComputedStyle(cell, "::before").content;
      return cell.cellIndex === 0 || cell.classList.contains("text") || (before !== "none" && before.length > 2);
    };
    check("numbers have names", all("td").filter((cell) => !cell.closest(".tooltip") && isSeen(cell) && !isNamed(cell)).map(name));
    check("cells hold their text", all("td, th").filter((cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return isSeen(cell) && range.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1;
    }).map(name));
    check("numbers stand on one line", all(".numbers td:not(.text) > span").filter((node) => {
      const range = document.createRange();
      range.selectNodeContents(node.firstChild);
      return range.getClientRects().length > 1;
    }).map(name));
    check("bars have numbers and stay inside", all(".bar").filter((bar) => {
      const cell = bar.closest("td");
      const [box, room] = [bar.querySelector("i").getBoundingClientRect(), cell.getBoundingClientRect()];
      return !/[0-9] %/.test(cell.querySelector(".saving")?.textContent ?? "") || box.left < room.left - 1 || box.right > room.right + 1;
    }).map(name));
    check("text can be read", all(".note, .hint, td, .lead, .chart text, .captions span").filter((node) => {
      const channel = (text) => text.match(/[0-9.]+/g).map(Number);
      const style = getComputedStyle(node);
      const ink = channel(node.tagName === "text" ? style.fill : style.color);
      const ground = channel(getComputedStyle(document.querySelector(".card")).backgroundColor);
      const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
      const [a, b] = [light(ink), light(ground)];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 3;
    }).map(name));
  } catch (error) {
    checks.push({ name: "script", ok: false, detail: String(error.stack ?? error) });
  }
  const outline = all("section").flatMap((section) => [
    `# ${section.querySelector("h2").textContent}`,
    ...all("h3, [role=radiogroup], .viewer-controls label, .viewer-controls > .button, .buttons .button", section).map((node) =>
      (node.matches("[role=radiogroup]")
        ? `${node.getAttribute("aria-label")}: ${all("[role=radio]", node).map((radio) => radio.textContent).join(", ")}`
        : node.id === "own-title" ? "The picture's curve" : node.getAttribute("aria-label") ?? node.firstChild.textContent).trim()),
  ]).join("\n").replace("Butteraugli, ", "");  // not installed everywhere
  parent.postMessage({ checks, outline }, "*");
})();
