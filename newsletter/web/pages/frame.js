"use strict";
// Runs inside the letter, where nothing of the page around it can be reached: says how tall the letter is, and hands on
// which link was clicked instead of following it.
(() => {
  if (parent === window) return;
  const measure = () => parent.postMessage({ height: Math.ceil(document.documentElement.offsetHeight) }, "*");
  new ResizeObserver(measure).observe(document.documentElement);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!link) return;
    event.preventDefault();
    parent.postMessage({ link: link.getAttribute("href") }, "*");
  });
})();
