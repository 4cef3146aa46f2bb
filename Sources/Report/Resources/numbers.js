"use strict";

// All measurements, or their means, in a table that sorts.

{
  const megabytes = (bytes) => (bytes === undefined ? undefined : bytes / 1e6);
  const timeOf = (cost) => cost?.library ?? cost?.process;
  const spread = (time) => (time && time.slowest > time.fastest
    ? `${fixed(time.fastest, 3)} to ${fixed(time.slowest, 3)}` : "");
  const columns = [
    { key: "picture", title: "Picture", of: (row) => row.picture, only: "all" },
    { key: "method", title: "Codec", of: (row) => titleOf(row.method), isMethod: true },
    { key: "target", title: "Asked bpp", of: (row) => row.target, digits: 3 },
    { key: "bpp", title: "File bpp", of: (row) => row.bitsPerPixel ?? row.fileBitsPerPixel, digits: 4 },
    { key: "bytes", title: "Bytes", of: (row) => row.bytes, digits: 0, only: "all", topic: "quality" },
    { key: "ssimulacra2", title: "SSIMU\u00adLACRA2", label: "SSIMULACRA2", of: (row) => row.ssimulacra2, digits: 2, topic: "quality" },
    { key: "butteraugli", title: "Butter\u00adaugli", label: "Butteraugli", of: (row) => row.butteraugli, digits: 3, topic: "quality" },
    { key: "psnr", title: "PSNR, dB", of: (row) => row.psnr, digits: 2, topic: "quality" },
    { key: "psnrY", title: "PSNR\u2011Y, dB", of: (row) => row.psnrY, digits: 2, topic: "quality" },
    { key: "msssim", title: "MS\u2011SSIM", of: (row) => row.msssim, digits: 4, topic: "quality" },
    { key: "ssim", title: "SSIM", of: (row) => row.ssim, digits: 4, topic: "quality" },
    { key: "encode", title: "Encode,\u00a0s", of: (row) => timeOf(row.encode)?.seconds, digits: 3, topic: "time",
      more: (row) => spread(timeOf(row.encode)) },
    { key: "encodeProcessor", title: "Encode processor,\u00a0s", of: (row) => timeOf(row.encode)?.processorSeconds, digits: 3, topic: "time" },
    { key: "encodeProcess", title: "Encode process,\u00a0s", of: (row) => row.encode?.process?.seconds, digits: 3, topic: "time",
      more: (row) => spread(row.encode?.process) },
    { key: "decode", title: "Decode,\u00a0s", of: (row) => timeOf(row.decode)?.seconds, digits: 3, topic: "time",
      more: (row) => spread(timeOf(row.decode)) },
    { key: "decodeProcessor", title: "Decode processor,\u00a0s", of: (row) => timeOf(row.decode)?.processorSeconds, digits: 3, topic: "time" },
    { key: "decodeProcess", title: "Decode process,\u00a0s", of: (row) => row.decode?.process?.seconds, digits: 3, topic: "time",
      more: (row) => spread(row.decode?.process) },
    { key: "encodeMemory", title: "Encode peak,\u00a0MB", of: (row) => megabytes(row.encode?.peakMemoryBytes), digits: 0, topic: "time" },
    { key: "decodeMemory", title: "Decode peak,\u00a0MB", of: (row) => megabytes(row.decode?.peakMemoryBytes), digits: 0, topic: "time" },
  ].filter(({ key }) => key !== "butteraugli" || metrics.butteraugli);
  const state = { mode: "means", topic: "quality", rate: "", sort: null, descending: false };
  const head = byId("numbers-table").tHead;
  const body = byId("numbers-table").tBodies[0];
  const isText = (column) => column.key === "picture" || column.key === "method";
  const nameOf = (column) => column.label ?? column.title;

  segments(byId("table-mode"), [["means", "Means"], ["all", "Every file"]], state.mode,
    (value) => { state.mode = value; draw(); });
  if (results.timing) {
    segments(byId("table-topic"), [["quality", "Quality"], ["time", "Time and memory"]], state.topic,
      (value) => { state.topic = value; draw(); });
  } else {
    byId("table-topic").remove();
  }
  options(byId("rate-filter"), [["", "all"], ...results.rates.map((rate) => [rate, rate])]);
  byId("rate-filter").addEventListener("change", (event) => { state.rate = event.target.value; draw(); });
  byId("sort").addEventListener("change", (event) => {
    const column = columns.find(({ key }) => key === event.target.value);
    state.sort = column?.key ?? null;
    state.descending = Boolean(column) && !isText(column);
    draw();
  });

  function sortBy(key) {
    // Numbers are first wanted largest first, names from A.
    state.descending = state.sort === key ? !state.descending : key !== "picture" && key !== "method";
    state.sort = key;
    draw();
  }

  function compare(a, b) {
    if (a === b) return 0;
    if (a === undefined || a === null) return 1;
    if (b === undefined || b === null) return -1;
    const order = typeof a === "string" ? a.localeCompare(b) : a - b;
    return state.descending ? -order : order;
  }

  function draw() {
    const list = columns.filter((column) => (!column.only || column.only === state.mode)
      && (!column.topic || column.topic === state.topic));
    const rows = (state.mode === "means" ? results.means : results.rows).filter((row) =>
      shown.methods.has(row.method) && (state.rate === "" || row.target === Number(state.rate))
      && (state.mode === "means" || !shown.picture || row.picture === shown.picture));
    const column = list.find(({ key }) => key === state.sort);
    const sorted = column ? [...rows].sort((a, b) => compare(column.of(a), column.of(b))) : rows;
    options(byId("sort"), [["", "as measured"], ...list.map((column) => [column.key, nameOf(column)])], column?.key ?? "");
    head.replaceChildren(element("tr", {}, ...list.map((column) =>
      element("th", {
        class: isText(column) ? "text" : null, "data-key": column.key,
        "aria-sort": column.key === state.sort ? (state.descending ? "descending" : "ascending") : null,
      }, element("button", { type: "button", click: () => sortBy(column.key) }, column.title)))));
    body.replaceChildren(...sorted.map((row) =>
      element("tr", { class: row.method === own ? "own" : null }, ...list.map((column) => {
        const label = { "data-title": nameOf(column) };
        if (column.isMethod) {
          return element("td", { class: "text method", ...label },
            element("span", {}, element("span", { class: "swatch", style: `background: ${colorOf(row.method)}` }), column.of(row)));
        }
        if (isText(column)) return element("td", { class: "text", ...label }, element("span", {}, column.of(row)));
        const more = column.more?.(row);
        return element("td", label, element("span", {}, fixed(column.of(row), column.digits),
          ...(more ? [element("small", {}, more)] : [])));
      }))));
    byId("table-note").textContent = `${rows.length} row${rows.length === 1 ? "" : "s"}. ${state.mode === "means"
      ? "Means are over all pictures, scores at the very rate that was asked for; times and memory are those of the files at most as large, memory the largest of them. "
      : ""}${state.topic === "time" ? "Times are medians, with the fastest and the slowest run below." : ""}`;
  }
  whenFiltered(draw);
}
