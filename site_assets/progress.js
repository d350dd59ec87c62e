// What this reader has read and solved. It is kept in this browser (localStorage) and sent nowhere.
//   course:read     name of a page -> day;  written here
//   course:solved   key of an exercise -> day;  written by the checks in the pages, which say so by
//                   an event of the same name on the document
// No module: a page opened from a disk runs none.
(() => {
  const READ = "course:read", SOLVED = "course:solved", FILE = "learning-to-see-progress.json";
  const COURSE_PAGE = /^book\/(\d\d_\w+\/\w+|roadmap)$/, DAY = /^\d{4}-\d\d-\d\d/;
  const FORGETFUL = "This browser does not let the page remember anything.";
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const here = DOCUMENTATION_OPTIONS.pagename;
  const exercises = window.courseExercises ?? {}; // name of a page -> keys, made with the site

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name, value);
      else node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  function load(key) {
    try {
      const kept = JSON.parse(localStorage.getItem(key));
      return Object.fromEntries(Object.entries(kept ?? {}).filter(([, day]) => DAY.test(day)));
    } catch {
      return {}; // the browser keeps nothing for this site, or something that is not ours
    }
  }

  // Whether the browser has kept it.
  function save(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      return false;
    }
    document.dispatchEvent(new CustomEvent("course:read"));
    return true;
  }

  const today = () => new Date().toISOString().slice(0, 10);
  const dayInWords = (day) => new Date(day).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

  // Pages of the course, in its order: the links of the sidebar.
  const links = [...document.querySelectorAll(".bd-sidebar-primary .bd-links a.internal")].map((link) => {
    const path = new URL(link.href).pathname;
    return { link, title: link.textContent.trim(), name: link.matches(".current") ? here : decodeURI(path.slice(root.pathname.length)).replace(/\.html$/, "") };
  }).filter(({ name }) => COURSE_PAGE.test(name));

  // How many of `keys` are solved, as a sign and in words.
  function solvedOf(keys, solved) {
    const done = keys.filter((key) => solved[key]).length;
    return keys.length ? { done, sign: `${done}/${keys.length}`, words: `${done} of ${keys.length} exercises solved` } : { done };
  }

  function markSidebar(read, solved) {
    for (const { link, name } of links) {
      const { done, sign, words } = solvedOf(exercises[name] ?? [], solved);
      const marks = [[read[name], "✓", "read"], [done, sign, words]].filter(([holds]) => holds);
      link.querySelector(".course-mark")?.remove();
      if (!marks.length) continue;
      link.append(make("span", { class: "course-mark" },
        make("span", { "aria-hidden": "true" }, ` ${marks.map(([, drawn]) => drawn).join(" ")}`),
        make("span", { class: "visually-hidden" }, `, ${marks.map(([, , said]) => said).join(", ")}`)));
    }
  }

  // Whoever gets to the end of a page has read it, unless they say no.
  function endOfPage() {
    const article = document.querySelector(".bd-article");
    if (!COURSE_PAGE.test(here) || !article) return () => {};
    const text = make("p", { role: "status" }), button = make("button", { type: "button", click: () => set(!load(READ)[here]) });
    const end = make("div", { class: "course-end" }, text, button);
    const watch = new IntersectionObserver(([seen]) => { if (seen.isIntersecting) { watch.disconnect(); set(true); } });

    function set(isRead) {
      const read = load(READ);
      if (isRead) read[here] ??= today();
      else delete read[here];
      if (!save(READ, read)) text.textContent = FORGETFUL;
    }
    article.append(end);
    if (!load(READ)[here]) watch.observe(button);
    return (read, solved) => {
      const { words } = solvedOf(exercises[here] ?? [], solved);
      text.textContent = (read[here] ? `Read on ${dayInWords(read[here])}.` : "You have not read this page to its end yet.") + (words ? ` ${words}.` : "");
      button.textContent = read[here] ? "Not read yet" : "Mark as read";
    };
  }

  // "12 of 84 pages read", on the start page and beside the map.
  function panel(place) {
    if (!place) return () => {};
    const sum = make("p", { class: "course-sum" }), next = make("p"), told = make("p", { role: "status" });
    const bar = make("progress", { max: links.length, "aria-label": "pages read" });
    const file = make("input", { type: "file", accept: ".json,application/json", hidden: "", "aria-label": "file of progress", change: take });
    place.replaceChildren(sum, bar, next,
      make("p", {}, "This is kept in this browser alone; nothing of it is sent anywhere. A file takes it to another browser."),
      make("div", { class: "course-buttons" }, ...[["Save to a file", give], ["Load a file", () => file.click()], ["Forget everything", forget]]
        .map(([label, click]) => make("button", { type: "button", click }, label))), file, told);

    function give() {
      const text = JSON.stringify({ read: load(READ), solved: load(SOLVED) }, null, 1);
      const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      make("a", { href: address, download: FILE }).click();
      setTimeout(() => URL.revokeObjectURL(address));
      told.textContent = `Saved as ${FILE}.`;
    }
    async function take() {
      try {
        const { read, solved } = JSON.parse(await file.files[0].text());
        for (const part of [read, solved]) {
          if (!part || Array.isArray(part) || !Object.values(part).every((day) => DAY.test(day))) throw new Error();
        }
        const kept = save(SOLVED, { ...solved, ...load(SOLVED) }) && save(READ, { ...read, ...load(READ) });
        told.textContent = kept ? "Loaded, and added to what was here." : FORGETFUL;
      } catch {
        told.textContent = "That file is none that this page has saved. Nothing was changed.";
      }
      file.value = "";
    }
    function forget() {
      if (!confirm("Forget what you have read and solved? This cannot be undone.")) return;
      save(SOLVED, {});
      save(READ, {});
      told.textContent = "Forgotten.";
    }
    return (read, solved) => {
      bar.value = links.filter(({ name }) => read[name]).length;
      const { words } = solvedOf(Object.values(exercises).flat(), solved);
      sum.textContent = `${bar.value} of ${links.length} pages read${words ? `, ${words}` : ""}.`;
      const open = links.find(({ name }) => !read[name]);
      next.replaceChildren(...(open ? [bar.value ? "Go on with " : "Begin with ", make("a", { href: open.link.href }, open.title), "."] : ["You have read every page."]));
    };
  }

  const parts = [markSidebar, endOfPage(), panel(document.querySelector(".course-progress"))];
  const show = () => { for (const part of parts) part(load(READ), load(SOLVED)); };
  for (const event of [READ, SOLVED]) document.addEventListener(event, show);
  for (const event of ["storage", "pageshow"]) addEventListener(event, show);
  show();
})();
