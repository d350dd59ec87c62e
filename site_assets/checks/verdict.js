// A verdict as nodes. Whatever comes from Python becomes text, never markup.
const VALUES = new Set(["Case", "Got", "Expected"]);

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// "Title (book/01_mlp/05_losses)" as a link to that page of the site.
function pageLink(text) {
  const found = /^(.*) \((book\/[\w/]+)\)$/.exec(text);
  if (!found) return element("span", "", text);
  const link = element("a", "", found[1]);
  link.href = `${document.documentElement.dataset.content_root ?? "./"}${found[2]}.html`;
  return link;
}

function valueNode(label, text) {
  if (VALUES.has(label)) return element("code", "", text);
  return label === "Read again" ? pageLink(text) : element("span", "", text);
}

function panel(passed, headline, ...rest) {
  const sign = element("span", "check-sign", passed ? "✔" : "✘");
  sign.setAttribute("aria-hidden", "true");
  const head = element("p", "check-headline", sign, " ", headline);
  return element("div", passed ? "check-panel passed" : "check-panel", head, ...rest);
}

function errorNodes({ text, line, source }, goTo) {
  if (!line) return [panel(false, `Your code could not be checked: ${text}`)];
  const button = element("button", "", `Go to line ${line}`);
  button.type = "button";
  button.addEventListener("click", () => goTo(line));
  const quoted = element("pre", "check-source", `${line}  ${source}`);
  return [panel(false, `Line ${line} of your code: ${text}`, quoted, button)];
}

export function reportNodes({ notes, error, passed, rows }, goTo) {
  const before = notes.map((note) => element("p", "check-left-out", note));
  if (error) return [...before, ...errorNodes(error, goTo)];
  const [[, headline], ...rest] = rows;
  const list = element(
    "dl",
    "",
    ...rest.map(([label, text]) =>
      element("div", "", element("dt", "", label), element("dd", "", valueNode(label, text))),
    ),
  );
  return [...before, panel(passed, headline, ...(rest.length ? [list] : []))];
}
