// What a term, a source or a formula is, where the pointer rests on a link to it, the focus stands or a
// finger taps.
// The text is that of the page of this site that the link leads to. Escape closes it, and the pointer
// may move onto it (WCAG 1.4.13). No module: a page opened from a disk runs none.
(() => {
  const LINKS = ['a.internal[href*="#term-"]', 'a.internal[href*="#equation-"]', ".bibtex-citation a.internal"]
    .map((link) => `.bd-article ${link}`).join(",");
  const OPEN_AFTER = 300, CLOSE_AFTER = 250, GAP = 6; // ms, ms, px
  const NOT_COPIED = ["id", "tabindex", "role", "aria-label"];
  const box = document.createElement("div");
  box.id = "course-preview";
  box.className = "course-preview";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  const pages = new Map();
  let link = null, timer = 0;

  const pageOf = (address) => {
    if (address.pathname === location.pathname) return document;
    if (!pages.has(address.pathname)) {
      pages.set(address.pathname, fetch(address.pathname).then(async (answer) => {
        if (!answer.ok) throw new Error(answer.status);
        return new DOMParser().parseFromString(await answer.text(), "text/html");
      }));
      pages.get(address.pathname).catch(() => pages.delete(address.pathname)); // to be asked again
    }
    return pages.get(address.pathname);
  };

  // The nodes to show: a term and its explanation, a formula, or a source.
  const partsOf = (target) => {
    if (target.matches("dt")) return [target, ...target.nextElementSibling.children];
    return target.matches(".citation") ? [...target.querySelectorAll("p")] : [target];
  };

  const copy = (node) => {
    const made = document.importNode(node, true);
    for (const extra of made.querySelectorAll(".headerlink, .eqno, script")) extra.remove();
    for (const inner of made.querySelectorAll("a")) inner.replaceWith(...inner.childNodes);
    for (const named of [made, ...made.querySelectorAll("*")]) for (const name of NOT_COPIED) named.removeAttribute(name);
    if (!made.matches("dt")) return made;
    const title = document.createElement("p");
    title.className = "course-preview-title";
    title.append(...made.childNodes);
    return title;
  };

  async function fill(from) {
    const said = from.dataset.preview; // a source is named in full in its link already
    if (said) return box.replaceChildren(said);
    const address = new URL(from.href), target = (await pageOf(address)).getElementById(decodeURIComponent(address.hash.slice(1)));
    if (!target || from !== link) return;
    box.replaceChildren(...partsOf(target).map(copy));
    window.drawFormulas?.(box); // those of another page
  }

  function place() {
    const at = link.getBoundingClientRect(), size = box.getBoundingClientRect(), width = document.documentElement.clientWidth;
    box.style.left = `${Math.max(GAP, Math.min(at.left, width - size.width - GAP))}px`;
    box.style.top = `${at.bottom + GAP + size.height > innerHeight && at.top > size.height + GAP ? at.top - GAP - size.height : at.bottom + GAP}px`;
  }

  async function open(from) {
    if (link === from && !box.hidden) return;
    close();
    link = from;
    try {
      await fill(from);
    } catch {
      return; // the page cannot be read from here: the link itself still leads to it
    }
    if (from !== link || !box.childNodes.length) return;
    box.hidden = false;
    link.setAttribute("aria-describedby", box.id);
    place();
  }

  function close() {
    clearTimeout(timer);
    link?.removeAttribute("aria-describedby");
    link = null;
    box.hidden = true;
    box.replaceChildren();
  }

  const soon = (action, wait) => { clearTimeout(timer); timer = setTimeout(action, wait); };
  const linkOf = ({ target }) => target.closest?.(LINKS);

  document.addEventListener("pointerover", (event) => {
    const over = linkOf(event);
    if (event.pointerType !== "mouse") return;
    if (over) soon(() => open(over), OPEN_AFTER);
    else if (box.contains(event.target)) clearTimeout(timer);
    else if (document.activeElement !== link) soon(close, CLOSE_AFTER);
  });
  // On a screen that is touched nothing rests on a link: one tap shows, the next one goes.
  document.addEventListener("click", async (event) => {
    if (event.pointerType !== "touch") return;
    const tapped = linkOf(event), shown = !box.hidden && link;
    if (shown && !box.contains(event.target)) close();
    if (!tapped || tapped === shown) return;
    event.preventDefault();
    await open(tapped);
    if (box.hidden) location.assign(tapped.href);
    box.append(Object.assign(document.createElement("p"), { className: "course-preview-more", textContent: "Tap the link again to go there." }));
    place();
  });
  document.addEventListener("focusin", (event) => {
    const on = linkOf(event);
    if (on?.matches(":focus-visible")) soon(() => open(on), OPEN_AFTER);
  });
  document.addEventListener("focusout", (event) => { if (linkOf(event)) close(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  addEventListener("scroll", () => { if (!box.hidden) place(); }, { passive: true });

  document.querySelector(".bd-article")?.append(box);
  for (const cited of document.querySelectorAll(".bibtex-citation a[title]")) {
    cited.dataset.preview = cited.title;
    cited.removeAttribute("title"); // or the browser would show it a second time
  }
})();
