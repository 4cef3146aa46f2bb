// Uses the page as a person does, then leaves what it found in front of it. `expected` has the rows of the CSV file, `problems`
// whatever the page complained about.

(async () => {
  const checks = [];
  const check = (name, ok, detail = "") => checks.push({ name, ok: Boolean(ok), detail: String(detail) });
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const choose = (selector, value) => {
    one(selector).value = value;
    one(selector).dispatchEvent(new Event("change", { bubbles: true }));
  };
  const pointer = (node, type, x, y, init = {}) => {
    const box = node.getBoundingClientRect();
    node.dispatchEvent(new PointerEvent(type, {
      bubbles: true, clientX: box.left + box.width * x, clientY: box.top + box.height * y, ...init,
    }));
  };
  const loaded = async (image) => {
    for (let i = 0; i < 200 && !(image.complete && image.naturalWidth); i++) await new Promise((done) => setTimeout(done, 20));
    return image.naturalWidth;
  };

  try {
    // Curves against the CSV file.
    check("SSIMULACRA2 is shown first", one('#metric [aria-checked="true"]').dataset.value === "ssimulacra2");
    const metrics = {
      ssimulacra2: (row) => Number(row.ssimulacra2),
      psnr: (row) => Number(row.psnr), psnrY: (row) => Number(row.psnr_y),
      msssim: (row) => -10 * Math.log10(1 - Number(row.ms_ssim)), ssim: (row) => -10 * Math.log10(1 - Number(row.ssim)),
    };
    const pictures = [...new Set(expected.map((row) => row.picture))];
    let compared = 0;
    for (const picture of pictures) {
      choose("#picture-filter", picture);
      for (const [metric, value] of Object.entries(metrics)) {
        one(`#metric [data-value="${metric}"]`).click();
        const rows = expected.filter((row) => row.picture === picture);
        const points = all("#chart .point");
        check(`${picture} has all points of ${metric}`, points.length === rows.length, `${points.length} of ${rows.length}`);
        for (const row of rows) {
          const point = points.find((node) =>
            node.dataset.method === row.method && Number(node.dataset.target) === Number(row.target_bpp));
          const ok = point && Math.abs(Number(point.dataset.value) - value(row)) < 2e-2
            && Math.abs(Number(point.dataset.rate) - Number(row.bpp)) < 1e-4;
          if (!ok) check(`${metric} of ${picture} ${row.method} ${row.target_bpp}`, false, point?.dataset.value);
          compared += 1;
        }
        // Higher is better is higher up.
        const sorted = [...points].sort((a, b) => a.dataset.value - b.dataset.value);
        check(`${picture} ${metric} is drawn in order`, sorted.every((node, i) =>
          i === 0 || Number(node.getAttribute("cy")) <= Number(sorted[i - 1].getAttribute("cy"))));
      }
    }
    check("points were compared", compared === expected.length * 5, compared);

    // Means.
    choose("#picture-filter", "");
    one('#metric [data-value="psnr"]').click();
    const mean = expected.filter((row) => row.method === "gqimg" && row.target_bpp === expected[0].target_bpp)
      .reduce((sum, row, _, rows) => sum + Number(row.psnr) / rows.length, 0);
    // Points of means are at the very rates.
    check("means are at the rates", all("#chart .point").every((node) => node.dataset.rate === node.dataset.target));
    const meanPoint = all("#chart .point").find((node) =>
      node.dataset.method === "gqimg" && Number(node.dataset.target) === Number(expected[0].target_bpp));
    // gqimg fills the size, so that interpolation moves it little.
    check("means are drawn", Math.abs(Number(meanPoint.dataset.value) - mean) < 0.05, `${meanPoint.dataset.value} ${mean}`);

    // Looking closer, axes, filters.
    check("no tooltip at first", one(".tooltip").hidden);
    pointer(one("#chart svg"), "pointermove", 0.4, 0.5);
    check("tooltip", !one(".tooltip").hidden && /bits per pixel/.test(one(".tooltip").textContent)
      && /gqimg/.test(one(".tooltip").textContent) && /dB/.test(one(".tooltip").textContent), one(".tooltip").textContent);
    pointer(one("#chart svg"), "pointerleave", 0.4, 0.5);
    check("tooltip goes", one(".tooltip").hidden);
    const place = (node) => Number(node.getAttribute("cx"));
    const middle = () => all('#chart .point[data-method="gqimg"]').map(place)[1];
    const before = middle();
    one('#axis [data-value="linear"]').click();
    check("linear axis moves points", Math.abs(middle() - before) > 5, `${before} ${middle()}`);
    one('#axis [data-value="log"]').click();
    check("log axis moves them back", Math.abs(middle() - before) < 1e-6);
    const jpeg = () => all('#chart .point[data-method="jpeg"]').length + all('#savings-table [data-anchor="jpeg"]').length;
    check("JPEG is shown", jpeg() > 1, jpeg());
    one('.chip[data-method="jpeg"]').click();
    check("JPEG is hidden", jpeg() === 0 && one('.chip[data-method="jpeg"]').getAttribute("aria-pressed") === "false");
    one('.chip[data-method="jpeg"]').click();
    check("JPEG is back", jpeg() > 1);
    const whole = one('#savings-table [data-anchor="jpeg"]').textContent;
    choose("#picture-filter", pictures[0]);
    check("savings of one picture", one("#savings-note").textContent.includes(pictures[0])
      && one('#savings-table [data-anchor="jpeg"]').textContent !== whole, one("#savings-note").textContent);
    choose("#picture-filter", "");
    check("savings have numbers", /[0-9] %/.test(one('#savings-table [data-anchor="jpeg"]').textContent),
      one("#savings-table").textContent);

    // Pictures.
    check("a thumbnail for every picture", all("#thumbnails button").length === pictures.length);
    const versions = [...one("#right-version").options].map((option) => option.value);
    const methods = [...new Set(expected.map((row) => row.method))];
    check("every codec can be chosen", ["original", ...methods].every((name) => versions.includes(name)), versions);
    for (const button of all("#thumbnails button")) {
      button.click();
      for (const version of [...one("#right-version").options].map((option) => option.value)) {
        choose("#right-version", version);
        const [left, right] = [await loaded(one("#left-layer img")), await loaded(one("#right-layer img"))];
        check(`${button.dataset.picture} as ${version} has equal size`, left > 0 && left === right, `${left} ${right}`);
      }
    }
    const rate = one("#rate");
    const slide = (value) => {
      rate.value = String(value);
      rate.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const rates = [...new Set(expected.map((row) => Number(row.target_bpp)))].sort((a, b) => a - b);
    check("the rate slider has every rate", Number(rate.max) === rates.length - 1);
    const shownPicture = () => one('#thumbnails [aria-pressed="true"]').dataset.picture;
    for (const [i, value] of rates.entries()) {
      slide(i);
      const row = expected.find((row) => row.picture === shownPicture() && row.method === "gqimg" && Number(row.target_bpp) === value);
      choose("#left-version", "gqimg");
      check(`bytes at ${value}`, one("#left-tag").textContent.replaceAll(",", "").includes(`${row.bytes} bytes`), one("#left-tag").textContent);
      check(`${value} is said`, one("#rate-value").textContent === `${value} bpp`);
      check(`${value} is marked on the picture's curve`, all("#own-chart .point.active").every((node) => Number(node.dataset.target) === value)
        && all("#own-chart .point.active").length > 0);
      const files = expected.filter((row) => row.picture === shownPicture() && Number(row.target_bpp) === value);
      const links = all("#downloads a");
      check(`every coded file of ${value} can be kept`, links.length === files.length
        && links.every((a) => a.href.startsWith("data:") && a.download.includes(String(value))), `${links.length} ${files.length}`);
    }
    const scoreOf = (picture) => Number(expected.find((row) =>
      row.picture === picture && row.method === "gqimg" && Number(row.target_bpp) === 0.25).ssimulacra2);
    const listed = all("#thumbnails button").map((button) => scoreOf(button.dataset.picture));
    check("the worst picture is first", listed.every((score, i) => i === 0 || score >= listed[i - 1]), listed);
    choose("#right-version", "jpeg");
    const stage = one("#stage");
    one("#split").value = "20";
    one("#split").dispatchEvent(new Event("input", { bubbles: true }));
    check("slider moves by its value", getComputedStyle(stage).getPropertyValue("--split") === "20%");
    const seen = (layer) => getComputedStyle(one(layer)).clipPath;
    const narrow = seen("#left-layer");
    const press = (x, y, to) => {
      pointer(stage, "pointerdown", x, y, { pointerId: 1 });
      if (to) pointer(stage, "pointermove", ...to, { pointerId: 1 });
      pointer(stage, "pointerup", ...(to ?? [x, y]), { pointerId: 1 });
    };
    press(0.75, 0.5);
    check("the divider follows the pointer", Math.abs(parseFloat(getComputedStyle(stage).getPropertyValue("--split")) - 75) < 0.5);
    check("the divider uncovers the left picture", seen("#left-layer") !== narrow, narrow);
    const line = one(".divider").getBoundingClientRect();
    const box = stage.getBoundingClientRect();
    check("divider stands there", Math.abs((line.left + 1 - box.left) / box.width - 0.75) < 0.01);

    // Zoom and place of both sides are the same.
    const sheets = () => ["#left-layer .sheet", "#right-layer .sheet"].map((name) => one(name).style.transform);
    const linked = () => sheets()[0] === sheets()[1];
    const whole2 = sheets()[0];
    one("#zoom-in").click();
    one("#zoom-in").click();
    check("both sides are enlarged", linked() && sheets()[0] !== whole2 && /scale\(2\.25\)/.test(sheets()[0]), sheets());
    const placed = sheets()[0];
    press(0.3, 0.5, [0.4, 0.6]);
    check("both sides are moved", linked() && sheets()[0] !== placed, sheets());
    check("the divider stays", Math.abs(parseFloat(getComputedStyle(stage).getPropertyValue("--split")) - 75) < 0.5);
    press(0.3, 0.5, [9, 9]);
    check("the picture cannot be lost", /translate\(0px, 0px\)/.test(sheets()[0]), sheets()[0]);
    one("#zoom-pixels").click();
    check("one to one", one("#zoom-value").textContent === "100 %" || /scale\(1\)/.test(sheets()[0]), one("#zoom-value").textContent);
    stage.dispatchEvent(new WheelEvent("wheel", { deltaY: -240, ctrlKey: true, bubbles: true, cancelable: true, clientX: box.left + 50, clientY: box.top + 50 }));
    check("the wheel zooms", linked() && !/scale\(1\)/.test(sheets()[0]));
    one("#zoom-fit").click();
    check("the whole picture again", sheets()[0] === whole2 && one("#zoom-fit").disabled, sheets()[0]);

    const colors = (canvas) => {
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d", { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      const set = new Set();
      for (let i = 0; i < data.length; i += 4) set.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
      return set.size;
    };
    const [leftMap, rightMap] = [one("#left-layer canvas"), one("#right-layer canvas")];
    check("no map at first", leftMap.hidden && rightMap.hidden);
    one('#overlay [data-value="levels"]').click();
    check("level map", !leftMap.hidden && colors(leftMap) > 3, colors(leftMap));
    check("JPEG has no level map", rightMap.hidden);
    check("level map has a legend", !one("#overlay-legend").hidden && /bits per pixel/.test(one("#overlay-legend").textContent));
    one('#overlay [data-value="error"]').click();
    check("error maps", !leftMap.hidden && !rightMap.hidden && colors(leftMap) > 10 && colors(rightMap) > 10);
    one('#overlay [data-value="scores"]').click();
    check("SSIMULACRA2 maps", !leftMap.hidden && !rightMap.hidden && colors(leftMap) > 10 && colors(rightMap) > 10
      && /SSIMULACRA2/.test(one("#overlay-legend").textContent), one("#overlay-legend").textContent);
    one('#overlay [data-value="none"]').click();
    check("maps go", leftMap.hidden && rightMap.hidden);

    await new Promise((done) => setTimeout(done, 500));
    const crops = all("#crops canvas");
    check("three crops", crops.length === 3 && crops.every((canvas) => colors(canvas) > 20), crops.map(colors));
    const mark = one("#crop-mark").style.cssText;
    stage.dispatchEvent(new MouseEvent("dblclick", { bubbles: true, clientX: box.left + box.width * 0.9, clientY: box.top + box.height * 0.9 }));
    check("another place is enlarged", one("#crop-mark").style.cssText !== mark);
    one("#worst").click();
    check("bytes in the captions", ["#left-tag", "#right-tag"].every((tag) => /[0-9] bytes/.test(one(tag).textContent)));
    one("#flicker").click();
    await new Promise((done) => setTimeout(done, 700));
    const [at, pressed] = [one("#split").value, one("#flicker").getAttribute("aria-pressed")];
    one("#flicker").click();
    check("flicker shows one side alone", pressed === "true" && (at === "0" || at === "100"), at);
    check("the divider comes back", Math.abs(one("#split").value - 75) < 0.5, one("#split").value);
    check("the picture's own curve", one("#own-title").textContent.includes(shownPicture()) && all("#own-chart .point").length
      === expected.filter((row) => row.picture === shownPicture()).length, one("#own-title").textContent);
    check("the worst place is found again", one("#crop-mark").style.cssText === mark);

    // Table.
    one('#table-mode [data-value="all"]').click();
    const cells = (key) => {
      const column = all("#numbers-table th").findIndex((th) => th.dataset.key === key);
      return all("#numbers-table tbody tr").map((tr) => tr.children[column].textContent);
    };
    check("a line for every row", all("#numbers-table tbody tr").length === expected.length);
    const numbers = () => cells("psnr").map(Number);
    one('#numbers-table th[data-key="psnr"] button').click();
    check("sorted down", numbers().every((value, i, list) => i === 0 || value <= list[i - 1]), numbers());
    check("sorted down is said", one('#numbers-table th[data-key="psnr"]').getAttribute("aria-sort") === "descending");
    one('#numbers-table th[data-key="psnr"] button').click();
    check("sorted up", numbers().every((value, i, list) => i === 0 || value >= list[i - 1]), numbers());
    check("all PSNR are there", numbers().join() === expected.map((row) => Number(Number(row.psnr).toFixed(2)))
      .sort((a, b) => a - b).join(), numbers());
    one('#numbers-table th[data-key="method"] button').click();
    check("sorted by name", cells("method").every((value, i, list) => i === 0 || value.localeCompare(list[i - 1]) >= 0));
    choose("#rate-filter", String(Number(expected[0].target_bpp)));
    check("one rate", new Set(cells("target")).size === 1
      && cells("target").length === expected.filter((row) => row.target_bpp === expected[0].target_bpp).length, cells("target"));

    one('#table-topic [data-value="time"]').click();
    check("times with their spread", cells("encode").length > 0 && cells("encode").every((text) => /^[0-9.]+([0-9.]{5} to [0-9.]+)?$/.test(text)), cells("encode"));
    check("processor time", cells("encodeProcessor").every((text) => Number(text) >= 0), cells("encodeProcessor"));
    check("process times and memory", cells("encodeProcess").length > 0 && cells("encodeMemory").some((text) => Number(text) > 0));
    choose("#sort", "encode");
    check("sorted by the list", one('#numbers-table th[data-key="encode"]').getAttribute("aria-sort") === "descending");
    one('#table-topic [data-value="quality"]').click();
    check("the machine is named", all("#machine dt").length === 5 && all("#machine dd").every((node) => node.textContent.trim()), one("#machine")?.textContent);

    // Theme.
    const ground = () => getComputedStyle(document.body).backgroundColor;
    const first = ground();
    const said = one("#theme-name").textContent;
    check("the theme's button says what it will do", said === "Switch to dark" || said === "Switch to light", said);
    one("#theme-toggle").click();
    check("the theme's button says what it did", one("#theme-name").textContent !== said, said);
    check("theme changes", ground() !== first, `${first} ${ground()}`);
    one("#theme-toggle").click();
    check("theme changes back", ground() === first);

    // Nothing from outside.
    check("nothing was fetched", performance.getEntriesByType("resource").every((entry) => entry.name.startsWith("data:")),
      performance.getEntriesByType("resource").map((entry) => entry.name.slice(0, 80)));
  } catch (error) {
    problems.push(`checks: ${error.stack ?? error}`);
  }
  report(checks);
})();
