// Shows the page in frames of several widths, light and dark, one after the other, and gathers what they find.

(async () => {
  const checks = [];
  try {
    for (const width of [1280, 800, 500, 390]) {
      for (const theme of ["light", "dark"]) {
        const frame = document.createElement("iframe");
        frame.style.cssText = `border: 0; width: ${width}px; height: 900px`;
        frame.src = `inner.html#${theme}`;
        const found = await new Promise((done, failed) => {
          addEventListener("message", (event) => done(event.data), { once: true });
          setTimeout(() => failed(`no answer at ${width} ${theme}`), 30000);
          document.body.append(frame);
        });
        frame.remove();
        for (const check of found.checks) checks.push({ ...check, name: `${width} ${theme}: ${check.name}` });
        const known = checks.find(({ name }) => name === "outline");
        if (!known) checks.push({ name: "outline", ok: true, detail: found.outline });
        else checks.push({ name: `${width} ${theme}: the same outline`, ok: known.detail === found.outline, detail: found.outline });
      }
    }
  } catch (error) {
    problems.push(String(error));
  }
  report(checks);
})();
