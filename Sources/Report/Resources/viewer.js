"use strict";

// Pictures beside each other, with what lies behind them.

if (views.length) {
  const cropSide = views[0].cropSide;
  const state = { view: views[0], left: own, right: "", overlay: "none", crop: null };
  const stage = byId("stage");
  const layers = { left: byId("left-layer"), right: byId("right-layer") };

  const versionOf = (name) => state.view.versions.find((version) => version.method === name);
  const sourceOf = (name) => (name === "original" ? state.view.original : versionOf(name)?.source);

  // Colours of maps: dark for little, bright for much.
  const ramps = {
    error: ["#00000400", "#3b0f70", "#8c2981", "#de4968", "#fe9f6d", "#fcfdbf"],
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

  function drawOverlay(side) {
    const canvas = layers[side].querySelector("canvas");
    const version = versionOf(state[side]);
    const map = state.overlay === "error" ? version?.errors : state.overlay === "levels" ? version?.levels : null;
    canvas.hidden = !map;
    if (!map) return;
    // A map's last row and column may reach past the picture.
    const cell = state.overlay === "error" ? state.view.errorCell : 16;
    canvas.style.width = `${map.columns * cell / state.view.width * 100}%`;
    canvas.style.height = `${map.rows * cell / state.view.height * 100}%`;
    if (state.overlay === "error") {
      const bytes = atob(map.data);
      paint(canvas, map.columns, map.rows, ramps.error,
        (i) => bytes.charCodeAt(i) / state.view.errorScale / largestError);
    } else {
      const most = Math.max(...map.bits, 1);
      paint(canvas, map.columns, map.rows, ramps.levels, (i) => Math.sqrt(map.bits[i] / most));
    }
  }

  function drawLegend() {
    const legend = byId("overlay-legend");
    legend.hidden = state.overlay === "none";
    if (legend.hidden) return;
    const bar = (ramp) => element("i", { style: `background: linear-gradient(90deg, ${ramp.map((color) => color.slice(0, 7)).join(", ")})` });
    if (state.overlay === "error") {
      legend.replaceChildren("0", bar(ramps.error), `${largestError} levels RMS and more`);
      return;
    }
    const levels = (versionOf(state.left)?.levels ?? versionOf(state.right)?.levels)?.bits;
    legend.replaceChildren(...(levels
      ? ["0", bar(ramps.levels), `${fixed(Math.max(...levels) / 256, 2)} bits per pixel spent there`]
      : ["Only gqimg has levels."]));
  }

  function describe(name) {
    const version = versionOf(name);
    if (!version) return [element("b", {}, titleOf(name))];
    return [element("b", {}, titleOf(name)), element("br"),
      `${version.bytes.toLocaleString("en")} bytes · ${fixed(version.bitsPerPixel, 3)} bpp`
        + (version.ssimulacra2 === undefined ? "" : ` · SSIMULACRA2 ${fixed(version.ssimulacra2, 1)}`)
        + ` · ${version.psnr === undefined ? "equal" : fixed(version.psnr, 2) + " dB"}`];
  }

  function drawCrops() {
    const names = [...new Set(["original", state.left, state.right])];
    const { x, y } = state.crop;
    const side = Math.min(cropSide, state.view.width, state.view.height);
    const mark = byId("crop-mark").style;
    mark.left = `${x / state.view.width * 100}%`;
    mark.top = `${y / state.view.height * 100}%`;
    mark.width = `${side / state.view.width * 100}%`;
    mark.height = `${side / state.view.height * 100}%`;
    byId("crops").replaceChildren(...names.map((name) => {
      const canvas = element("canvas", { width: side, height: side, "data-version": name });
      const image = new Image();
      image.onload = () => canvas.getContext("2d").drawImage(image, x, y, side, side, 0, 0, side, side);
      image.src = sourceOf(name);
      return element("figure", {}, canvas, element("figcaption", {}, ...describe(name)));
    }));
  }

  /** A link to every coded file. */
  function drawDownloads() {
    const stem = state.view.picture.replace(/\.[^.]*$/, "");
    const ending = (name) => (name.startsWith(own) ? "gqz" : name === "jpeg" ? "jpg" : name);
    byId("downloads").replaceChildren("Coded files: ", ...state.view.versions.flatMap((version, i) => [
      i ? ", " : "",
      element("a", { href: version.file ?? version.source, download: `${stem}-${version.method}.${ending(version.method)}` },
        `${titleOf(version.method)} (${version.bytes.toLocaleString("en")} bytes)`)]));
  }

  function draw() {
    const { view } = state;
    stage.dataset.overlay = state.overlay;
    stage.style.aspectRatio = `${view.width} / ${view.height}`;
    // At most as large as the picture and a half, and never higher than the window.
    stage.style.width = `min(${Math.round(view.width * 1.5)}px, calc(82vh * ${view.width / view.height}))`;
    for (const side of ["left", "right"]) {
      const image = layers[side].querySelector("img");
      image.src = sourceOf(state[side]);
      image.alt = `${view.picture}, ${titleOf(state[side])}`;
      byId(`${side}-tag`).replaceChildren(...describe(state[side]));
      drawOverlay(side);
    }
    drawLegend();
    drawCrops();
    drawDownloads();
  }

  function choosePicture(view) {
    state.view = view;
    state.crop = view.worst;
    const names = view.versions.map((version) => version.method);
    if (state.left !== "original" && !names.includes(state.left)) state.left = "original";
    if (state.right !== "original" && !names.includes(state.right)) {
      state.right = names.find((name) => !name.startsWith(own)) ?? "original";
    }
    const pairs = [["original", "Original"], ...names.map((name) => [name, titleOf(name)])];
    options(byId("left-version"), pairs, state.left);
    options(byId("right-version"), pairs, state.right);
    for (const button of byId("thumbnails").children) {
      button.setAttribute("aria-pressed", String(button.dataset.picture === view.picture));
    }
    draw();
  }

  byId("thumbnails").append(...views.map((view) =>
    element("button", { type: "button", "data-picture": view.picture, title: view.picture, click: () => choosePicture(view) },
      element("img", { src: view.original, alt: view.picture }))));
  segments(byId("overlay"), [["none", "Picture"], ["levels", "Level map"], ["error", "Error map"]], state.overlay,
    (value) => { state.overlay = value; draw(); });
  for (const side of ["left", "right"]) {
    byId(`${side}-version`).addEventListener("change", (event) => { state[side] = event.target.value; draw(); });
  }
  const split = byId("split");
  const move = () => stage.style.setProperty("--split", `${split.value}%`);
  split.addEventListener("input", move);
  // A range input's thumb stays inside by half its width; the divider follows the pointer itself.
  const follow = (event) => {
    if (event.buttons !== 1) return;
    const box = stage.getBoundingClientRect();
    split.value = (event.clientX - box.left) / box.width * 100;
    move();
  };
  split.addEventListener("pointerdown", follow);
  split.addEventListener("pointermove", follow);
  stage.addEventListener("dblclick", (event) => {
    const box = stage.getBoundingClientRect();
    const { width, height } = state.view;
    const side = Math.min(cropSide, width, height);
    const corner = (place, length) => Math.round(Math.min(Math.max(place * length - side / 2, 0), length - side));
    state.crop = {
      x: corner((event.clientX - box.left) / box.width, width), y: corner((event.clientY - box.top) / box.height, height),
    };
    drawCrops();
  });
  // One side, then the other, in the same place: the eye sees what moves.
  let flicker = null;
  byId("flicker").addEventListener("click", (event) => {
    const starts = flicker === null;
    clearInterval(flicker);
    flicker = starts ? setInterval(() => { split.value = split.value > 50 ? 0 : 100; move(); }, 500) : null;
    if (!starts) { split.value = 50; move(); }
    event.currentTarget.setAttribute("aria-pressed", String(starts));
  });
  byId("own-curve").addEventListener("click", () => {
    byId("picture-filter").value = state.view.picture;
    byId("picture-filter").dispatchEvent(new Event("change"));
    byId("curves").scrollIntoView();
  });
  byId("worst").addEventListener("click", () => { state.crop = state.view.worst; drawCrops(); });
  choosePicture(views[0]);
}
