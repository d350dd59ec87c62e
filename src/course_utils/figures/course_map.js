const BOX = { width: 116, height: 40, gapX: 18, gapY: 22 };

function render({ model, el, signal }) {
  const ui = kit.root(el, model), nodes = model.get("nodes"), needs = model.get("needs");
  ui.controls.remove();
  const place = Object.fromEntries(nodes.map((node) => [node.name, {
    x: node.column * (BOX.width + BOX.gapX), y: node.row * (BOX.height + BOX.gapY) + 4, node }]));
  const width = Math.max(...nodes.map((n) => n.column + 1)) * (BOX.width + BOX.gapX) - BOX.gapX;
  const height = Math.max(...nodes.map((n) => n.row + 1)) * (BOX.height + BOX.gapY);
  const svg = kit.s("svg", { viewBox: `-3 0 ${width + 6} ${height}`, style: "width:100%;min-width:36rem;max-width:46rem;height:auto;display:block", role: "group", "aria-label": "map of the course" });
  const story = kit.h("div", { class: "ifig-story", role: "status", "aria-live": "polite" });
  const edges = [];
  for (const [name, before] of Object.entries(needs)) for (const other of before) {
    const a = place[other], b = place[name], path = kit.s("path", { class: "ifig-edge", d: curve(a, b), fill: "none" });
    edges.push({ name, other, path });
    svg.append(path);
  }
  const boxes = nodes.map((node) => box(node, place[node.name], () => choose(node)));
  svg.append(...boxes);
  ui.body.append(svg);
  ui.body.className = "ifig-scroll"; // on a narrow screen the map scrolls rather than shrinks
  ui.after(story);

  function choose(node) {
    const wanted = ancestors(node.name, needs);
    boxes.forEach((g, i) => g.setAttribute("aria-pressed", String(wanted.has(nodes[i].name))));
    edges.forEach(({ name, other, path }) => path.classList.toggle("on", wanted.has(name) && wanted.has(other)));
    const before = [...wanted].filter((name) => name !== node.name);
    story.replaceChildren(
      kit.h("p", {}, kit.h("b", {}, node.name), ": ", ...kit.prose(node.text)),
      kit.h("p", {}, before.length ? `Rests on: ${before.join(", ")}.` : "Rests on nothing else in the book."),
      kit.h("p", {}, node.page ? kit.pageLink(node.page, "Open the page") : "This chapter is being written."));
  }
  choose(nodes[0]);
  const tick = () => { const read = pagesRead(); boxes.forEach((g, i) => mark(g, nodes[i], `book/${nodes[i].page}` in read)); };
  tick();
  document.addEventListener("course:read", tick, { signal });
}

// What the reader's browser keeps of the static site (progress.js); a notebook knows of no pages.
function pagesRead() {
  try {
    return JSON.parse(localStorage.getItem("course:read")) ?? {};
  } catch {
    return {};
  }
}

function mark(g, node, read) {
  g.setAttribute("aria-label", read ? `${node.name}, read` : node.name);
  g.querySelector(".tick").textContent = read ? "✓" : "";
}

function curve(a, b) {
  const x1 = a.x + BOX.width, y1 = a.y + BOX.height / 2, x2 = b.x, y2 = b.y + BOX.height / 2;
  if (x2 > x1) return `M${x1},${y1}C${x1 + 12},${y1} ${x2 - 12},${y2} ${x2},${y2}`;
  // Below itself by more than one row: round the boxes between, not through their words.
  if (Math.abs(y2 - y1) > 1.5 * (BOX.height + BOX.gapY)) return `M${x1},${y1}C${x1 + 20},${y1} ${x1 + 20},${y2} ${x1},${y2}`;
  const mid = a.x + BOX.width / 2, down = b.y > a.y;
  return `M${mid},${down ? a.y + BOX.height : a.y}L${b.x + BOX.width / 2},${down ? b.y : b.y + BOX.height}`;
}

function box(node, { x, y }, onChoose) {
  const g = kit.s("g", { class: "ifig-node", role: "button", tabindex: 0, "aria-label": node.name, transform: `translate(${x},${y})`, onclick: onChoose,
    onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); onChoose(); } } },
    kit.s("rect", { width: BOX.width, height: BOX.height, rx: 6 }),
    kit.s("text", { x: BOX.width / 2, y: BOX.height / 2 + 5, "text-anchor": "middle" }, node.name),
    kit.s("text", { class: "tick", x: BOX.width - 8, y: 14, "text-anchor": "end", "aria-hidden": "true" }));
  return g;
}

// The node itself and everything that it rests on, in reading order.
function ancestors(name, needs, seen = new Set()) {
  for (const before of needs[name] ?? []) ancestors(before, needs, seen);
  return seen.add(name);
}

export default { render };
