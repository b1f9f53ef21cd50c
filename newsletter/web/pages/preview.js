"use strict";
// Fetches the page again when something was saved or chosen, and keeps place, focus and the height of the letters; and
// the keyboard shortcuts. Without this script everything works, except for that.
(() => {
  const live = document.getElementById("live");
  const page = () => document.getElementById("page") ?? document.getElementById("content");
  const heights = new Map();
  let address = location.href;
  let working = false;
  let again = false;
  let turn = 0;
  let scrollTo = "";

  const say = (kind, values = {}) => {
    live.hidden = false;
    live.dataset.kind = kind;
    live.textContent = live.dataset[kind].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };

  // --- the page, once more -----------------------------------------------------------------------------------------

  const framesOf = (root) => [...root.querySelectorAll("iframe")].map((frame) => frame.dataset.letter).join(" ");

  // The same letters stay in their frames, which else would be loaded once more: everything around them is replaced.
  const replaceAround = (next) => {
    Object.assign(page().dataset, next.dataset);
    for (const part of [".shelf", ".side"]) document.querySelector(part).replaceWith(next.querySelector(part));
    const [main, fresh] = [page().querySelector("main"), next.querySelector("main")];
    const [stage, slot] = [main.querySelector(".stage"), fresh.querySelector(".stage")];
    for (const old of [...main.childNodes]) if (old !== stage) old.remove();
    const children = [...fresh.childNodes];
    const middle = children.indexOf(slot);
    stage.before(...children.slice(0, middle));
    stage.after(...children.slice(middle + 1));
  };

  const replace = (fresh) => {
    const focused = page().contains(document.activeElement) ? document.activeElement.id : "";
    const side = page().querySelector(".side")?.scrollTop ?? 0;
    const typed = document.getElementById("address")?.value ?? "";
    const next = fresh.getElementById("page") ?? fresh.getElementById("content");
    for (const frame of next.querySelectorAll("iframe")) {
      if (heights.has(frame.id)) frame.height = heights.get(frame.id);
    }
    if (framesOf(page()) && framesOf(page()) === framesOf(next)) replaceAround(next);
    else page().replaceWith(next);
    document.title = fresh.title;
    prepare();
    const to = document.getElementById("address");
    if (to && typed) to.value = typed;
    const beside = next.querySelector(".side");
    if (beside) beside.scrollTop = side;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (scrollTo) document.getElementById(scrollTo)?.scrollIntoView({ block: "center" });
    scrollTo = "";
  };

  const load = async (url) => {
    address = url;
    again = true;
    if (working) return;
    working = true;
    try {
      while (again) {
        again = false;
        const answer = await fetch(address);
        replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } catch {
      say("lost");
    } finally {
      working = false;
    }
  };

  const refresh = async () => {
    // The letters first: they are what one looks at.
    turn += 1;
    for (const frame of document.querySelectorAll("iframe")) {
      // An address that is the same but for its fragment would not be fetched again.
      const { letter } = frame.dataset;
      frame.src = `${letter}${letter.includes("?") ? "&" : "?"}turn=${turn}`;
    }
    await load(address);
    if (live.dataset.kind !== "lost") say("refreshed", { time: new Date().toLocaleTimeString(document.documentElement.lang) });
  };

  const visit = async (url, hash = "") => {
    history.pushState(null, "", url + (hash ? `#${hash}` : ""));
    scrollTo = hash === "content" ? "" : hash;
    await load(url);
    follow();
  };

  addEventListener("popstate", async () => {
    await load(location.href.split("#")[0]);
    follow();
  });

  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[data-soft]") : null;
    if (!link) return;
    event.preventDefault();
    const [url, hash] = link.href.split("#");
    visit(url, hash);
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.choose");
    if (!form) return;
    const chosen = [...new FormData(form)].filter(([name, value]) => value && !(name === "client" && value === "standard"));
    const query = new URLSearchParams(chosen).toString();
    visit(form.action.split("?")[0] + (query ? `?${query}` : ""));
  });

  // --- the letters in their frames -----------------------------------------------------------------------------------

  let marked = "";
  addEventListener("message", (event) => {
    const frame = [...document.querySelectorAll("iframe")].find((each) => each.contentWindow === event.source);
    if (!frame) return;
    const { height, found, link, key } = event.data;
    if (Number.isFinite(height) && height > 0) {
      frame.height = height;
      heights.set(frame.id, height);
    }
    if (Number.isFinite(found) && found >= 0 && marked !== address && frame === document.querySelector("iframe")) {
      marked = address;
      const box = frame.getBoundingClientRect();
      const scale = box.width / frame.clientWidth || 1;
      scroll({ top: scrollY + box.top + found * scale - innerHeight / 3 });
    }
    if (typeof link === "string") say("link", { address: link });
    if (typeof key === "string") press(key);
  });

  // --- the stream that tells of changes ------------------------------------------------------------------------------

  let stream = null;
  let watched = "";

  // A browser keeps at most six connections to one server, so only the tabs that somebody looks at have a stream; the
  // others catch up when they come to the front.
  const follow = (event) => {
    const { watch, seen } = page().dataset;
    if (!watch) return;
    if (!event && stream && watched === watch) return;
    stream?.close();
    stream = null;
    watched = watch;
    if (document.hidden || !watch) return;
    stream = new EventSource(watch + seen);
    stream.addEventListener("open", () => say("live"));
    stream.addEventListener("error", () => say("lost"));
    stream.addEventListener("changed", refresh);
  };

  // --- the keyboard --------------------------------------------------------------------------------------------------

  const OFF = "newsletter-keys-off";
  const isOff = () => localStorage.getItem(OFF) === "yes";

  const press = (key) => {
    if (isOff()) return false;
    const select = document.querySelector(`select[data-cycle="${CSS.escape(key)}"]`);
    if (select) {
      select.selectedIndex = (select.selectedIndex + 1) % select.length;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      return true;
    }
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return false;
    if (target.matches("input")) target.focus();
    else target.click();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && event.target.id === "search") {
      event.target.value = "";
      narrow(event.target);
      event.target.blur();
      return;
    }
    if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    if (press(event.key)) event.preventDefault();
  });

  document.getElementById("help").addEventListener("click", () => {
    const keys = document.getElementById("keys");
    keys.open = true;
    keys.querySelector("summary").focus();
  });

  // --- the search ----------------------------------------------------------------------------------------------------

  const narrow = (search) => {
    const wanted = search.value.trim().toLowerCase().split(/\s+/);
    const items = [...document.querySelectorAll(".shelf li")];
    for (const item of items) {
      const text = item.querySelector("a").dataset.find.toLowerCase();
      item.hidden = !wanted.every((word) => text.includes(word));
    }
    document.getElementById("nothing-found").hidden = items.some((item) => !item.hidden);
  };

  const prepare = () => {
    for (const each of document.querySelectorAll(".script-only")) each.hidden = false;
    const search = document.getElementById("search");
    search?.addEventListener("input", () => narrow(search));
    search?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      document.querySelector(".shelf li:not([hidden]) a")?.click();
    });
  };

  document.documentElement.classList.add("has-script");
  const off = document.getElementById("keys-off");
  off.checked = isOff();
  off.addEventListener("change", () => localStorage.setItem(OFF, off.checked ? "yes" : "no"));
  prepare();
  address = location.href.split("#")[0];
  document.addEventListener("visibilitychange", follow);
  follow();
})();
