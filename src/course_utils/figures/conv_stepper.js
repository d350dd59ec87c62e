// A convolution by hand: the window of one output at a time, its sum written out.
function render({ model, el }) {
  const { h, s, clamp, format } = kit;
  const planes = model.get("inputs"), kernels = model.get("kernels"), knobs = model.get("knobs");
  const n = planes[0].length, CELL = 30, WINDOW = kit.COLOURS[1], HERE = kit.COLOURS[0];
  const NAMES = { kernel: "kernel size k", stride: "stride s", padding: "padding p", dilation: "dilation r", channels: "input channels" };
  const ui = kit.root(el, model);
  let now = { ...model.get("value") };

  const width = () => now.dilation * (now.kernel - 1) + 1;
  const size = () => { const room = n + 2 * now.padding - width(); return room < 0 ? 0 : Math.floor(room / now.stride) + 1; };
  const inside = (i) => i >= 0 && i < n;

  function taps() {
    const kernel = kernels.find((one) => one[0].length === now.kernel).slice(0, now.channels);
    return now.flip ? kernel.map((plane) => plane.map((row) => [...row].reverse()).reverse()) : kernel;
  }

  // The terms of output (i, j): {c, row, column, weight, pixel}; pixels outside are zero.
  function terms(i, j) {
    return taps().flatMap((plane, c) => plane.flatMap((row, a) => row.map((weight, b) => {
      const y = now.stride * i + now.dilation * a - now.padding, x = now.stride * j + now.dilation * b - now.padding;
      return { c, row: y, column: x, weight, pixel: inside(y) && inside(x) ? planes[c][y][x] : 0 };
    })));
  }
  const total = (list) => list.reduce((sum, t) => sum + t.weight * t.pixel, 0);

  // A grid of numbers: cell(i, j) -> {text, fill, stroke, faint}.
  function grid(label, rows, cell) {
    const side = rows * CELL + 4, nodes = [];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        const { text, fill, stroke, faint } = cell(i, j), x = 2 + j * CELL, y = 2 + i * CELL;
        nodes.push(s("rect", { x, y, width: CELL, height: CELL, fill: fill ?? "none", "fill-opacity": 0.28, stroke: "currentColor", "stroke-opacity": faint ? 0.2 : 0.5, "stroke-dasharray": faint ? "3 3" : null }));
        if (stroke) nodes.push(s("rect", { x: x + 1.5, y: y + 1.5, width: CELL - 3, height: CELL - 3, fill: "none", stroke, "stroke-width": 2.5 }));
        if (text !== "") nodes.push(s("text", { x: x + CELL / 2, y: y + CELL / 2 + 4, "text-anchor": "middle", "fill-opacity": faint ? 0.7 : 1 }, text));
      }
    }
    return h("div", {}, h("p", { class: "ifig-title" }, label),
      s("svg", { viewBox: `0 0 ${side} ${side}`, width: side, style: "max-width:100%;height:auto", role: "img", "aria-label": label }, ...nodes));
  }

  function inputs(used) {
    const full = n + 2 * now.padding;
    return planes.slice(0, now.channels).map((plane, c) => {
      const seen = new Set(used.filter((t) => t.c === c).map((t) => `${t.row},${t.column}`));
      const name = now.channels > 1 ? `input, channel ${c}` : "input";
      return grid(now.padding ? `${name}, padded to ${full} x ${full}` : name, full, (a, b) => {
        const i = a - now.padding, j = b - now.padding, own = inside(i) && inside(j), on = seen.has(`${i},${j}`);
        return { text: format(own ? plane[i][j] : 0), faint: !own, fill: on ? WINDOW : null, stroke: on ? WINDOW : null };
      });
    });
  }

  function draw() {
    const m = size();
    now.position = clamp(now.position, 0, Math.max(m * m - 1, 0));
    const i = m ? Math.floor(now.position / m) : 0, j = m ? now.position % m : 0, used = m ? terms(i, j) : [];
    const filters = taps().map((plane, c) => grid(`kernel${now.channels > 1 ? `, channel ${c}` : ""}${now.flip ? ", flipped" : ""}`, now.kernel,
      (a, b) => ({ text: format(plane[a][b]), fill: WINDOW })));
    const output = m ? [grid(`output, ${m} x ${m}`, m, (a, b) => {
      const place = a * m + b, known = place <= now.position;
      return { text: known ? format(total(terms(a, b))) : "", fill: place === now.position ? HERE : null, stroke: place === now.position ? HERE : null };
    })] : [];
    ui.body.replaceChildren(h("div", {}, ...inputs(used)), h("div", {}, ...filters), h("div", {}, ...output));
    say(m, i, j, used);
    back.setAttribute("aria-disabled", now.position === 0); // not `disabled`: that would drop the focus
    forth.setAttribute("aria-disabled", now.position >= m * m - 1);
    model.set("value", { ...now });
    model.save_changes();
  }

  const signed = (value) => (value < 0 ? `(${format(value)})` : format(value));
  function say(m, i, j, used) {
    const { kernel: k, stride, padding: p, dilation: r } = now;
    const tall = r > 1 ? `${r}·(${k} − 1) − 1` : k, formula = `⌊(${n} + 2·${p} − ${tall})/${stride}⌋ + 1`;
    if (!m) { words.replaceChildren(`The kernel reaches over ${width()} pixels, the padded input has ${n + 2 * p}: it fits nowhere.`); return; }
    const sum = used.map((t) => `${signed(t.weight)}·${signed(t.pixel)}`).join(" + ");
    words.replaceChildren(h("p", { style: "margin:0" }, h("b", {}, `Output (${i}, ${j}), ${now.position + 1} of ${m * m}: `), `${sum} = `, h("b", {}, format(total(used)))),
      h("p", { style: "margin:.3rem 0 0" }, `Output size: ${formula} = ${m}`));
  }

  function put(change) {
    now = { ...now, ...change };
    draw();
  }
  const go = (position) => put({ position: clamp(position, 0, Math.max(size() ** 2 - 1, 0)) });

  const words = h("div", { class: "ifig-readout", role: "status", "aria-live": "polite", style: "display:block;min-height:5.2rem" });
  ui.after(words);
  for (const name of Object.keys(NAMES)) {
    if (knobs[name]?.length > 1) kit.slider(ui.controls, { label: NAMES[name], values: knobs[name], value: now[name], onInput: (value) => put({ [name]: value }) });
  }
  if (knobs.flip) {
    const flip = kit.button(ui.controls, "Flip the kernel", () => { put({ flip: !now.flip }); flip.setAttribute("aria-pressed", String(now.flip)); });
    flip.setAttribute("aria-pressed", String(now.flip));
  }
  const back = kit.button(ui.controls, "Back", () => go(now.position - 1));
  const forth = kit.button(ui.controls, "Step", () => go(now.position + 1));
  kit.button(ui.controls, "To the end", () => go(size() ** 2 - 1));

  // Arrow keys work from anywhere in the figure but the sliders, which have their own.
  ui.box.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -size(), ArrowDown: size() }[event.key];
    if (!way || event.target.tagName === "INPUT") return;
    event.preventDefault();
    const next = now.position + way;
    if (next >= 0 && next < size() ** 2) go(next);
  });
  draw();
}

export default { render };
