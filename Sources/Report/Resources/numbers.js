"use strict";

// All measurements, or their means, in a table that sorts.

{
  const megabytes = (bytes) => (bytes === undefined ? undefined : bytes / 1e6);
  const columns = [
    { key: "picture", title: "Picture", of: (row) => row.picture, only: "all" },
    { key: "method", title: "Codec", of: (row) => titleOf(row.method), isMethod: true },
    { key: "target", title: "Asked bpp", of: (row) => row.target, digits: 3 },
    { key: "bpp", title: "bpp", of: (row) => row.bitsPerPixel, digits: 4 },
    { key: "ssimulacra2", title: "SSIMU\u00adLACRA2", of: (row) => row.ssimulacra2, digits: 2 },
    { key: "psnr", title: "PSNR", of: (row) => row.psnr, digits: 2 },
    { key: "psnrY", title: "PSNR\u2011Y", of: (row) => row.psnrY, digits: 2 },
    { key: "msssim", title: "MS\u2011SSIM", of: (row) => row.msssim, digits: 4 },
    { key: "encode", title: "Encode,\u00a0s", of: (row) => row.encode?.seconds ?? row.encodeSeconds, digits: 3 },
    { key: "decode", title: "Decode,\u00a0s", of: (row) => row.decode?.seconds ?? row.decodeSeconds, digits: 3 },
    { key: "encodeProcess", title: "Encode process,\u00a0s", of: (row) => row.encode?.processSeconds ?? row.encodeProcessSeconds, digits: 3 },
    { key: "decodeProcess", title: "Decode process,\u00a0s", of: (row) => row.decode?.processSeconds ?? row.decodeProcessSeconds, digits: 3 },
    { key: "encodeMemory", title: "Encode peak,\u00a0MB", of: (row) => megabytes(row.encode?.peakMemoryBytes ?? row.encodePeakMemoryBytes), digits: 0 },
    { key: "decodeMemory", title: "Decode peak,\u00a0MB", of: (row) => megabytes(row.decode?.peakMemoryBytes ?? row.decodePeakMemoryBytes), digits: 0 },
  ];
  const state = { mode: "means", rate: "", sort: null, descending: false };
  const head = byId("numbers-table").tHead;
  const body = byId("numbers-table").tBodies[0];

  segments(byId("table-mode"), [["means", "Means"], ["all", "Every file"]], state.mode,
    (value) => { state.mode = value; draw(); });
  options(byId("rate-filter"), [["", "all"], ...results.rates.map((rate) => [rate, rate])]);
  byId("rate-filter").addEventListener("change", (event) => { state.rate = event.target.value; draw(); });

  function sortBy(key) {
    // Numbers are first wanted largest first, names from A.
    const isText = key === "picture" || key === "method";
    state.descending = state.sort === key ? !state.descending : !isText;
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
    const list = columns.filter((column) => !column.only || column.only === state.mode);
    const rows = (state.mode === "means" ? results.means : results.rows).filter((row) =>
      shown.methods.has(row.method) && (state.rate === "" || row.target === Number(state.rate))
      && (state.mode === "means" || !shown.picture || row.picture === shown.picture));
    const column = list.find(({ key }) => key === state.sort);
    const sorted = column ? [...rows].sort((a, b) => compare(column.of(a), column.of(b))) : rows;
    const isText = (column) => column.key === "picture" || column.key === "method";
    head.replaceChildren(element("tr", {}, ...list.map((column) =>
      element("th", {
        class: isText(column) ? "text" : null, "data-key": column.key,
        "aria-sort": column.key === state.sort ? (state.descending ? "descending" : "ascending") : null,
      }, element("button", { type: "button", click: () => sortBy(column.key) }, column.title)))));
    body.replaceChildren(...sorted.map((row) =>
      element("tr", { class: row.method === own ? "own" : null }, ...list.map((column) => {
        if (column.isMethod) {
          return element("td", { class: "text method" },
            element("span", { class: "swatch", style: `background: ${colorOf(row.method)}` }), column.of(row));
        }
        return element("td", { class: isText(column) ? "text" : null },
          isText(column) ? column.of(row) : fixed(column.of(row), column.digits));
      }))));
    byId("table-note").textContent = `${rows.length} rows. `
      + (state.mode === "means" ? "Means only where every picture has a file; memory is the largest of them." : "");
  }
  whenFiltered(draw);
}
