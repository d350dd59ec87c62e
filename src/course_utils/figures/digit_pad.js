const SIDE = 14, FINE = 28, CELL = 8;

function render({ model, el }) {
  const ui = kit.root(el, model), layers = model.get("layers"), samples = model.get("samples");
  const ink = new Float32Array(FINE * FINE);
  const canvas = kit.h("canvas", { width: FINE * CELL, height: FINE * CELL, tabindex: 0, class: "ifig-pad", role: "img", "aria-label": "drawing pad: draw a digit with the pointer, or choose an example with the button" });
  const left = kit.h("div", {}, canvas), right = kit.h("div", {});
  ui.body.append(left, right);
  let chosen = 1;
  kit.button(ui.controls, "Next example", () => { load(samples[chosen % samples.length]); chosen += 1; });
  kit.button(ui.controls, "Add noise", () => { const noise = kit.random(chosen + 7); ink.forEach((v, i) => { ink[i] = kit.clamp(v + 0.25 * noise.normal(), 0, 1); }); show(); });
  kit.button(ui.controls, "Clear", () => { ink.fill(0); show(); });
  const plot = kit.plot(right, { title: "What the network answers", xLabel: "digit", yLabel: "probability", y: [0, 1], categories: [..."0123456789"] });
  const say = kit.readout(ui.after);
  let last = null;

  function stroke(event) {
    const box = canvas.getBoundingClientRect(), scale = FINE / box.width;
    const now = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale], from = last ?? now;
    const steps = Math.ceil(Math.hypot(now[0] - from[0], now[1] - from[1]) * 2) + 1;
    for (let k = 1; k <= steps; k++) dab(from[0] + ((now[0] - from[0]) * k) / steps, from[1] + ((now[1] - from[1]) * k) / steps);
    last = now;
    show();
  }
  function dab(x, y) {
    for (let i = Math.floor(y) - 2; i <= y + 2; i++) for (let j = Math.floor(x) - 2; j <= x + 2; j++) {
      if (i < 0 || j < 0 || i >= FINE || j >= FINE) continue;
      const distance = Math.hypot(j + 0.5 - x, i + 0.5 - y);
      ink[i * FINE + j] = Math.max(ink[i * FINE + j], kit.clamp(1.9 - distance, 0, 1));
    }
  }
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); last = null; stroke(event); event.preventDefault(); });
  canvas.addEventListener("pointermove", (event) => { if (canvas.hasPointerCapture(event.pointerId)) stroke(event); });
  function load(picture) {
    for (let i = 0; i < FINE; i++) for (let j = 0; j < FINE; j++) ink[i * FINE + j] = picture[(i >> 1) * SIDE + (j >> 1)];
    show();
  }
  function show() {
    paint(canvas.getContext("2d"), ink);
    const p = answer(layers, halve(centred(ink))), best = p.indexOf(Math.max(...p)), empty = ink.every((v) => v < 0.05);
    plot.draw([{ kind: "bars", values: empty ? p.map(() => 0) : p }]);
    say(empty ? { pad: "empty: draw a digit, or take an example" } : { "reads": String(best), "with probability": p[best], "expected value of the digit": p.reduce((sum, v, d) => sum + d * v, 0) });
  }
  load(samples[0]);
}

function paint(context, ink) {
  ink.forEach((v, k) => {
    const grey = Math.round(255 * v);
    context.fillStyle = `rgb(${grey},${grey},${grey})`;
    context.fillRect((k % FINE) * CELL, Math.floor(k / FINE) * CELL, CELL, CELL);
  });
}

// The data set puts each digit's centre of mass in the middle; do the same to a drawing.
function centred(ink) {
  let mass = 0, x = 0, y = 0;
  ink.forEach((v, k) => { mass += v; x += v * (k % FINE); y += v * Math.floor(k / FINE); });
  const dx = mass ? Math.round(FINE / 2 - 0.5 - x / mass) : 0, dy = mass ? Math.round(FINE / 2 - 0.5 - y / mass) : 0;
  return ink.map((_, k) => {
    const i = Math.floor(k / FINE) - dy, j = (k % FINE) - dx;
    return i < 0 || j < 0 || i >= FINE || j >= FINE ? 0 : ink[i * FINE + j];
  });
}

const halve = (ink) => Array.from({ length: SIDE * SIDE }, (_, k) => {
  const i = 2 * Math.floor(k / SIDE), j = 2 * (k % SIDE);
  return (ink[i * FINE + j] + ink[i * FINE + j + 1] + ink[(i + 1) * FINE + j] + ink[(i + 1) * FINE + j + 1]) / 4;
});

function answer(layers, x) {
  let h = x;
  layers.forEach(({ rows, W, b }, l) => {
    const columns = h.length;
    const z = b.map((bias, i) => { let sum = bias; for (let j = 0; j < columns; j++) sum += W[i * columns + j] * h[j]; return sum; });
    h = l < layers.length - 1 ? z.map((v) => Math.max(v, 0)) : z;
  });
  const top = Math.max(...h), raised = h.map((v) => Math.exp(v - top)), total = raised.reduce((a, v) => a + v, 0);
  return raised.map((v) => v / total);
}

export default { render };
