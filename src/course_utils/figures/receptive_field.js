const CELL = 24, ROW = 56, MAX_LAYERS = 6;
const NAMES = { k: "kernel", s: "stride", p: "padding", d: "dilation" };

// What each layer makes of the row of pixels: units, size of the field, jump, start; all in pixels.
function geometry(layers, pixels) {
  const rows = [{ units: pixels, size: 1, jump: 1, start: 0 }];
  for (const { k, s, p, d } of layers) {
    const below = rows[rows.length - 1], reach = d * (k - 1);
    rows.push({ units: Math.max(Math.floor((below.units + 2 * p - reach - 1) / s) + 1, 0), size: below.size + reach * below.jump,
      jump: below.jump * s, start: below.start + (reach / 2 - p) * below.jump });
  }
  return rows;
}

// The places that a unit reads, row by row downwards; places outside a row are its padding.
function reads(layers, rows, layer, unit) {
  const found = rows.map(() => new Set());
  found[layer].add(unit);
  for (let l = layer; l > 0; l--) {
    const { k, s, p, d } = layers[l - 1];
    for (const i of found[l]) {
      if (i < 0 || i >= rows[l].units) continue; // padding reads nothing
      for (let t = 0; t < k; t++) found[l - 1].add(s * i - p + d * t);
    }
  }
  return found;
}

// The units of every row that read a given pixel.
function seenBy(layers, rows, pixel) {
  const found = rows.map(() => new Set());
  found[0].add(pixel);
  layers.forEach(({ k, s, p, d }, l) => {
    for (let i = 0; i < rows[l + 1].units; i++) {
      for (let t = 0; t < k; t++) if (found[l].has(s * i - p + d * t)) found[l + 1].add(i);
    }
  });
  return found;
}

const inside = (row, i) => i >= 0 && i < row.units;
const copy = (layers) => layers.map((layer) => ({ ...layer }));

function render({ model, el }) {
  const ui = kit.root(el, model), pixels = model.get("pixels"), bounds = model.get("settings");
  let layers = copy(model.get("layers")), rows, picture, chosen = null;
  const table = kit.h("table", { class: "ifig-trace" });
  const scroller = kit.h("div", { class: "ifig-scroll", tabindex: 0, role: "region", "aria-label": "layers and their fields" }, table);
  const holder = kit.h("div", { class: "ifig-scroll" }), say = kit.readout(ui.after);
  ui.body.style.display = "block";
  ui.body.append(holder, scroller);
  const add = kit.button(ui.controls, "Add a layer", () => change([...layers, { k: 3, s: 1, p: 0, d: 1 }]));
  const drop = kit.button(ui.controls, "Remove the last", () => change(layers.slice(0, -1)));
  for (const [name, preset] of Object.entries(model.get("presets"))) kit.button(ui.controls, name, () => change(copy(preset)));

  function change(next) {
    layers = next;
    const cell = (layer, l, name) => {
      const input = kit.h("input", { type: "number", min: bounds[name][0], max: bounds[name][1], step: 1, value: layer[name], style: "width:4.2rem", "aria-label": `${NAMES[name]} of layer ${l + 1}` });
      input.addEventListener("input", () => { if (input.value !== "" && input.checkValidity()) { layer[name] = Number(input.value); show(); } });
      return kit.h("td", {}, input);
    };
    const head = ["layer", ...Object.entries(NAMES).map(([letter, name]) => `${name} ${letter}`), "units", "size R", "jump j", "start"];
    table.replaceChildren(kit.h("tr", {}, ...head.map((text) => kit.h("th", { scope: "col" }, text))),
      ...layers.map((layer, l) => kit.h("tr", {}, kit.h("th", { scope: "row" }, String(l + 1)), ...Object.keys(NAMES).map((name) => cell(layer, l, name)), ...[0, 1, 2, 3].map(() => kit.h("td", {})))));
    add.disabled = layers.length === MAX_LAYERS;
    drop.disabled = layers.length === 1;
    chosen = null;
    show();
  }

  function show() {
    rows = geometry(layers, pixels);
    rows.slice(1).forEach((row, l) => [row.units, row.size, row.jump, row.start].forEach((value, i) => { table.rows[l + 1].cells[5 + i].textContent = kit.format(value); }));
    picture = draw(rows, layers, choose);
    holder.replaceChildren(picture.svg);
    const top = rows.findLastIndex((row) => row.units > 0);
    if (!chosen || chosen.layer > top || !inside(rows[chosen.layer], chosen.unit)) chosen = { layer: top, unit: Math.floor((rows[top].units - 1) / 2) };
    choose(chosen.layer, chosen.unit);
  }

  function choose(layer, unit, focus) {
    chosen = { layer, unit };
    const marked = layer === 0 ? seenBy(layers, rows, unit) : reads(layers, rows, layer, unit);
    picture.mark(marked, chosen);
    if (focus) picture.nodes[layer][unit].focus();
    const empty = rows.findIndex((row) => row.units === 0), row = rows[layer];
    if (layer === 0) {
      const counts = marked.slice(1).map((set, l) => `${set.size} of layer ${l + 1}`);
      say({ chosen: `pixel ${unit}`, "units that see it": counts.join(", ") });
      return;
    }
    const used = [...marked[0]], real = used.filter((i) => inside(rows[0], i)).length;
    const centre = row.start + unit * row.jump, first = centre - (row.size - 1) / 2;
    say({ chosen: `unit ${unit} of layer ${layer}`, "field from pixel": first, to: first + row.size - 1, "size R": row.size, "jump j": row.jump, start: row.start,
      "pixels read": real, ...(empty > 0 ? { note: `the kernel of layer ${empty} does not fit` } : {}) });
  }
  change(layers);
}

function draw(rows, layers, choose) {
  // Fields may begin left of pixel 0 and end right of the last.
  const full = rows.filter((row) => row.units > 0), half = (row) => (row.size - 1) / 2;
  const low = Math.min(...full.map((row) => row.start - half(row))) - 0.7;
  const high = Math.max(...full.map((row) => row.start + (row.units - 1) * row.jump + half(row))) + 0.7;
  const width = (high - low) * CELL + 62, height = ROW * rows.length + 26;
  const x = (l, i) => 62 + (rows[l].start + i * rows[l].jump - low) * CELL, y = (l) => height - 54 - l * ROW;
  const edges = kit.s("g"), zeros = kit.s("g"), bar = kit.s("g");
  const nodes = rows.map((row, l) => [...Array(row.units)].map((_, i) => {
    const r = l === 0 ? 9 : 8;
    return kit.s("g", { class: "ifig-node", role: "button", tabindex: -1, transform: `translate(${x(l, i).toFixed(1)},${y(l)})`, "aria-label": l === 0 ? `pixel ${i}` : `unit ${i} of layer ${l}`,
      onclick: () => choose(l, i), onmouseenter: () => choose(l, i), onfocus: () => choose(l, i), onkeydown: (event) => walk(event, l, i) },
      kit.s("rect", { x: -r, y: -r, width: 2 * r, height: 2 * r, rx: l === 0 ? 2 : r }));
  }));
  function walk(event, l, i) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], climb = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step && !climb) return;
    event.preventDefault();
    if (step) { if (inside(rows[l], i + step)) choose(l, i + step, true); return; }
    const to = l + climb;
    if (to < 0 || to >= rows.length || rows[to].units === 0) return;
    const here = rows[l].start + i * rows[l].jump;
    choose(to, kit.clamp(Math.round((here - rows[to].start) / rows[to].jump), 0, rows[to].units - 1), true);
  }
  const names = rows.map((_, l) => kit.s("text", { x: 0, y: y(l) + 5 }, l === 0 ? "pixels" : `layer ${l}`));
  const svg = kit.s("svg", { viewBox: `0 0 ${width} ${height}`, style: `width:${width}px;max-width:none;height:auto;display:block`, role: "group", "aria-label": "network; arrow keys move between units" }, edges, zeros, bar, ...names, ...nodes.flat());

  function mark(marked, chosen) {
    nodes.forEach((row, l) => row.forEach((node, i) => {
      const on = marked[l].has(i), me = l === chosen.layer && i === chosen.unit;
      node.setAttribute("aria-pressed", String(me));
      node.setAttribute("tabindex", me ? 0 : -1);
      node.firstChild.style.fill = me ? kit.COLOURS[1] : on ? kit.COLOURS[l === 0 ? 5 : 0] : "";
    }));
    const lines = [], outside = [];
    layers.forEach(({ k, s, p, d }, l) => {
      for (const i of marked[l + 1]) {
        if (!inside(rows[l + 1], i)) continue;
        for (let t = 0; t < k; t++) {
          const from = s * i - p + d * t;
          if (marked[l].has(from)) lines.push(`M${x(l, from).toFixed(1)},${y(l)}L${x(l + 1, i).toFixed(1)},${y(l + 1)}`);
        }
      }
      for (const i of marked[l]) if (!inside(rows[l], i)) outside.push(kit.s("rect", { x: x(l, i) - 7, y: y(l) - 7, width: 14, height: 14, rx: 2, class: "ifig-frame", "stroke-dasharray": "3 2" }));
    });
    edges.replaceChildren(kit.s("path", { class: "ifig-edge on", d: lines.join("") || "M0,0", "stroke-opacity": 0.6 }));
    zeros.replaceChildren(...outside);
    bar.replaceChildren();
    if (chosen.layer > 0) {
      const row = rows[chosen.layer], centre = x(chosen.layer, chosen.unit), wide = row.size * CELL, base = height - 32;
      bar.append(kit.s("path", { d: `M${centre - wide / 2},${base}v8h${wide}v-8`, fill: "none", stroke: kit.COLOURS[1], "stroke-width": 2 }),
        kit.s("text", { x: centre, y: base + 23, "text-anchor": "middle" }, `R = ${row.size}`));
    }
  }
  return { svg, nodes, mark };
}

export default { render };
