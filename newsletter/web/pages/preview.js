"use strict";
// Fetches the page again when the server says that something was saved, and keeps place, focus and the height of the
// letter. Without this script everything works, except for that.
(() => {
  const live = document.getElementById("live");
  const main = () => document.getElementById("content");
  const frame = () => document.getElementById("frame");
  let working = false;
  let again = false;

  const say = (kind, values = {}) => {
    live.hidden = false;
    live.dataset.kind = kind;
    live.textContent = live.dataset[kind].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };

  const replace = (fresh) => {
    const focused = main().contains(document.activeElement) ? document.activeElement.id : "";
    const height = frame()?.height;
    const next = fresh.getElementById("content");
    const letter = next.querySelector("#frame");
    if (letter && height) letter.height = height;
    main().replaceWith(next);
    document.title = fresh.title;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  const refresh = async () => {
    again = true;
    if (working) return;
    working = true;
    try {
      while (again) {
        again = false;
        const answer = await fetch(location.href);
        replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
        say("refreshed", { time: new Date().toLocaleTimeString(document.documentElement.lang) });
      }
    } catch {
      say("lost");
    } finally {
      working = false;
    }
  };

  addEventListener("message", (event) => {
    const letter = frame();
    if (!letter || event.source !== letter.contentWindow) return;
    if (Number.isFinite(event.data.height) && event.data.height > 0) letter.height = event.data.height;
    if (typeof event.data.link === "string") say("link", { address: event.data.link });
  });

  const { watch } = main().dataset;
  let { seen } = main().dataset;
  let stream = null;

  // A browser keeps at most six connections to one server, so only the tabs that somebody looks at have a stream; the
  // others catch up when they come to the front.
  const follow = () => {
    stream?.close();
    stream = null;
    if (document.hidden) return;
    stream = new EventSource(watch + seen);
    stream.addEventListener("open", () => say("live"));
    stream.addEventListener("error", () => say("lost"));
    stream.addEventListener("changed", (event) => {
      seen = event.data;
      refresh();
    });
  };

  if (!watch) return;
  document.addEventListener("visibilitychange", follow);
  follow();
})();
