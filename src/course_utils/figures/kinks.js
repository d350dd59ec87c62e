function render({ model, el }) {
  const ui = kit.root(el, model), x = model.get("x"), target = model.get("target");
  const knots = model.get("knots").map(([a, b]) => ({ x: a, y: b }));
  ui.controls.remove();
  const low = Math.min(...target), high = Math.max(...target), room = 0.4 * (high - low);
  const plot = kit.plot(ui.body, { title: "Drag the kinks onto the curve", xLabel: "x", yLabel: "output", x: [x[0], x[x.length - 1]], y: [low - room, high + room] });
  const slopes = kit.plot(ui.body, { title: "The sum that you have built", xLabel: "kink", yLabel: "change of slope", y: [-8, 8], categories: knots.slice(1, -1).map((_, i) => String(i + 1)) });
  const say = kit.readout(ui.after);
  const value = (at) => {
    const k = kit.clamp(knots.findIndex((knot) => knot.x >= at), 1, knots.length - 1), a = knots[k - 1], b = knots[k];
    return a.y + ((at - a.x) / (b.x - a.x || 1e-9)) * (b.y - a.y);
  };

  function update() {
    const fit = x.map(value), slope = knots.slice(1).map((b, i) => (b.y - knots[i].y) / (b.x - knots[i].x || 1e-9));
    plot.draw([{ kind: "line", x, y: target, label: "target", dash: true }, { kind: "line", x, y: fit, label: "your sum of ReLUs" }]);
    slopes.draw([{ kind: "bars", values: slope.slice(1).map((s, i) => s - slope[i]) }]);
    say({ "mean squared error": fit.reduce((sum, v, i) => sum + (v - target[i]) ** 2, 0) / x.length, "hidden ReLUs": knots.length - 2 });
  }
  update();
  const handles = knots.map((knot, i) => {
    const edge = i === 0 || i === knots.length - 1;
    return kit.handle(plot, { x: knot.x, y: knot.y, axis: edge ? "y" : "xy", label: edge ? `height at end ${i === 0 ? "left" : "right"}` : `kink ${i}`,
      onMove: (a, b) => {
        const before = knots[i - 1]?.x ?? -Infinity, after = knots[i + 1]?.x ?? Infinity;
        knot.x = edge ? knot.x : kit.clamp(a, before + 0.02, after - 0.02);
        knot.y = b;
        if (knot.x !== a) handles[i].set(knot.x, b);
        update();
      } });
  });
}

export default { render };
