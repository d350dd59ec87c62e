function weightsOf(keys, query, temperature) {
  const scores = keys.map(([x, y]) => (x * query[0] + y * query[1]) / temperature), top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top)), total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

function render({ model, el }) {
  const ui = kit.root(el, model), reach = 3, values = model.get("held");
  let keys, query, temperature;
  const reset = (at, heat) => { keys = model.get("places").map((key) => [...key]); query = [...at]; temperature = heat; };
  reset(model.get("query"), model.get("temperature"));
  const slider = kit.slider(ui.controls, {
    label: "temperature", min: Math.log(0.05), max: Math.log(20), step: 0.01, value: Math.log(temperature),
    text: (log) => Math.exp(log).toFixed(2), onInput: (log) => { temperature = Math.exp(log); show(); },
  });
  for (const [name, [at, heat]] of Object.entries(model.get("presets"))) kit.button(ui.controls, name, () => { reset(at, heat); settle(); });
  const plane = kit.plot(ui.body, { title: "Keys (round) and the query (arrow)", xLabel: "first coordinate", yLabel: "second coordinate", x: [-reach, reach], y: [-reach, reach], equal: true });
  plane.svg.setAttribute("role", "group");
  const chart = kit.plot(ui.body, { title: "Where the query looks", yLabel: "weight", categories: values.map((value) => kit.format(value)), xLabel: "the key with this value", y: [0, 1] });
  const say = kit.readout(ui.after);
  const names = values.map((value) => kit.s("text", { "font-weight": 600, "pointer-events": "none" }, kit.format(value)));
  const dots = keys.map(([x, y], i) => kit.handle(plane, { x, y, step: 0.1, colour: kit.COLOURS[0], label: `key with value ${kit.format(values[i])}`, onMove: (nextX, nextY) => { keys[i] = [nextX, nextY]; show(); } }));
  const tip = kit.handle(plane, { x: query[0], y: query[1], step: 0.1, label: "query", onMove: (x, y) => { query = [x, y]; show(); } });
  plane.layers.handles.append(...names);
  plane.handles.push(() => names.forEach((name, i) => {
    name.setAttribute("x", plane.x(keys[i][0]) + 12);
    name.setAttribute("y", plane.y(keys[i][1]) - 10);
  }));

  function settle() {
    slider.set(Math.log(temperature));
    keys.forEach(([x, y], i) => dots[i].set(x, y));
    tip.set(...query);
    show();
  }
  function show() {
    const weights = weightsOf(keys, query, temperature);
    const entropy = -weights.reduce((sum, w) => sum + (w > 0 ? w * Math.log(w) : 0), 0);
    dots.forEach(({ dot }, i) => dot.setAttribute("r", 5 + 12 * Math.sqrt(weights[i])));
    plane.draw([{ kind: "line", x: [0, query[0]], y: [0, query[1]], colour: 1 }]);
    chart.draw([{ kind: "bars", values: weights, colour: 0 }]);
    say({ output: weights.reduce((sum, w, i) => sum + w * values[i], 0), "largest weight": Math.max(...weights), "effective number of keys": Math.exp(entropy), temperature });
  }
  show();
}

export default { render };
