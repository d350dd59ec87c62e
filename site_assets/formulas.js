// Draws the formulas of a page with KaTeX. Sphinx has written them as \(...\) in a line and as \[...\] between
// the lines, there after their number. One that KaTeX cannot read stays as it was written, in red.
window.drawFormulas = (part) => {
  for (const node of part.querySelectorAll(".math")) {
    if (node.querySelector(".katex")) continue; // copied from this page into a preview
    const written = node.lastChild, drawn = document.createElement("span");
    katex.render(written.data.trim().slice(2, -2), drawn, {
      displayMode: node.localName === "div",
      output: "htmlAndMathml", // a screen reader reads the MathML
      strict: true,
      throwOnError: false,
    });
    written.replaceWith(...drawn.childNodes);
    if (node.parentNode.className === "with-mark") tie(node, node.parentNode);
  }
};

// Out of the formula, whose drawing is hidden from a screen reader: the mark should be read.
function tie(formula, pair) {
  const last = formula.querySelector(".katex-html > .base:last-child");
  if (!last) return;
  const box = document.createElement("span");
  const [drawn, visible] = [".katex", ".katex-html"].map((name) => formula.querySelector(name).cloneNode());
  box.className = "with-last";
  visible.append(last);
  drawn.append(visible);
  box.append(drawn, pair.lastChild);
  pair.append(box);
}
drawFormulas(document);
