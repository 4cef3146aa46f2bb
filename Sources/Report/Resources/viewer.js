"use strict";

// Pictures beside each other at any rate, with what lies behind them.

if (views.length) {
  const cropSide = views[0].cropSide;
  const targets = views[0].rates.map(({ target }) => target);
  const firstRate = Number(byId("pictures").dataset.firstRate);
  const state = {
    view: views[0], rate: Math.max(targets.indexOf(firstRate), 0), wanted: { left: own, right: "" }, overlay: "none", crop: null,
    zoom: 1, x: 0, y: 0,
  };
  const sides = ["left", "right"];
  const stage = byId("stage");
  const layers = { left: byId("left-layer"), right: byId("right-layer") };
  const split = byId("split");

  const atRate = () => state.view.rates[state.rate];
  const versionOf = (name) => atRate().versions.find((version) => version.method === name);
  const sourceOf = (name) => (name === "original" ? state.view.original : versionOf(name)?.source);

  /** What a side shows: what was chosen, or something else where that has no file at this rate. */
  function chosen(side) {
    const names = atRate().versions.map((version) => version.method);
    const name = state.wanted[side];
    if (name === "original" || names.includes(name)) return name;
    return (side === "right" && names.find((other) => !other.startsWith(own))) || "original";
  }

  // Colours of maps: dark for little, bright for much.
  const ramps = {
    error: ["#000004", "#3b0f70", "#8c2981", "#de4968", "#fe9f6d", "#fcfdbf"],
    scores: ["#07080c", "#16344c", "#1f6f8b", "#39a78e", "#a5d86e", "#fffbc0"],
    levels: ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"],
  };
  const largestError = 32;

  function rampColor(ramp, t) {
    const place = Math.min(Math.max(t, 0), 1) * (ramp.length - 1);
    const i = Math.min(Math.floor(place), ramp.length - 2);
    const parse = (text) => [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
    const [from, to] = [parse(ramp[i]), parse(ramp[i + 1])];
    return from.map((value, channel) => Math.round(value + (to[channel] - value) * (place - i)));
  }

  /** Paints a map of values from 0 to 1; the canvas has a pixel for every value. */
  function paint(canvas, columns, rows, ramp, valueAt) {
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let i = 0; i < columns * rows; i++) {
      image.data.set([...rampColor(ramp, valueAt(i)), 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }

  const mapOf = {
    error: (version) => version.errors, scores: (version) => version.scores, levels: (version) => version.levels,
  };
  const cellOf = { error: () => state.view.errorCell, scores: () => state.view.scoreCell, levels: () => 16 };

  function drawOverlay(side) {
    const canvas = layers[side].querySelector("canvas");
    const version = versionOf(chosen(side));
    const map = version && mapOf[state.overlay]?.(version);
    canvas.hidden = !map;
    if (!map) return;
    // A map's last row and column may reach past the picture.
    const cell = cellOf[state.overlay]();
    canvas.style.width = `${map.columns * cell / state.view.width * 100}%`;
    canvas.style.height = `${map.rows * cell / state.view.height * 100}%`;
    if (state.overlay === "levels") {
      const most = Math.max(...map.bits, 1);
      paint(canvas, map.columns, map.rows, ramps.levels, (i) => Math.sqrt(map.bits[i] / most));
      return;
    }
    const bytes = atob(map.data);
    paint(canvas, map.columns, map.rows, ramps[state.overlay], state.overlay === "error"
      ? (i) => bytes.charCodeAt(i) / state.view.errorScale / largestError
      : (i) => 1 - bytes.charCodeAt(i) / 255);
  }

  function drawLegend() {
    const legend = byId("overlay-legend");
    legend.hidden = state.overlay === "none";
    if (legend.hidden) return;
    const bar = (ramp) => element("i", { style: `background: linear-gradient(90deg, ${ramp.join(", ")})` });
    const has = sides.some((side) => mapOf[state.overlay](versionOf(chosen(side)) ?? {}));
    if (!has) {
      legend.replaceChildren(state.overlay === "levels" ? "Only gqimg has levels." : "There is no map of what is shown.");
    } else if (state.overlay === "error") {
      legend.replaceChildren("0", bar(ramps.error), `${largestError} levels RMS and more`);
    } else if (state.overlay === "scores") {
      legend.replaceChildren("100", bar(ramps.scores), "0 and less: SSIMULACRA2 of a picture that is everywhere like this place");
    } else {
      const levels = sides.map((side) => versionOf(chosen(side))?.levels?.bits).find(Boolean);
      legend.replaceChildren("0", bar(ramps.levels), `${fixed(Math.max(...levels) / 256, 2)} bits per pixel spent there`);
    }
  }

  function describe(name) {
    const version = versionOf(name);
    const title = element("b", {}, element("span", { class: "swatch", style: `background: ${name === "original" ? "var(--muted)" : colorOf(name)}` }), titleOf(name));
    if (!version) return [title, element("span", {}, `${state.view.width} × ${state.view.height}`)];
    const numbers = [
      bytesText(version.bytes), `${fixed(version.bitsPerPixel, 3)} bpp`,
      version.ssimulacra2 !== undefined && `SSIMULACRA2 ${fixed(version.ssimulacra2, 1)}`,
      version.butteraugli !== undefined && `Butteraugli ${fixed(version.butteraugli, 2)}`,
      version.psnr === undefined ? "equal" : `${fixed(version.psnr, 2)} dB`,
    ].filter(Boolean);
    return [title, ...numbers.map((text) => element("span", {}, text))];
  }

  function drawCrops() {
    const names = [...new Set(["original", chosen("left"), chosen("right")])];
    const { x, y } = state.crop;
    const side = Math.min(cropSide, state.view.width, state.view.height);
    const mark = byId("crop-mark").style;
    mark.left = `${x / state.view.width * 100}%`;
    mark.top = `${y / state.view.height * 100}%`;
    mark.width = `${side / state.view.width * 100}%`;
    mark.height = `${side / state.view.height * 100}%`;
    byId("crops").replaceChildren(...names.map((name) => {
      const canvas = element("canvas", { width: side, height: side, "data-version": name, role: "img", "aria-label": `${titleOf(name)}, enlarged` });
      const image = new Image();
      image.onload = () => canvas.getContext("2d").drawImage(image, x, y, side, side, 0, 0, side, side);
      image.src = sourceOf(name);
      return element("figure", {}, canvas, element("figcaption", {}, titleOf(name)));
    }));
  }

  /** A link to every coded file. */
  function drawDownloads() {
    const stem = state.view.picture.replace(/\.[^.]*$/, "");
    const ending = (name) => (name.startsWith(own) ? "gqz" : name === "jpeg" ? "jpg" : name);
    byId("downloads").replaceChildren(...atRate().versions.map((version) =>
      element("a", {
        href: version.file ?? version.source,
        download: `${stem}-${atRate().target}-${version.method}.${ending(version.method)}`,
      },
      element("b", {}, element("span", { class: "swatch", style: `background: ${colorOf(version.method)}` }), titleOf(version.method)),
      element("span", {}, `${bytesText(version.bytes)}${version.setting ? `, ${version.setting}` : ""}`))));
  }

  function drawCurve() {
    drawChart(byId("own-chart"), {
      metricKey: shown.metric, isLog: true, picture: state.view.picture, marked: atRate().target, isSmall: true,
    });
    byId("own-title").textContent = `${metrics[shown.metric]?.title ?? ""} of ${state.view.picture}`;
  }

  // Zoom and place, the same for both sides. 1 is the whole picture.
  const pixelsPerPixel = () => stage.clientWidth / state.view.width * state.zoom;

  function place() {
    state.x = Math.min(0, Math.max(stage.clientWidth * (1 - state.zoom), state.x));
    state.y = Math.min(0, Math.max(stage.clientHeight * (1 - state.zoom), state.y));
    for (const sheet of stage.querySelectorAll(".sheet")) {
      sheet.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.zoom})`;
    }
    stage.dataset.zoomed = String(state.zoom > 1);
    stage.dataset.pixels = String(pixelsPerPixel() >= 2);
    stage.style.setProperty("--zoom", state.zoom);
    byId("zoom-value").textContent = `${Math.round(pixelsPerPixel() * 100)} %`;
    byId("zoom-out").disabled = state.zoom <= 1;
    byId("zoom-fit").disabled = state.zoom <= 1;
  }

  /** Zooms so that a point of the stage stays where it is. */
  function zoomTo(zoom, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const next = Math.min(Math.max(zoom, 1), 24 * state.view.width / Math.max(stage.clientWidth, 1));
    state.x = x - (x - state.x) * next / state.zoom;
    state.y = y - (y - state.y) * next / state.zoom;
    state.zoom = next;
    place();
  }

  function draw() {
    const { view } = state;
    stage.dataset.overlay = state.overlay;
    stage.style.aspectRatio = `${view.width} / ${view.height}`;
    // At most as large as the picture and a half, and never higher than the window.
    stage.style.width = `min(${Math.round(view.width * 1.5)}px, calc(78vh * ${view.width / view.height}))`;
    byId("rate").value = state.rate;
    byId("rate-value").textContent = `${atRate().target} bpp`;
    byId("rate").setAttribute("aria-valuetext", `${atRate().target} bits per pixel`);
    const names = atRate().versions.map((version) => version.method);
    const pairs = [["original", "Original"], ...names.map((name) => [name, titleOf(name)])];
    for (const side of sides) {
      const name = chosen(side);
      options(byId(`${side}-version`), pairs, name);
      const image = layers[side].querySelector("img");
      image.src = sourceOf(name);
      image.alt = `${view.picture}, ${titleOf(name)}`;
      byId(`${side}-tag`).replaceChildren(...describe(name));
      drawOverlay(side);
    }
    drawLegend();
    drawCrops();
    drawDownloads();
    place();
  }

  function choosePicture(view) {
    state.view = view;
    state.crop = atRate().worst;
    [state.zoom, state.x, state.y] = [1, 0, 0];
    for (const button of byId("thumbnails").children) {
      button.setAttribute("aria-pressed", String(button.dataset.picture === view.picture));
    }
    draw();
    drawCurve();
  }

  byId("thumbnails").append(...views.map((view) =>
    element("button", { type: "button", "data-picture": view.picture, title: view.picture, click: () => choosePicture(view) },
      element("img", { src: view.original, alt: view.picture }))));
  const maps = [["none", "Picture"], ["error", "Error map"]];
  if (views.some((view) => view.rates.some(({ versions }) => versions.some(({ scores }) => scores)))) maps.push(["scores", "SSIMULACRA2 map"]);
  maps.push(["levels", "Level map"]);
  segments(byId("overlay"), maps, state.overlay, (value) => { state.overlay = value; draw(); });
  if (byId("background")) {
    stage.dataset.background = "checks";
    segments(byId("background"), [["checks", "Checks"], ["white", "White"], ["black", "Black"]], "checks",
      (value) => { stage.dataset.background = value; byId("crops").dataset.background = value; });
    byId("crops").dataset.background = "checks";
  }
  for (const side of sides) {
    byId(`${side}-version`).addEventListener("change", (event) => { state.wanted[side] = event.target.value; draw(); });
  }
  byId("rate").max = targets.length - 1;
  byId("rate").addEventListener("input", (event) => {
    const wasWorst = state.crop === atRate().worst;
    state.rate = Number(event.target.value);
    if (wasWorst) state.crop = atRate().worst;
    draw();
    drawCurve();
  });

  // The divider.
  const move = () => stage.style.setProperty("--split", `${split.value}%`);
  split.addEventListener("input", move);
  function moveTo(clientX) {
    const box = stage.getBoundingClientRect();
    split.value = (clientX - box.left) / box.width * 100;
    move();
  }

  // One pointer moves the divider, or the pictures where they are enlarged; two zoom.
  const pointers = new Map();
  let dragged = null;
  const nearDivider = (event) => {
    const box = stage.getBoundingClientRect();
    return Math.abs(event.clientX - box.left - box.width * split.value / 100) < 24;
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    pointers.set(event.pointerId, event);
    try { stage.setPointerCapture(event.pointerId); } catch { /* the pointer has gone */ }
    dragged = state.zoom > 1 && !nearDivider(event) ? "pictures" : "divider";
    if (dragged === "divider" && pointers.size === 1) moveTo(event.clientX);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) {
      const [other] = [...pointers.values()].filter(({ pointerId }) => pointerId !== event.pointerId);
      const distance = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY);
      const box = stage.getBoundingClientRect();
      zoomTo(state.zoom * distance(event) / Math.max(distance(before), 1),
        (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
    } else if (dragged === "pictures") {
      state.x += event.clientX - before.clientX;
      state.y += event.clientY - before.clientY;
      place();
    } else {
      moveTo(event.clientX);
    }
  });
  for (const type of ["pointerup", "pointercancel"]) {
    stage.addEventListener(type, (event) => pointers.delete(event.pointerId));
  }
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    zoomTo(state.zoom * Math.exp(-event.deltaY / 240), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  byId("zoom-in").addEventListener("click", () => zoomTo(state.zoom * 1.5));
  byId("zoom-out").addEventListener("click", () => zoomTo(state.zoom / 1.5));
  byId("zoom-fit").addEventListener("click", () => zoomTo(1));
  byId("zoom-pixels").addEventListener("click", () => zoomTo(state.view.width / stage.clientWidth));
  split.addEventListener("keydown", (event) => {
    const factor = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 }[event.key];
    if (factor === undefined) return;
    event.preventDefault();
    zoomTo(state.zoom * factor);
  });

  stage.addEventListener("dblclick", (event) => {
    const box = stage.getBoundingClientRect();
    const { width, height } = state.view;
    const side = Math.min(cropSide, width, height);
    const corner = (place, length) => Math.round(Math.min(Math.max(place * length - side / 2, 0), length - side));
    state.crop = {
      x: corner((event.clientX - box.left - state.x) / box.width / state.zoom, width),
      y: corner((event.clientY - box.top - state.y) / box.height / state.zoom, height),
    };
    drawCrops();
  });

  // One side, then the other, in the same place: the eye sees what moves.
  let flicker = null;
  let splitBefore = 50;
  function show(side) {
    split.value = side === "left" ? 100 : 0;
    move();
    stage.dataset.flicker = side;
    for (const other of sides) byId(`${other}-tag`).classList.toggle("hidden-side", other !== side);
  }
  byId("flicker").addEventListener("click", (event) => {
    const starts = flicker === null;
    clearInterval(flicker);
    flicker = null;
    if (starts) {
      splitBefore = split.value;
      show("left");
      flicker = setInterval(() => show(stage.dataset.flicker === "left" ? "right" : "left"), 500);
    } else {
      split.value = splitBefore;
      delete stage.dataset.flicker;
      for (const side of sides) byId(`${side}-tag`).classList.remove("hidden-side");
      move();
    }
    event.currentTarget.setAttribute("aria-pressed", String(starts));
    event.currentTarget.textContent = starts ? "Stop flicker" : "Flicker";
  });
  byId("worst").addEventListener("click", () => { state.crop = atRate().worst; drawCrops(); });
  choosePicture(views[0]);
  whenResized(stage, place);
  whenResized(byId("own-chart"), drawCurve);
  whenFiltered(drawCurve);
}
