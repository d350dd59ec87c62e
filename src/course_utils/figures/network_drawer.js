const SHOWN = 9; // more neurons than this are drawn as the first few, dots, and the last

function render({ model, el }) {
  const ui = kit.root(el, model), start = model.get("widths");
  const field = kit.h("input", { type: "text", inputmode: "numeric", class: "ifig-formula", value: start.join(", "), "aria-label": "widths of the layers, separated by commas" });
  ui.controls.append(kit.h("div", { class: "ifig-control" }, kit.h("span", {}, "widths, input first"), field));
  for (const preset of [[3, 4, 2], [50, 25, 10, 2], [784, 128, 10], [2, 10, 10, 1]]) {
    kit.button(ui.controls, preset.join("-"), () => { field.value = preset.join(", "); update(); });
  }
  const say = kit.readout(ui.after);
  ui.body.style.display = "block";

  function update() {
    const widths = field.value.split(/[\s,;-]+/).filter(Boolean).map(Number);
    const good = widths.length >= 2 && widths.length <= 12 && widths.every((w) => Number.isInteger(w) && w >= 1 && w <= 1e5);
    field.setAttribute("aria-invalid", String(!good));
    if (!good) { say({ "expected": "2 to 12 whole numbers from 1 to 100000" }); return; }
    ui.body.replaceChildren(draw(widths));
    const layers = widths.slice(1).map((w, i) => (widths[i] + 1) * w);
    say({ "weight layers": layers.length, "hidden layers": layers.length - 1,
      "parameters": `${layers.join(" + ")} = ${layers.reduce((a, b) => a + b, 0).toLocaleString("en")}` });
  }
  field.addEventListener("input", update);
  update();
}

function rows(width) {
  const places = width <= SHOWN ? width : SHOWN;
  return [...Array(places)].map((_, k) => ({ y: 14 + (k + (SHOWN - places) / 2) * 24, dots: width > SHOWN && k === SHOWN - 2 }));
}

function draw(widths) {
  const gap = Math.max(56, Math.min(150, 520 / (widths.length - 1))), width = 60 + gap * (widths.length - 1), height = 24 * SHOWN + 30;
  const columns = widths.map((w, i) => rows(w).map((row) => ({ ...row, x: 30 + gap * i })));
  const lines = columns.slice(1).flatMap((column, i) => column.filter((b) => !b.dots).map((b) =>
    kit.s("path", { class: "ifig-edge", "stroke-opacity": 0.25, d: columns[i].filter((a) => !a.dots).map((a) => `M${a.x},${a.y}L${b.x},${b.y}`).join("") })));
  const dots = columns.flatMap((column, i) => column.map((n) => (n.dots
    ? kit.s("text", { x: n.x, y: n.y + 6, "text-anchor": "middle" }, "⋮")
    : kit.s("circle", { cx: n.x, cy: n.y, r: 8, fill: kit.COLOURS[i === 0 ? 5 : i === widths.length - 1 ? 1 : 0] }))));
  const names = widths.map((w, i) => kit.s("text", { x: 30 + gap * i, y: height - 4, "text-anchor": "middle" }, String(w)));
  return kit.s("svg", { viewBox: `0 0 ${width} ${height}`, style: `max-width:100%;width:${width}px;height:auto`, role: "img", "aria-label": `network ${widths.join("-")}` }, ...lines, ...dots, ...names);
}

export default { render };
