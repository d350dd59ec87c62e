// The exact score of equal normals at `means` with deviation `sigma`, noised to a share of signal.
function scoreAt([x, y], means, sigma, share) {
  const variance = share * sigma * sigma + 1 - share, root = Math.sqrt(share);
  const centres = means.map(([a, b]) => [root * a, root * b]);
  const logits = centres.map(([a, b]) => -((x - a) ** 2 + (y - b) ** 2) / (2 * variance)), top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top)), total = weights.reduce((a, b) => a + b, 0);
  const mean = [0, 1].map((axis) => centres.reduce((sum, centre, k) => sum + weights[k] * centre[axis], 0) / total);
  return [(mean[0] - x) / variance, (mean[1] - y) / variance];
}

// All places of a particle, from noise to data: one more than there are shares. `normal` draws the noise of DDPM.
function pathOf(start, means, sigma, shares, normal) {
  const path = [start];
  shares.forEach((share, i) => {
    const next = i + 1 < shares.length ? shares[i + 1] : 1, x = path[i];
    const eps = scoreAt(x, means, sigma, share).map((s) => -Math.sqrt(1 - share) * s);
    path.push(x.map((value, axis) => {
      if (!normal) return Math.sqrt(next / share) * (value - Math.sqrt(1 - share) * eps[axis]) + Math.sqrt(1 - next) * eps[axis];
      const beta = 1 - share / next;
      const mean = (value - (beta / Math.sqrt(1 - share)) * eps[axis]) / Math.sqrt(1 - beta);
      return next < 1 ? mean + Math.sqrt(beta) * normal() : mean;
    }));
  });
  return path;
}

// Arrows of a shared scale: direction exact, length squeezed into (0, 0.42).
function arrows(means, sigma, share, reach) {
  const x = [], y = [];
  for (let i = -6; i <= 6; i++) {
    for (let j = -6; j <= 6; j++) {
      const a = (i * reach) / 6.5, b = (j * reach) / 6.5, [u, v] = scoreAt([a, b], means, sigma, share), size = Math.hypot(u, v);
      const length = (0.42 * size) / (1 + size), dx = size > 0 ? (length * u) / size : 0, dy = size > 0 ? (length * v) / size : 0;
      x.push(a, a + dx, NaN, a + 0.65 * dx - 0.2 * dy, a + dx, a + 0.65 * dx + 0.2 * dy, NaN);
      y.push(b, b + dy, NaN, b + 0.65 * dy + 0.2 * dx, b + dy, b + 0.65 * dy - 0.2 * dx, NaN);
    }
  }
  return { kind: "line", x, y, label: "score (long arrows shortened)", colour: 5 };
}

function render({ model, el }) {
  const ui = kit.root(el, model), reach = 3.5;
  const means = model.get("means"), sigma = model.get("sigma"), shares = model.get("shares");
  const ways = ["DDIM: no noise", "DDPM: noise at each step"];
  let start = [...model.get("start")], way = ways[0], seed = 1, step = Math.floor(shares.length / 2), timer = null;
  const slider = kit.slider(ui.controls, {
    label: "steps from noise towards data", min: 0, max: shares.length, step: 1, value: step, text: (n) => `${n} of ${shares.length}`,
    onInput: (n) => { stop(); step = n; show(); },
  });
  kit.select(ui.controls, { label: "the particle follows", values: ways, value: way, onInput: (chosen) => { way = chosen; show(); } });
  const play = kit.button(ui.controls, "let it run", () => (timer === null ? run() : stop()));
  kit.button(ui.controls, "other noise", () => { seed += 1; show(); });
  const plane = kit.plot(ui.body, { title: "Score, and a particle on its way", xLabel: "x", yLabel: "y", x: [-reach, reach], y: [-reach, reach], equal: true });
  plane.svg.setAttribute("role", "group");
  const say = kit.readout(ui.after);
  const handle = kit.handle(plane, { x: start[0], y: start[1], step: 0.1, label: "start of the particle", onMove: (x, y) => { start = [x, y]; show(); } });
  plane.svg.addEventListener("pointerdown", (event) => {
    if (event.target === handle.dot) return;
    const box = plane.svg.getBoundingClientRect(), x = plane.x.invert(event.clientX - box.left), y = plane.y.invert(event.clientY - box.top);
    if (Math.max(Math.abs(x), Math.abs(y)) > reach) return;
    start = [x, y];
    handle.set(x, y);
    show();
  });

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "let it run";
  }
  function run() {
    step = matchMedia("(prefers-reduced-motion: reduce)").matches ? shares.length : 0;
    play.textContent = "stop";
    timer = setInterval(() => {
      if (step >= shares.length || !el.isConnected) { stop(); return; }
      step += 1;
      slider.set(step);
      show();
    }, 80);
    slider.set(step);
    show();
  }
  function show() {
    const noise = way === ways[1] ? kit.random(seed).normal : null, share = step < shares.length ? shares[step] : 1;
    const path = pathOf(start, means, sigma, shares, noise), gone = path.slice(0, step + 1), here = path[step];
    const faded = means.map(([a, b]) => [Math.sqrt(share) * a, Math.sqrt(share) * b]);
    plane.draw([
      arrows(means, sigma, share, reach),
      { kind: "points", x: faded.map((p) => p[0]), y: faded.map((p) => p[1]), label: "centres of the mixture", colour: 2, shape: 3, radius: 5 },
      { kind: "line", x: gone.map((p) => p[0]), y: gone.map((p) => p[1]), label: "way of the particle", colour: 1 },
      { kind: "points", x: [here[0]], y: [here[1]], label: "the particle", colour: 1, shape: 1, radius: 5 },
    ]);
    const nearest = Math.min(...faded.map(([a, b]) => Math.hypot(here[0] - a, here[1] - b)));
    say({ x: here[0], y: here[1], "share of signal": share, "to the nearest centre": nearest });
  }
  show();
}

export default { render };
