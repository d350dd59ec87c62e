function render({ model, el }) {
  const CELL = 34, WIDE = 12, LINE = 8, OWN = "own numbers";
  const ui = kit.root(el, model), n = model.get("numbers"), views = model.get("views");
  ui.body.style.display = "block";
  let cell = [0, 0], shape = [...model.get("shape")], strides = [...model.get("strides")], offset = model.get("offset");
  const say = kit.readout(ui.after);
  const same = (view) => String([view.shape, view.strides, view.offset]) === String([shape, strides, offset]);

  const menu = kit.select(ui.controls, { label: "view", values: [...views.map((view) => view.name), OWN], value: views[0].name, onInput: (name) => {
    const view = views.find((known) => known.name === name);
    if (view) { shape = [...view.shape]; strides = [...view.strides]; offset = view.offset; }
    show();
  } });
  const sliders = [
    ["rows", 1, 8, () => shape[0], (v) => { shape[0] = v; }], ["columns", 1, 8, () => shape[1], (v) => { shape[1] = v; }],
    ["stride of a row", 0, 12, () => strides[0], (v) => { strides[0] = v; }], ["stride of a column", 0, 12, () => strides[1], (v) => { strides[1] = v; }],
    ["offset", 0, n - 1, () => offset, (v) => { offset = v; }],
  ].map(([label, min, max, read, write]) => ({ read, slider: kit.slider(ui.controls, { label, min, max, step: 1, value: read(), onInput: (v) => { write(v); show(); } }) }));

  const placeOf = (i, j) => offset + i * strides[0] + j * strides[1];

  function move(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(cell.map((at, k) => kit.clamp(at + step[k], 0, shape[k] - 1)));
  }

  function choose(next) {
    cell = next;
    show();
    ui.body.querySelector('[tabindex="0"]').focus();
  }

  function square(x, y, text, { fill, opacity, strong, ...more }) {
    const box = kit.s("rect", { x: x + 1, y: y + 1, width: CELL - 2, height: CELL - 2, fill, "fill-opacity": opacity, stroke: "currentColor", "stroke-width": strong ? 3 : 1, "stroke-opacity": strong ? 1 : 0.35 });
    return kit.s("g", more, box, kit.s("text", { x: x + CELL / 2, y: y + CELL / 2 + 4, "text-anchor": "middle" }, text));
  }

  function entry(i, j) {
    const place = placeOf(i, j), here = i === cell[0] && j === cell[1], inside = place < n;
    return square(j * CELL, 22 + i * CELL, inside ? String(place) : "×", {
      fill: inside ? kit.COLOURS[i % 6] : "currentColor", opacity: inside ? 0.3 : 0.04, strong: here, role: "button", tabindex: here ? 0 : -1, style: "cursor:pointer",
      "aria-label": `row ${i}, column ${j}: ${inside ? `the number at place ${place}` : "outside the storage"}`, "aria-pressed": String(here), onclick: () => choose([i, j]), onkeydown: move,
    });
  }

  function show() {
    const [rows, columns] = shape;
    cell = [Math.min(cell[0], rows - 1), Math.min(cell[1], columns - 1)];
    sliders.forEach(({ read, slider }) => slider.set(read()));
    menu.set(views.find(same)?.name ?? OWN);
    const readers = new Map(), places = [];
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) { places.push(placeOf(i, j)); if (!readers.has(placeOf(i, j))) readers.set(placeOf(i, j), i); }
    const now = placeOf(...cell), top = 56 + rows * CELL;
    const store = [...Array(n)].map((_, p) => square((p % WIDE) * CELL, top + Math.floor(p / WIDE) * CELL, String(p), {
      fill: readers.has(p) ? kit.COLOURS[readers.get(p) % 6] : "currentColor", opacity: readers.has(p) ? 0.3 : 0.03, strong: p === now, "aria-hidden": "true",
    }));
    const entries = [];
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) entries.push(entry(i, j));
    const words = [kit.s("text", { x: 0, y: 14, "font-weight": 600 }, `the view, ${rows} × ${columns}`), kit.s("text", { x: 0, y: top - 8, "font-weight": 600 }, "the storage")];
    const width = WIDE * CELL + 2, height = top + Math.ceil(n / WIDE) * CELL + 2;
    ui.body.replaceChildren(kit.s("svg", { viewBox: `0 0 ${width} ${height}`, style: `max-width:100%;width:${1.3 * width}px;height:auto`, role: "group", "aria-label": "entries of the view above the storage" }, ...words, ...store, ...entries));
    const outside = places.filter((p) => p >= n).length, inOrder = places.every((p, k) => p === places[0] + k);
    const firstRow = new Set([...Array(columns)].map((_, j) => Math.floor(placeOf(cell[0], j) / LINE)));
    say({
      "place": `${offset} + ${cell[0]} · ${strides[0]} + ${cell[1]} · ${strides[1]} = ${now}`,
      "contiguous": inOrder, "different numbers": new Set(places).size, "outside the storage": outside, [`lines of ${LINE} numbers that this row touches`]: firstRow.size,
    });
  }

  show();
}

export default { render };
