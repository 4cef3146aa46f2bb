"use strict";

// Bits at equal quality, as bars that start at zero.

{
  const qualities = [["ssimulacra2", "SSIMULACRA2"], ["butteraugli", "Butteraugli"], ["psnr", "PSNR"], ["msssim", "MS-SSIM"]]
    .filter(([key]) => metrics[key]);
  // What is above this many percent would make all others small.
  const limit = 150;
  const clamp = (percent) => Math.min(percent, limit);

  /** The number of the pictures that are shown. */
  function numberOf(saving) {
    if (!saving) return null;
    if (!shown.picture) {
      return saving.percent === undefined ? null : { percent: saving.percent, range: saving.range };
    }
    return saving.byPicture.find(({ picture }) => picture === shown.picture) ?? null;
  }

  function bar(number, quality, place) {
    if (!number) return element("span", { class: "hint" }, "too little in common");
    const { percent, range } = number;
    const kind = percent <= 0 ? "smaller" : "larger";
    const [from, to] = [place(Math.min(0, percent)), place(clamp(Math.max(0, percent)))];
    const node = element("div", { class: "bar" }, element("i", { class: kind, style: `left: ${from}%; width: ${to - from}%` }));
    node.style.setProperty("--zero", `${place(0)}%`);
    const digits = quality === "butteraugli" ? 2 : 1;
    const ends = [range.low, range.high].map((value) => fixed(Math.abs(value), digits));
    return element("div", {},
      element("span", { class: `saving ${kind}` }, `${percent > 0 ? "+" : ""}${fixed(percent, 1)} %${percent > limit ? " ▸" : ""}`),
      element("small", { class: "range" }, `${ends.join(" to ")}`), node);
  }

  function draw() {
    const tests = [...new Set(results.rateSavings.map(({ test }) => test))].filter((name) => shown.methods.has(name));
    const pairs = tests.flatMap((test) => results.methods.map(({ name }) => name)
      .filter((name) => name !== test && shown.methods.has(name)).map((anchor) => [test, anchor]));
    const find = (test, anchor, quality) => results.rateSavings.find((saving) =>
      saving.test === test && saving.anchor === anchor && saving.quality === quality);
    const known = pairs.flatMap(([test, anchor]) => qualities.map(([quality]) => numberOf(find(test, anchor, quality))))
      .filter(Boolean).map(({ percent }) => percent);
    const low = Math.min(-10, ...known);
    const high = Math.max(10, ...known.map(clamp));
    const place = (percent) => (percent - low) / (high - low) * 100;
    const title = (quality, name) => `at equal ${name}`;
    byId("savings-table").replaceChildren(
      element("thead", {}, element("tr", {}, element("th", {}, tests.length > 1 ? "codec" : "gqimg against"),
        ...qualities.map(([key, name]) => element("th", { class: "text" }, title(key, name))))),
      element("tbody", {}, ...pairs.map(([test, anchor]) =>
        element("tr", { "data-test": test, "data-anchor": anchor },
          element("td", { "data-title": "against" }, element("span", { class: "swatch", style: `background: ${colorOf(anchor)}` }),
            tests.length > 1 ? `${titleOf(test)} against ${titleOf(anchor)}` : titleOf(anchor)),
          ...qualities.map(([quality, name]) => element("td", { class: "bar-cell text", "data-quality": quality, "data-title": title(quality, name) },
            bar(numberOf(find(test, anchor, quality)), quality, place)))))));
    byId("savings-note").textContent = shown.picture ? `Of ${shown.picture} alone.` : counts(qualities);
  }

  /** Which pictures the means are over: the same for all codecs that stand beside each other. */
  function counts(qualities) {
    const total = results.pictures.length;
    const parts = qualities.map(([quality, title]) => {
      const numbers = results.rateSavings.filter((saving) => saving.quality === quality && saving.pictures.length);
      return numbers.length && numbers[0].pictures.length < total ? `${title} ${numbers[0].pictures.length}` : "";
    }).filter(Boolean);
    return "Beside each number: the qualities that both codecs reach, means over the pictures. "
      + (parts.length ? `Means are over those of ${total} pictures where every codec beside has a number: ${parts.join(", ")}.`
        : `Means are over all ${total === 1 ? "of one picture" : `${total} pictures`}.`);
  }
  whenFiltered(draw);
}
