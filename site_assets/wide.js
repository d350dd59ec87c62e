// What is wider than the page scrolls in its own box. A keyboard must be able to reach that box, and a
// screen reader to say what it is.
(() => {
  const NAMES = {
    ".katex-display": "formula",
    "div.math": "formula",
    "div.highlight pre": "code",
    ".cell_output > div, .cell_output .output, .cell_output pre": "output",
    ".pst-scrollable-table-container, article table": "table",
    ".ifig-scroll, .cell_output:has(> img)": "figure",
  };

  function markEnd({ target: box }) {
    box.dataset.end = box.scrollLeft + box.clientWidth >= box.scrollWidth - 2;
  }

  function mark(box, name) {
    const wide = box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible";
    if (wide) markEnd({ target: box });
    if (wide === (box.dataset.wide === "true")) return;
    box.dataset.wide = wide;
    if (wide) {
      box.tabIndex = 0;
      box.addEventListener("scroll", markEnd, { passive: true });
    } else box.removeAttribute("tabindex");
    if (box.localName === "table") return; // a role would hide that it is one
    if (wide && !box.hasAttribute("role")) {
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${name}, scrolls sideways`);
    }
  }

  function markAll() {
    for (const [boxes, name] of Object.entries(NAMES)) {
      for (const box of document.querySelectorAll(boxes)) mark(box, name);
    }
  }

  addEventListener("load", () => {
    markAll();
    new ResizeObserver(markAll).observe(document.body);
  });
})();
