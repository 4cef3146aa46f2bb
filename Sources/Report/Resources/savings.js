"use strict";

// Bits at equal quality, as bars that start at zero.

{
  const qualities = [["ssimulacra2", "SSIMULACRA2"], ["psnr", "PSNR"], ["msssim", "MS-SSIM"]];
  const known = results.rateSavings.filter((saving) => saving.percent !== undefined);
  // What is above this many percent would make all others small.
  const limit = 150;
  const clamp = (percent) => Math.min(percent, limit);
  const low = Math.min(-10, ...known.map((saving) => saving.percent));
  const high = Math.max(10, ...known.map((saving) => clamp(saving.percent)));
  // Room for a label on either side of zero.
  const [start, end] = [low - (high - low) * 0.36, high + (high - low) * 0.36];
  const place = (percent) => (percent - start) / (end - start) * 100;

  function bar(saving) {
    if (!saving || saving.percent === undefined) return element("span", { class: "hint" }, "no common quality");
    const percent = saving.percent;
    const kind = percent <= 0 ? "smaller" : "larger";
    const [from, to] = [place(Math.min(0, percent)), place(clamp(Math.max(0, percent)))];
    const label = element("span", { class: kind },
      `${percent > 0 ? "+" : ""}${fixed(percent, 1)} %${percent > limit ? " ▸" : ""}`);
    if (saving.pictures < results.pictures.length) {
      label.append(element("small", {}, `${saving.pictures} of ${results.pictures.length} pictures`));
    }
    label.style[percent <= 0 ? "right" : "left"] = `${percent <= 0 ? 100 - from : to}%`;
    const node = element("div", { class: "bar" },
      element("i", { class: kind, style: `left: ${from}%; width: ${to - from}%` }), label);
    node.style.setProperty("--zero", `${place(0)}%`);
    node.title = [
      saving.range && `Over ${fixed(saving.range.low, 1)} to ${fixed(saving.range.high, 1)}, where both curves are.`,
      saving.percentOfMeans !== undefined && `From the curves of means: ${fixed(saving.percentOfMeans, 1)} %`,
    ].filter(Boolean).join(" ");
    return node;
  }

  function draw() {
    const tests = [...new Set(results.rateSavings.map(({ test }) => test))].filter((name) => shown.methods.has(name));
    const pairs = tests.flatMap((test) => results.methods.map(({ name }) => name)
      .filter((name) => name !== test && shown.methods.has(name)).map((anchor) => [test, anchor]));
    byId("savings-table").replaceChildren(
      element("thead", {}, element("tr", {}, element("th", {}, tests.length > 1 ? "codec" : "gqimg against"),
        ...qualities.map(([, title]) => element("th", { class: "text" }, `at equal ${title}`)))),
      element("tbody", {}, ...pairs.map(([test, anchor]) =>
        element("tr", { "data-test": test, "data-anchor": anchor },
          element("td", {}, element("span", { class: "swatch", style: `background: ${colorOf(anchor)}` }),
            tests.length > 1 ? `${titleOf(test)} against ${titleOf(anchor)}` : titleOf(anchor)),
          ...qualities.map(([quality, title]) => element("td", { class: "bar-cell text", "data-quality": quality, "data-title": title },
            bar(results.rateSavings.find((saving) => saving.test === test && saving.anchor === anchor && saving.quality === quality))))))));
  }
  whenFiltered(draw);
}
