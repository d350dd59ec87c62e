function phraseOf(text, groups, ignored) {
  const words = text.toLowerCase().split(/[^a-z]+/).filter((word) => word && !ignored.includes(word));
  const unknown = words.filter((word) => !groups.some((group) => group.words.includes(word)));
  const chosen = groups.map((group) => words.filter((word) => group.words.includes(word)));
  const twice = chosen.find((found) => found.length > 1);
  return { unknown, twice, phrase: chosen.map((found) => found[0] ?? "").filter(Boolean).join(" ") };
}

function render({ model, el }) {
  const ui = kit.root(el, model), pictures = model.get("pictures"), groups = model.get("groups"), phrases = model.get("phrases");
  let picture = pictures[0];
  kit.select(ui.controls, { label: "picture", values: pictures.map(({ name }) => name), value: picture.name, onInput: (name) => { picture = pictures.find((each) => each.name === name); show(); } });
  const field = kit.h("input", { type: "text", class: "ifig-formula", value: model.get("names"), "aria-label": "class names, separated by commas", spellcheck: "false", autocomplete: "off" });
  field.addEventListener("input", show);
  ui.controls.append(kit.h("label", { class: "ifig-control", style: "flex: 1 1 22rem" }, kit.h("span", {}, "class names, separated by commas"), field));
  const canvas = kit.h("canvas", { class: "ifig-pad", style: "cursor: default; image-rendering: pixelated" }), chart = kit.h("div", {});
  ui.body.append(kit.h("div", {}, canvas), chart);
  const say = kit.readout(ui.after);

  function show() {
    paint(canvas, picture);
    const typed = field.value.split(",").map((name) => name.trim()).filter(Boolean);
    const read = typed.map((name) => ({ name, ...phraseOf(name, groups, model.get("ignored")) }));
    const bad = read.find((each) => each.unknown.length || each.twice || !phrases[each.phrase]);
    field.setAttribute("aria-invalid", String(Boolean(bad) || !read.length));
    chart.replaceChildren();
    if (bad || !read.length) return say({ "cannot read": bad ? complaint(bad, groups) : "type a name" });
    const scores = read.map(({ phrase }) => model.get("factor") * phrases[phrase].reduce((sum, v, i) => sum + v * picture.vector[i], 0));
    const top = Math.max(...scores), powers = scores.map((score) => Math.exp(score - top)), total = powers.reduce((a, b) => a + b, 0);
    const p = powers.map((power) => power / total), best = p.indexOf(Math.max(...p));
    const plot = kit.plot(chart, { title: "Which name fits", xLabel: "class name", yLabel: "probability", y: [0, 1], categories: read.map(({ name }) => name) });
    plot.draw([{ kind: "bars", values: p, colour: 0 }]);
    say({ "closest name": read[best].name, probability: p[best], names: read.length });
  }
  show();
}

function complaint({ name, unknown, twice }, groups) {
  if (unknown.length) return `"${unknown[0]}" is no word of this network. It knows ${groups.map((group) => group.words.join(", ")).join("; ")}.`;
  return twice ? `"${name}" has ${twice.length} words of one kind.` : `"${name}" says nothing.`;
}

function paint(canvas, { width, levels }) {
  const height = levels.length / (3 * width), context = canvas.getContext("2d");
  canvas.width = width;
  canvas.height = height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "the chosen picture");
  const pixels = context.createImageData(width, height);
  for (let k = 0; k < width * height; k++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * k + c] = levels[3 * k + c];
    pixels.data[4 * k + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

export default { render };
