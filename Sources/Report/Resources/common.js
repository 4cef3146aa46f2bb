"use strict";

// The data of the page and what its parts share: helpers, filters, theme.

const results = JSON.parse(document.getElementById("results").textContent);
const views = JSON.parse(document.getElementById("views").textContent);
const own = "gqimg";

const byId = (id) => document.getElementById(id);

/** An element with attributes, event listeners (functions) and children. */
function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const methodOf = new Map(results.methods.map((method) => [method.name, method]));
const titleOf = (name) => (name === "original" ? "Original" : methodOf.get(name)?.title ?? name);
const colorOf = (name) => `var(--method-${name})`;

/** A number with so many digits after the point, or a dash. */
function fixed(value, digits) {
  return value === undefined || value === null ? "–" : value.toFixed(digits).replace("-", "−");
}

/** A similarity in dB; undefined for none and for 1. */
function similarityDecibels(value) {
  return value === undefined || value === null || value >= 1 ? undefined : -10 * Math.log10(1 - value);
}

// `of` rises with the quality, `show` is the number as people know it.
const metrics = {
  ssimulacra2: { title: "SSIMULACRA2", unit: "", digits: 2, of: (row) => row.ssimulacra2 },
  butteraugli: { title: "Butteraugli", unit: "3-norm, lower is better", digits: 3, isFalling: true,
    of: (row) => (row.butteraugli === undefined ? undefined : -row.butteraugli) },
  psnr: { title: "PSNR", unit: "dB", digits: 2, of: (row) => row.psnr },
  psnrY: { title: "PSNR-Y", unit: "dB", digits: 2, of: (row) => row.psnrY },
  msssim: { title: "MS-SSIM", unit: "dB", digits: 2, of: (row) => similarityDecibels(row.msssim) },
  ssim: { title: "SSIM", unit: "dB", digits: 2, of: (row) => similarityDecibels(row.ssim) },
};
for (const [key, metric] of Object.entries(metrics)) {
  if (!results.rows.some((row) => row[key] !== undefined)) delete metrics[key];
}
const firstMetric = Object.keys(metrics)[0] ?? "psnr";
const bytesText = (bytes) => `${bytes.toLocaleString("en")} bytes`;

// What is shown. Parts register with `whenFiltered` and draw when it changes.
const shown = { methods: new Set(results.methods.map((method) => method.name)), picture: "", metric: firstMetric };
const listeners = [];
function whenFiltered(draw) {
  listeners.push(draw);
  draw();
}
function filtersChanged() {
  for (const draw of listeners) draw();
}

/** A row of buttons of which one is chosen. */
function segments(container, options, chosen, choose) {
  const buttons = options.map(([value, title]) =>
    element("button", {
      type: "button", role: "radio", "data-value": value, "aria-checked": String(value === chosen),
      click: () => {
        for (const button of buttons) {
          button.setAttribute("aria-checked", String(button.dataset.value === value));
        }
        choose(value);
      },
    }, title));
  container.replaceChildren(...buttons);
}

/** Fills a select with [value, title] pairs. */
function options(select, pairs, chosen) {
  select.replaceChildren(...pairs.map(([value, title]) => element("option", { value }, title)));
  if (chosen !== undefined) select.value = chosen;
}

// Theme: the system's, until the button says otherwise.
{
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const key = "gqimg-report-theme";
  const stored = () => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const current = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
  const label = () => { byId("theme-name").textContent = current() === "dark" ? "Switch to light" : "Switch to dark"; };
  const theme = stored();
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  system.addEventListener("change", label);
  byId("theme-toggle").addEventListener("click", () => {
    root.dataset.theme = current() === "dark" ? "light" : "dark";
    try { localStorage.setItem(key, root.dataset.theme); } catch { /* not kept then */ }
    label();
  });
  label();
}

// Filters.
byId("codec-filter").append(...results.methods.map((method) =>
  element("button", {
    type: "button", class: "chip", "data-method": method.name, "aria-pressed": "true",
    click: (event) => {
      const isShown = !shown.methods.delete(method.name);
      if (isShown) shown.methods.add(method.name);
      event.currentTarget.setAttribute("aria-pressed", String(isShown));
      filtersChanged();
    },
  }, element("span", { class: "swatch", style: `background: ${colorOf(method.name)}` }), method.title)));
options(byId("picture-filter"),
  [["", `Mean of ${results.pictures.length}`], ...results.pictures.map(({ name }) => [name, name])]);
// Where hardly any codec has a curve of means, a picture says more.
if (results.methods.filter(({ name }) => results.means.filter(({ method }) => method === name).length > 1).length * 2 <= results.methods.length
  && results.rates.length > 1) {
  shown.picture = (views[0]?.picture ?? results.pictures[0]?.name) || "";
  byId("picture-filter").value = shown.picture;
}
byId("picture-filter").addEventListener("change", (event) => {
  shown.picture = event.target.value;
  filtersChanged();
});
