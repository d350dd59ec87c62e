function render({ model, el }) {
  const POINTS = [[0, 0], [0, 1], [1, 0], [1, 1]], TARGETS = [0, 1, 1, 0];
  const NAMES = ["w₁₁", "w₁₂", "b₁", "w₂₁", "w₂₂", "b₂", "v₁", "v₂"];
  const ACTIVATIONS = { ReLU: (z) => Math.max(z, 0), tanh: Math.tanh, identity: (z) => z };
  const CELLS = 60, LOW = -0.5, HIGH = 1.5, AXIS = [LOW, HIGH];
  const ui = kit.root(el, model);

  const hidden = (w, g, x1, x2) => [g(w[0] * x1 + w[1] * x2 + w[2]), g(w[3] * x1 + w[4] * x2 + w[5])];
  const inputs = kit.plot(ui.body, { title: "The decision: f(x) minus one half", xLabel: "x₁", yLabel: "x₂", x: AXIS, y: AXIS, equal: true });
  const features = kit.plot(ui.body, { title: "What the hidden layer makes of the four points", xLabel: "h₁", yLabel: "h₂", x: [-2.5, 2.5], y: [-2.5, 2.5], equal: true });
  const say = kit.readout(ui.after);

  // The part of the line a x + b y = c inside the square `range`, as a mark; nothing if a = b = 0.
  function straight(a, b, c, [low, high], label, colour, dash) {
    if (a === 0 && b === 0) return [];
    const steep = Math.abs(a) > Math.abs(b);
    const t = [low, high];
    const other = t.map((v) => (steep ? (c - b * v) / a : (c - a * v) / b));
    return [{ kind: "line", x: steep ? other : t, y: steep ? t : other, label, colour, dash }];
  }

  function cloud(places, target, label) {
    const chosen = places.filter((_, i) => TARGETS[i] === target);
    return { kind: "points", x: chosen.map((p) => p[0]), y: chosen.map((p) => p[1]), label, colour: target ? 1 : 0, shape: target, radius: 7 };
  }

  function decision(w, g) {
    const values = [];
    for (let i = 0; i < CELLS; i++) {
      for (let j = 0; j < CELLS; j++) {
        const place = (k) => LOW + ((k + 0.5) / CELLS) * (HIGH - LOW);
        const [h1, h2] = hidden(w, g, place(j), place(i));
        values.push(kit.clamp(w[6] * h1 + w[7] * h2 - 0.5, -0.5, 0.5));
      }
    }
    return { kind: "heat", rows: CELLS, cols: CELLS, values, range: [-0.5, 0.5], extent: [LOW, HIGH, LOW, HIGH], colours: "diverging" };
  }

  function show() {
    const w = model.get("weights"), g = ACTIVATIONS[model.get("activation")];
    const lifted = POINTS.map(([x1, x2]) => hidden(w, g, x1, x2));
    const outputs = lifted.map(([h1, h2]) => w[6] * h1 + w[7] * h2);
    inputs.draw([
      decision(w, g), ...straight(w[0], w[1], -w[2], AXIS, "unit 1 changes sign", 2, false), ...straight(w[3], w[4], -w[5], AXIS, "unit 2 changes sign", 3, true),
      cloud(POINTS, 0, "target 0"), cloud(POINTS, 1, "target 1"),
    ]);
    features.draw([
      ...straight(w[6], w[7], 0.5, [-2.5, 2.5], "read-out: f = 1/2", 4, false), cloud(lifted, 0, "target 0"), cloud(lifted, 1, "target 1"),
    ]);
    const right = outputs.filter((f, i) => Number(f > 0.5) === TARGETS[i]).length;
    say({ "right points": `${right} of 4`, "f(0,0)": outputs[0], "f(0,1)": outputs[1], "f(1,0)": outputs[2], "f(1,1)": outputs[3] });
    sliders.forEach((slider, i) => slider.set(w[i]));
    menu.set(model.get("activation"));
  }

  function put(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  const menu = kit.select(ui.controls, { label: "activation g", values: Object.keys(ACTIVATIONS), value: model.get("activation"), onInput: (value) => put("activation", value) });
  const units = ui.controls.appendChild(kit.h("div", { class: "ifig-threes" })); // a row for each unit
  const sliders = NAMES.map((label, i) => kit.slider(units, {
    label, min: -2, max: 2, step: 0.25, value: model.get("weights")[i],
    onInput: (value) => put("weights", model.get("weights").map((old, k) => (k === i ? value : old))),
  }));
  kit.button(ui.controls, "Start again", () => {
    put("activation", model.get("start").activation);
    put("weights", [...model.get("start").weights]);
  });

  model.on("change:weights", show);
  model.on("change:activation", show);
  show();
  return () => {
    model.off("change:weights", show);
    model.off("change:activation", show);
  };
}

export default { render };
