function render({ model, el }) {
  const NORMS = ["batch", "layer", "instance", "group"], CELL = 26, LEAN = 7;
  const ui = kit.root(el, model);
  ui.body.style.display = "block";
  const say = kit.readout(ui.after);
  const put = (name, value) => { model.set(name, value); model.save_changes(); };
  const groupOf = (c) => Math.floor((c * model.get("groups")) / model.get("shape")[1]);
  const together = {
    batch: (a, b) => a[1] === b[1],
    layer: (a, b) => a[0] === b[0],
    instance: (a, b) => a[0] === b[0] && a[1] === b[1],
    group: (a, b) => a[0] === b[0] && groupOf(a[1]) === groupOf(b[1]),
  };
  const name = ([n, c, p]) => `sample ${n + 1}, channel ${c + 1}, place ${p + 1}`;

  kit.select(ui.controls, { label: "norm", values: NORMS, value: model.get("norm"), onInput: (value) => put("norm", value) });
  const sizes = [["samples N", [1, 2, 3, 4]], ["channels C", [2, 4, 6, 8]], ["places HW", [1, 4, 9]]];
  sizes.forEach(([label, known], axis) => {
    const now = model.get("shape")[axis], values = [...new Set([...known, now])].sort((a, b) => a - b);
    kit.slider(ui.controls, { label, values, value: now, onInput: (value) => resize(axis, value) });
  });
  const box = ui.controls.appendChild(kit.h("div"));

  function resize(axis, value) {
    const shape = model.get("shape").map((old, k) => (k === axis ? value : old));
    const divisors = [...Array(shape[1])].map((_, k) => k + 1).filter((g) => shape[1] % g === 0);
    put("groups", Math.max(...divisors.filter((g) => g <= model.get("groups"))));
    put("cell", model.get("cell").map((at, k) => Math.min(at, shape[k] - 1)));
    put("shape", shape);
    chooseGroups();
  }

  function chooseGroups() {
    const channels = model.get("shape")[1];
    const values = [...Array(channels)].map((_, k) => k + 1).filter((g) => channels % g === 0);
    box.replaceChildren();
    kit.select(box, { label: "groups (group norm)", values, value: model.get("groups"), onInput: (value) => put("groups", value) });
  }

  function move(event) {
    const steps = { ArrowLeft: [2, -1], ArrowRight: [2, 1], ArrowUp: [1, -1], ArrowDown: [1, 1], PageUp: [0, -1], PageDown: [0, 1] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const [axis, way] = step, shape = model.get("shape");
    put("cell", model.get("cell").map((at, k) => (k === axis ? kit.clamp(at + way, 0, shape[k] - 1) : at)));
    ui.body.querySelector('[tabindex="0"]').focus();
  }

  function corner([n, c, p], shape) { // slabs side by side, each leaning back a little
    const slab = shape[2] * CELL * 0.9 + 34;
    return [24 + n * slab + p * CELL * 0.9, 40 + shape[2] * LEAN + c * CELL - p * LEAN];
  }

  function value(cell, chosen, shape) {
    const [x, y] = corner(cell, shape), w = CELL * 0.9, here = cell.every((at, k) => at === chosen[k]);
    const inside = together[model.get("norm")](cell, chosen);
    return kit.s("path", {
      d: `M${x},${y}l${w},${-LEAN}v${CELL}l${-w},${LEAN}Z`, role: "button", tabindex: here ? 0 : -1, style: "cursor:pointer",
      "aria-label": `${name(cell)}, ${inside ? "averaged with the chosen value" : "not in its set"}`, "aria-pressed": String(here),
      fill: inside ? kit.COLOURS[1] : "currentColor", "fill-opacity": inside ? 0.9 : 0.07, stroke: "currentColor",
      "stroke-opacity": here ? 1 : 0.45, "stroke-width": here ? 4 : 1, onclick: () => { put("cell", cell); ui.body.querySelector('[tabindex="0"]').focus(); }, onkeydown: move,
    });
  }

  function show() {
    const shape = model.get("shape"), chosen = model.get("cell"), norm = model.get("norm"), [N, C, P] = shape;
    const cells = [];
    for (let n = 0; n < N; n++) for (let c = 0; c < C; c++) for (let p = 0; p < P; p++) cells.push([n, c, p]);
    const drawn = cells.map((cell) => value(cell, chosen, shape));
    drawn.push(drawn.splice(cells.findIndex((cell) => cell.every((at, k) => at === chosen[k])), 1)[0]); // its outline on top
    const words = [...Array(N)].map((_, n) => { const [x, y] = corner([n, 0, 0], shape); return kit.s("text", { x, y: y - shape[2] * LEAN - 6 }, `sample ${n + 1}`); });
    const [x, y] = corner([0, C, 0], shape);
    words.push(kit.s("text", { x, y: y + 20 }, "rows: channels; columns: places"));
    const width = Math.max(corner([N, 0, 0], shape)[0], 240), height = y + 30;
    ui.body.replaceChildren(kit.s("svg", { viewBox: `0 0 ${width} ${height}`, style: `max-width:100%;width:${1.2 * width}px;height:auto`, role: "group", "aria-label": `tensor of ${N} samples, ${C} channels, ${P} places` }, ...words, ...drawn));
    const size = cells.filter((cell) => together[norm](cell, chosen)).length;
    const affine = norm === "layer" ? `${C} × ${P} = ${C * P} each, shared by all samples` : `${C} each, one a channel`;
    say({ "chosen": name(chosen), "values in its set": size, "sets in the tensor": (N * C * P) / size, "γ and β": affine });
  }

  const seen = ["norm", "shape", "groups", "cell"];
  seen.forEach((trait) => model.on(`change:${trait}`, show));
  chooseGroups();
  show();
  return () => seen.forEach((trait) => model.off(`change:${trait}`, show));
}

export default { render };
