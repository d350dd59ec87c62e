const COLUMNS = 10, SHOWN = 84;

function render({ model, el }) {
  const ui = kit.root(el, model), names = model.get("names"), counts = model.get("counts"), tiles = model.get("tiles");
  const [height, width] = model.get("side"), sheet = new Image();
  ui.controls.remove();
  const gallery = kit.h("div", { class: "ifig-gallery" }), right = kit.h("div", {}, gallery);
  const most = Math.max(...counts.flatMap((row, i) => row.filter((_, j) => i !== j)), 1);
  const boxes = counts.map((row, i) => row.map((count, j) => entry(i, j, count)));
  const head = kit.h("tr", {}, kit.h("td", {}), ...names.map((name) => kit.h("th", { scope: "col" }, kit.h("span", {}, name))));
  const body = boxes.map((row, i) => kit.h("tr", {}, kit.h("th", { scope: "row" }, names[i]), ...row.map((box) => kit.h("td", {}, box))));
  const table = kit.h("table", { class: "ifig-matrix" }, kit.h("caption", {}, "rows: true class, columns: predicted class"), kit.h("thead", {}, head), kit.h("tbody", {}, ...body));
  ui.body.classList.add("ifig-wide");
  ui.body.append(kit.h("div", { class: "ifig-scroll" }, table), right);
  const say = kit.readout(ui.after);

  function entry(i, j, count) {
    const share = i === j ? 0 : count / most;
    return kit.h("button", {
      type: "button", tabindex: -1, class: i === j ? "diagonal" : null, style: count && i !== j ? `--share:${(0.15 + 0.5 * share).toFixed(2)}` : null,
      "aria-label": `${count} of ${names[i]} called ${names[j]}`, onclick: () => choose(i, j), onkeydown: (event) => walk(event, i, j),
    }, count ? String(count) : "·");
  }
  function walk(event, i, j) {
    const [di, dj] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!di && !dj) return;
    event.preventDefault();
    const next = [kit.clamp(i + di, 0, names.length - 1), kit.clamp(j + dj, 0, names.length - 1)];
    choose(...next);
    boxes[next[0]][next[1]].focus();
  }
  function choose(i, j) {
    boxes.flat().forEach((box) => { box.tabIndex = -1; box.setAttribute("aria-pressed", "false"); });
    boxes[i][j].tabIndex = 0;
    boxes[i][j].setAttribute("aria-pressed", "true");
    const mine = tiles.map((tile, place) => ({ ...tile, place })).filter((tile) => tile.row === i && tile.column === j);
    gallery.replaceChildren(...mine.map((tile) => picture(tile)));
    say({ "true class": names[i], "predicted": names[j], "pictures": counts[i][j], "shown, surest first": mine.length });
  }
  function picture(tile) {
    const canvas = kit.h("canvas", { width: SHOWN, height: Math.round((SHOWN * height) / width), "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    const paint = () => context.drawImage(sheet, (tile.place % COLUMNS) * width, Math.floor(tile.place / COLUMNS) * height, width, height, 0, 0, canvas.width, canvas.height);
    if (sheet.complete && sheet.naturalWidth) paint(); else sheet.addEventListener("load", paint, { once: true });
    const said = [[tile.column, tile.sure], [tile.row, tile.truth]].slice(0, tile.row === tile.column ? 1 : 2);
    const lines = said.map(([place, p]) => `${names[place]} ${p.toFixed(2)}`);
    return kit.h("figure", {}, canvas, kit.h("figcaption", {}, ...lines.map((line) => kit.h("div", {}, line))));
  }
  // The most frequent mistake first.
  const worst = counts.flatMap((row, i) => row.map((count, j) => [i === j ? -1 : count, i, j])).sort((a, b) => b[0] - a[0])[0];
  choose(worst[1], worst[2]);
  sheet.src = model.get("sheet");
}

export default { render };
