"use strict";

// Quality against rate: one function draws the curves of the page and those of a single picture.

/** Round steps that cut a range in about `count` parts. */
function chartTicks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= raw);
  const list = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) list.push(i * step);
  return { list, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** The points of one codec, with rising rate: of a picture its files, else the means, which are at the very rates. */
function chartPoints(method, metric, picture) {
  const rows = picture ? results.rows.filter((row) => row.picture === picture) : results.means;
  return rows.filter((row) => row.method === method)
    .map((row) => ({ method, target: row.target, rate: picture ? row.bitsPerPixel : row.target, value: metric.of(row) }))
    .filter((point) => point.value !== undefined && point.value !== null)
    .sort((a, b) => a.rate - b.rate);
}

/**
 * Draws curves into an element.
 *
 * `picture` is empty for means; `marked` is a rate to show; `isSmall` leaves less room.
 */
function drawChart(container, { metricKey, isLog, picture, marked = null, isSmall = false }) {
  const metric = metrics[metricKey];
  const width = Math.max(container.clientWidth, 240);
  const height = isSmall ? Math.min(Math.max(width * 0.75, 240), 330) : Math.min(Math.max(width * 0.46, 300), 500);
  const margin = { top: 14, bottom: 46, left: 54 };
  const series = results.methods.filter(({ name }) => shown.methods.has(name))
    .map(({ name }) => ({ method: name, points: chartPoints(name, metric, picture) })).filter(({ points }) => points.length);
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, height });
  container.replaceChildren(svg);
  const all = series.flatMap(({ points }) => points);
  if (!all.length) {
    container.replaceChildren(element("p", { class: "empty" }, picture || results.means.length
      ? "Nothing to show: no codec is chosen, or the pictures are too small for this metric."
      : "There are no means: no codec has a file of every picture. Choose a picture above."));
    return;
  }

  // Scales. To the right there is room for the longest name, where the names have room at all.
  const longest = Math.max(...series.map(({ method }) => titleOf(method).length));
  const isWide = !isSmall && width >= 560;
  const inner = { right: width - (isWide ? 30 + longest * 7 : 16), bottom: height - margin.bottom };
  const rates = all.map((point) => point.rate);
  const values = all.map((point) => point.value);
  const along = (rate) => (isLog ? Math.log(rate) : rate);
  let [left, right] = [along(Math.min(...rates)), along(Math.max(...rates))];
  if (!isLog) left = 0;
  const padX = (right - left || 1) * 0.03;
  left -= isLog ? padX : 0;
  right += padX;
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const padY = (highest - lowest || 1) * 0.06;
  const [low, high] = [lowest - padY, highest + padY];
  const x = (rate) => margin.left + (along(rate) - left) / (right - left) * (inner.right - margin.left);
  const y = (value) => inner.bottom - (value - low) / (high - low) * (inner.bottom - margin.top);
  const readable = (value) => (metric.isFalling ? -value : value);

  // Axes. Every tick has its label.
  const vertical = chartTicks(low, high, isSmall ? 7 : 8);
  for (const value of vertical.list) {
    svg.append(
      shape("line", { class: "grid", x1: margin.left, x2: inner.right, y1: y(value), y2: y(value) }),
      shape("text", { class: "tick", x: margin.left - 10, y: y(value) + 4, "text-anchor": "end" },
        (readable(value) || 0).toFixed(vertical.digits).replace("-", "−")));
  }
  const marks = isLog ? [...results.rates].sort((a, b) => a - b) : chartTicks(0, right, width < 560 ? 4 : 6).list;
  let lastX = -Infinity;
  for (const rate of marks) {
    const place = x(rate);
    if (place < margin.left - 1 || place > inner.right + 1 || place - lastX < 38) continue;
    lastX = place;
    svg.append(
      shape("line", { class: "base", x1: place, x2: place, y1: inner.bottom, y2: inner.bottom + 5 }),
      shape("text", { class: "tick", x: Math.min(place, width - 14), y: inner.bottom + 20, "text-anchor": "middle" },
        String(Number(rate.toPrecision(4)))));
  }
  svg.append(
    shape("line", { class: "base", x1: margin.left, x2: inner.right, y1: inner.bottom, y2: inner.bottom }),
    shape("text", { class: "axis-title", x: (margin.left + inner.right) / 2, y: height - 6, "text-anchor": "middle" },
      "bits per pixel"),
    shape("text", { class: "axis-title", "text-anchor": "middle",
      transform: `translate(13 ${(margin.top + inner.bottom) / 2}) rotate(-90)` },
      metric.unit ? `${metric.title} (${metric.unit})` : metric.title));

  // Curves, this project's on top.
  const guide = shape("line", { class: "guide", y1: margin.top, y2: inner.bottom, visibility: "hidden" });
  svg.append(guide);
  const order = [...series].sort((a, b) => (a.method === own) - (b.method === own));
  for (const { method, points } of order) {
    svg.append(shape("path", {
      class: method === own ? "curve own" : "curve", style: `stroke: ${colorOf(method)}`,
      "stroke-dasharray": method.startsWith("gqimg-") ? "5 5" : null,
      d: points.map((point, i) => `${i ? "L" : "M"}${x(point.rate).toFixed(2)} ${y(point.value).toFixed(2)}`).join(""),
    }));
    for (const point of points) {
      svg.append(shape("circle", {
        class: point.target === marked ? "point active" : "point", cx: x(point.rate), cy: y(point.value),
        r: method === own ? 5 : 4, style: `fill: ${colorOf(method)}`, "data-method": method, "data-target": point.target,
        "data-rate": point.rate, "data-value": point.value,
      }));
    }
  }

  // Names at the ends, pushed apart where they would overlap; below the curves where there is no room.
  if (isWide) {
    const labels = series.map(({ method, points }) => {
      const end = points[points.length - 1];
      return { method, x: x(end.rate), end: y(end.value), y: y(end.value) };
    }).sort((a, b) => a.y - b.y);
    for (let i = 1; i < labels.length; i++) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + 17);
    const overflow = labels.length ? labels[labels.length - 1].y - inner.bottom : 0;
    if (overflow > 0) {
      labels[labels.length - 1].y -= overflow;
      for (let i = labels.length - 2; i >= 0; i--) labels[i].y = Math.min(labels[i].y, labels[i + 1].y - 17);
    }
    for (const label of labels) {
      svg.append(
        shape("path", { class: "leader", style: `stroke: ${colorOf(label.method)}`, fill: "none",
          d: `M${label.x + 7} ${label.end}L${inner.right + 8} ${label.y}` }),
        shape("text", { class: "end-label", x: inner.right + 12, y: label.y + 4,
          style: `fill: ${colorOf(label.method)}` }, titleOf(label.method)));
    }
  } else {
    container.append(element("div", { class: "keys" }, ...series.map(({ method }) =>
      element("span", {}, element("span", { class: "swatch", style: `background: ${colorOf(method)}` }), titleOf(method)))));
  }

  // Looking closer.
  const tooltip = element("div", { class: "tooltip", hidden: "" });
  container.append(tooltip);
  const targets = [...new Set(all.map((point) => point.target))].sort((a, b) => a - b);
  let rate = null;
  function look(target, nearest) {
    rate = target;
    for (const circle of svg.querySelectorAll(".point")) {
      circle.classList.toggle("active", Number(circle.dataset.target) === (target ?? marked));
    }
    tooltip.hidden = target === null;
    guide.setAttribute("visibility", target === null ? "hidden" : "visible");
    if (target === null) return;
    const points = all.filter((point) => point.target === target).sort((a, b) => b.value - a.value);
    const place = x(points.reduce((sum, point) => sum + point.rate, 0) / points.length);
    guide.setAttribute("x1", place);
    guide.setAttribute("x2", place);
    tooltip.replaceChildren(
      element("b", {}, picture ? `Files of at most ${target} bits per pixel` : `At ${target} bits per pixel`),
      element("table", {}, ...points.map((point) =>
        element("tr", { class: point.method === nearest ? "nearest" : null },
          element("td", {}, element("span", { class: "swatch", style: `background: ${colorOf(point.method)}` }),
            titleOf(point.method)),
          ...(picture ? [element("td", { class: "rate" }, `${fixed(point.rate, 3)} bpp`)] : []),
          element("td", {}, `${fixed(readable(point.value), metric.digits)}${metric.unit === "dB" ? " dB" : ""}`)))));
    const flip = place > width / 2;
    tooltip.style.left = flip ? "" : `${Math.max(0, Math.min(place + 16, width - tooltip.offsetWidth))}px`;
    tooltip.style.right = flip ? `${Math.max(0, Math.min(width - place + 16, width - tooltip.offsetWidth))}px` : "";
    tooltip.style.top = `${Math.min(margin.top + 8, height - tooltip.offsetHeight - 8)}px`;
    if (!flip) return;
    // Over the lower right there are no curves.
    tooltip.style.top = `${Math.max(8, inner.bottom - tooltip.offsetHeight - 10)}px`;
  }
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const [px, py] = [(event.clientX - box.left) * width / box.width, (event.clientY - box.top) * height / box.height];
    let best = null;
    for (const point of all) {
      const distance = Math.hypot(x(point.rate) - px, (y(point.value) - py) * 0.35);
      if (!best || distance < best.distance) best = { distance, point };
    }
    look(best.point.target, best.point.method);
  });
  svg.addEventListener("pointerleave", () => look(null));
  container.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") look(null);
    if (!step) return;
    event.preventDefault();
    const index = targets.indexOf(rate);
    look(targets[Math.min(Math.max(index < 0 ? 0 : index + step, 0), targets.length - 1)], own);
  };
}

/** Draws when the element's width changes. */
function whenResized(container, draw) {
  let width = container.clientWidth;
  new ResizeObserver(() => {
    if (container.clientWidth === width) return;
    width = container.clientWidth;
    draw();
  }).observe(container);
}

{
  const container = byId("chart");
  const state = { axis: "log" };

  segments(byId("metric"), Object.entries(metrics).map(([key, { title }]) => [key, title]), shown.metric,
    (value) => { shown.metric = value; filtersChanged(); });
  segments(byId("axis"), [["log", "Log rate"], ["linear", "Linear"]], state.axis,
    (value) => { state.axis = value; draw(); });

  function draw() {
    drawChart(container, { metricKey: shown.metric, isLog: state.axis === "log", picture: shown.picture });
    byId("chart-note").textContent = [shown.picture ? "" : notesOfMeans(), missing()].filter(Boolean).join(" ");
  }

  function notesOfMeans() {
    const metric = metrics[shown.metric];
    const without = results.methods.filter(({ name }) => shown.methods.has(name)
      && !chartPoints(name, metric, "").length);
    return without.length
      ? `No mean: ${without.map(({ title }) => title).join(", ")}, since not every picture has a file, or one has none or an infinite ${metric.title}.`
      : "";
  }

  /** What the curves leave out. */
  function missing() {
    const rows = results.unreachable.filter((row) =>
      shown.methods.has(row.method) && (!shown.picture || row.picture === shown.picture));
    if (!rows.length) return "";
    const list = [...new Set(rows.map((row) => row.method))].map((method) => {
      const rates = [...new Set(rows.filter((row) => row.method === method).map((row) => row.target))];
      return `${titleOf(method)} at ${rates.sort((a, b) => a - b).join(", ")}`;
    });
    return `No file is as small as asked for, for at least one picture: ${list.join("; ")}.`;
  }

  whenResized(container, draw);
  whenFiltered(draw);
}
