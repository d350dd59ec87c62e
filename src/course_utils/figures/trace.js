// Each operation: its value, its partial derivatives, and how it is written.
const OPS = {
  add: { f: (a, b) => a + b, d: () => [1, 1], text: (a, b) => `${a} + ${b}` },
  sub: { f: (a, b) => a - b, d: () => [1, -1], text: (a, b) => `${a} − ${b}` },
  mul: { f: (a, b) => a * b, d: (a, b) => [b, a], text: (a, b) => `${a} · ${b}` },
  div: { f: (a, b) => a / b, d: (a, b) => [1 / b, -a / (b * b)], text: (a, b) => `${a} / ${b}` },
  pow: { f: (a, b) => a ** b, d: (a, b) => [b * a ** (b - 1), a ** b * Math.log(a)], text: (a, b) => `${a} ^ ${b}` },
  neg: { f: (a) => -a, d: () => [-1], text: (a) => `−${a}` },
  log: { f: Math.log, d: (a) => [1 / a], text: (a) => `log ${a}` },
  exp: { f: Math.exp, d: (a) => [Math.exp(a)], text: (a) => `exp ${a}` },
  sin: { f: Math.sin, d: (a) => [Math.cos(a)], text: (a) => `sin ${a}` },
  cos: { f: Math.cos, d: (a) => [-Math.sin(a)], text: (a) => `cos ${a}` },
  tanh: { f: Math.tanh, d: (a) => [1 - Math.tanh(a) ** 2], text: (a) => `tanh ${a}` },
  sqrt: { f: Math.sqrt, d: (a) => [0.5 / Math.sqrt(a)], text: (a) => `sqrt ${a}` },
};

// Recursive descent: text -> list of nodes {name, op, parents} in the order of evaluation.
function parse(text) {
  const tokens = text.match(/[A-Za-z]\w*|\d+\.?\d*|[-+*/^()]/g) ?? [];
  if (tokens.join("") !== text.replace(/\s+/g, "")) throw new Error("only x1, x2, numbers, + - * / ^ ( ) and functions");
  const nodes = [{ name: "x1", op: "input" }, { name: "x2", op: "input" }];
  let at = 0, count = 0;
  const eat = (token) => (tokens[at] === token ? (at += 1, true) : false);
  const add = (op, ...parents) => nodes.push({ name: `v${++count}`, op, parents }) - 1;
  const expect = (token) => { if (!eat(token)) throw new Error(`${token} expected ${tokens[at] ? `before ${tokens[at]}` : "at the end"}`); };
  function sum() {
    let left = product();
    for (;;) {
      if (eat("+")) left = add("add", left, product());
      else if (eat("-")) left = add("sub", left, product());
      else return left;
    }
  }
  function product() {
    let left = factor();
    for (;;) {
      if (eat("*")) left = add("mul", left, factor());
      else if (eat("/")) left = add("div", left, factor());
      else return left;
    }
  }
  function factor() {
    if (eat("-")) return add("neg", factor());
    const base = atom();
    return eat("^") ? add("pow", base, factor()) : base;
  }
  function atom() {
    const token = tokens[at++];
    if (token === "(") { const inside = sum(); expect(")"); return inside; }
    if (token === "x1" || token === "x2") return token === "x1" ? 0 : 1;
    if (/^\d/.test(token ?? "")) return nodes.push({ name: token, op: "constant", value: Number(token) }) - 1;
    if (!Object.hasOwn(OPS, token ?? "") || OPS[token].f.length !== 1 || token === "neg") throw new Error(token ? `${token} is not known here` : "the expression ends too early");
    expect("(");
    const inside = sum();
    expect(")");
    return add(token, inside);
  }
  const root = sum();
  if (at < tokens.length) throw new Error(`${tokens[at]} is not expected here`);
  if (root !== nodes.length - 1) throw new Error("the expression must end in an operation");
  return nodes;
}

function evaluate(nodes, inputs, seed) {
  for (const node of nodes) {
    if (node.op === "input") { node.value = inputs[node.name]; node.tangent = node.name === seed ? 1 : 0; continue; }
    if (node.op === "constant") { node.tangent = 0; continue; }
    const from = node.parents.map((k) => nodes[k]), values = from.map((p) => p.value);
    node.value = OPS[node.op].f(...values);
    node.partials = OPS[node.op].d(...values);
    // A constant exponent has tangent 0; its partial may be nan for a negative base.
    node.tangent = node.partials.reduce((total, d, i) => (from[i].tangent === 0 ? total : total + d * from[i].tangent), 0);
  }
}

// What each step of the reverse pass hands on: {at, gifts: [{to, amount}]}.
function reverseSteps(nodes) {
  const adjoint = nodes.map(() => 0), steps = [];
  adjoint[nodes.length - 1] = 1;
  steps.push({ at: nodes.length - 1, gifts: [], adjoint: [...adjoint] });
  for (let k = nodes.length - 1; k >= 0; k--) {
    if (!nodes[k].parents) continue;
    const gifts = nodes[k].parents.map((to, i) => ({ to, amount: adjoint[k] * nodes[k].partials[i] })).filter((g) => nodes[g.to].op !== "constant");
    gifts.forEach((gift) => { adjoint[gift.to] += gift.amount; });
    steps.push({ at: k, gifts, adjoint: [...adjoint] });
  }
  return steps;
}

function graph(nodes) {
  const column = [], used = {};
  nodes.forEach((node, k) => { column[k] = node.parents ? 1 + Math.max(...node.parents.map((p) => column[p])) : 0; });
  nodes.forEach((node, k) => { used[column[k]] = (used[column[k]] ?? 0) + 1; node.x = 40 + 96 * column[k]; node.y = 26 + 52 * (used[column[k]] - 1) + 18 * (column[k] % 2); });
  const width = 80 + 96 * Math.max(...column), height = 60 + 52 * Math.max(...Object.values(used)) - 20;
  const edges = nodes.flatMap((node) => (node.parents ?? []).map((p) => kit.s("path", { class: "ifig-edge", d: `M${nodes[p].x + 24},${nodes[p].y}L${node.x - 24},${node.y}` })));
  const dots = nodes.map((node) => kit.s("g", { class: "ifig-node", transform: `translate(${node.x},${node.y})` },
    kit.s("rect", { x: -24, y: -15, width: 48, height: 30, rx: 15 }), kit.s("text", { y: 5, "text-anchor": "middle" }, node.name)));
  const svg = kit.s("svg", { viewBox: `0 0 ${width} ${height}`, style: `max-width:100%;width:${width}px;height:auto`, role: "img", "aria-label": "graph of the expression" }, ...edges, ...dots);
  return { svg, dots };
}

function render({ model, el }) {
  const ui = kit.root(el, model), reverse = model.get("mode") === "reverse", inputs = { ...model.get("inputs") };
  let nodes = parse(model.get("expression")), seed = "x1", step = 0, steps = [], picture;
  const field = kit.h("input", { type: "text", value: model.get("expression"), "aria-label": "expression in x1 and x2", spellcheck: "false", class: "ifig-formula" });
  ui.controls.append(kit.h("div", { class: "ifig-control long" }, kit.h("span", {}, "expression"), field));
  for (const name of ["x1", "x2"]) kit.number(ui.controls, { label: name, value: inputs[name], onInput: (v) => { inputs[name] = v; start(); } });
  if (!reverse) kit.select(ui.controls, { label: "seed", values: ["x1", "x2"], value: seed, onInput: (v) => { seed = v; start(); } });
  const buttons = kit.h("div", { class: "ifig-controls" }), table = kit.h("table", { class: "ifig-trace" });
  const back = kit.button(buttons, "Back", () => go(step - 1)), next = kit.button(buttons, "Step", () => go(step + 1));
  kit.button(buttons, "To the end", () => go(Infinity));
  const holder = kit.h("div", {}), scroller = kit.h("div", { class: "ifig-scroll", tabindex: 0, role: "region", "aria-label": "trace table" }, table);
  ui.body.append(kit.h("div", {}, holder, buttons), scroller);
  const say = kit.readout(ui.after);
  field.addEventListener("change", () => {
    try { nodes = parse(field.value); field.removeAttribute("aria-invalid"); start(); }
    catch (error) { field.setAttribute("aria-invalid", "true"); say({ "cannot read the expression": error.message }); }
  });

  function start() {
    evaluate(nodes, inputs, seed);
    steps = reverse ? reverseSteps(nodes) : nodes.map((_, at) => ({ at })).filter(({ at }) => nodes[at].op !== "constant");
    picture = graph(nodes);
    holder.replaceChildren(picture.svg);
    go(0);
  }
  function go(to) {
    step = kit.clamp(to, 0, steps.length - 1);
    back.disabled = step === 0;
    next.disabled = step === steps.length - 1;
    const now = steps[step], touched = new Set([now.at, ...(now.gifts ?? []).map((gift) => gift.to)]);
    picture.dots.forEach((dot, k) => dot.setAttribute("aria-pressed", String(k === now.at || (reverse && touched.has(k)))));
    table.replaceChildren(...rows(now, touched));
    say(message(now));
  }
  function rows(now, touched) {
    const head = kit.h("tr", {}, ...["", "operation", "value", reverse ? "adjoint" : "tangent"].map((t) => (t ? kit.h("th", { scope: "col" }, t) : kit.h("td"))));
    return [head, ...nodes.map((node, k) => {
      if (node.op === "constant") return null;
      const seen = reverse || k <= now.at, last = reverse ? now.adjoint[k] : node.tangent;
      return kit.h("tr", { class: touched.has(k) ? "on" : null }, kit.h("th", { scope: "row" }, node.name),
        kit.h("td", {}, node.parents ? OPS[node.op].text(...node.parents.map((p) => nodes[p].name)) : "input"),
        kit.h("td", {}, seen ? kit.format(node.value) : ""), kit.h("td", {}, seen ? kit.format(last) : ""));
    }).filter(Boolean)];
  }
  function message(now) {
    const node = nodes[now.at], last = nodes[nodes.length - 1], of = `${step + 1} of ${steps.length}`;
    if (!reverse) return { step: of, [node.name]: node.value, "its tangent": node.tangent, ...(step === steps.length - 1 ? { [`∂f/∂${seed}`]: last.tangent } : {}) };
    if (!now.gifts.length) return { step: of, [`adjoint of ${node.name}`]: 1 };
    const gifts = Object.fromEntries(now.gifts.map((gift, i) => [`${i ? " " : ""}${nodes[gift.to].name} receives`, gift.amount]));
    const done = step === steps.length - 1 ? { "∂f/∂x1": now.adjoint[0], "∂f/∂x2": now.adjoint[1] } : {};
    return { step: of, from: node.name, ...gifts, ...done };
  }
  start();
}

export default { render };
