"use strict";
// Runs inside the letter, where nothing of the page around it can be reached: says how tall the letter is and where the
// marked place is, and hands on which link was clicked instead of following it.
(() => {
  if (parent === window) return;
  const measure = () => {
    const found = document.getElementById("newsletter-found");
    const place = found ? Math.round(found.getBoundingClientRect().top + scrollY) : -1;
    parent.postMessage({ height: Math.ceil(document.documentElement.offsetHeight), found: place }, "*");
  };
  new ResizeObserver(measure).observe(document.documentElement);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!link) return;
    event.preventDefault();
    parent.postMessage({ link: link.getAttribute("href") }, "*");
  });
  // Keys that are pressed while the letter has the focus are meant for the page.
  document.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.altKey && !event.metaKey) parent.postMessage({ key: event.key }, "*");
  });
})();
