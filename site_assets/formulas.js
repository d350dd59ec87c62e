// A formula that is wider than the page scrolls in its own box; a keyboard must be able to reach that box.
const boxes = () => document.querySelectorAll('mjx-container[display="true"]');

function mark() {
  for (const box of boxes()) {
    const wide = box.scrollWidth > box.clientWidth;
    box.toggleAttribute("tabindex", wide);
    if (wide) box.tabIndex = 0;
  }
}

addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  mark();
  new ResizeObserver(mark).observe(document.body);
});
