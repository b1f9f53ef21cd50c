// What is asked of a letter while it stands in the browser; seen.py calls these.
// In: the page as it is laid out now. Out: plain values.
const letter = (() => {
  const style = (one) => getComputedStyle(one);
  const box = (one) => one.getBoundingClientRect();
  const said = (one) => one.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
  const name = (one) => `${one.tagName.toLowerCase()}.${one.className} “${said(one)}”`;
  const all = () => [document.body, ...document.body.querySelectorAll("*")];

  /** What axe-core finds by the rules of these tags, or by these rules only: [rule, element, why]. */
  async function audit(tags, only) {
    const by = only.length ? { type: "rule", values: only } : { type: "tag", values: tags };
    const rules = only.length ? {} : { "target-size": { enabled: true } }; // off by default
    const found = await axe.run(document, { runOnly: by, rules, resultTypes: ["violations", "incomplete"] });
    // Where axe cannot tell which ground a text stands on, a mail program that darkens cannot either.
    const undecided = found.incomplete.filter(({ id }) => id === "color-contrast");
    const why = ({ any, all, none }) => [...any, ...all, ...none].map(({ message }) => message).join(" ");
    return [...found.violations, ...undecided].flatMap(({ id, nodes }) =>
      nodes.map((node) => [id, node.html.slice(0, 160), why(node)]),
    );
  }

  /** The right edge of an element or a text, in CSS pixels from the left of the window. */
  function reach(node) {
    const range = document.createRange();
    range.selectNode(node);
    const boxes = [...range.getClientRects()].filter(({ width }) => width > 1);
    return Math.max(0, ...boxes.map(({ right }) => right));
  }

  /** How the page is laid out: see `Layout` in seen.py. */
  function layout() {
    const shown = all().filter((one) => box(one).width > 1 && box(one).height > 1);
    const blocks = shown.filter((one) => style(one).display !== "inline" && one.tagName !== "IMG");
    const innermost = (found) =>
      found.filter((one) => !found.some((other) => other !== one && one.contains(other))).map(name);
    const spills = (one) => [...one.childNodes].some((child) => reach(child) > box(one).right + 1);
    const cuts = (one) => style(one).overflowY !== "visible" && one.scrollHeight > one.clientHeight + 1;
    const height = (one) => Math.max(box(one).height, one.closest("td") ? box(one.closest("td")).height : 0);
    return {
      scrolled: document.scrollingElement.scrollWidth - innerWidth,
      wide: innermost(shown.filter((one) => box(one).right > innerWidth + 0.5 || box(one).left < -0.5)),
      spilled: innermost(blocks.filter(spills)),
      cut: innermost(blocks.filter(cuts)),
      buttons: shown.filter((one) => one.matches("a[class*=button]")).map((one) => [said(one), height(one)]),
      text: document.body.innerText.replace(/\s+/g, " "),
    };
  }

  /** Only the text grows to twice its size, the boxes stay (WCAG 2.2 §1.4.4). */
  function enlarge() {
    const sizes = all().map((one) => [style(one).fontSize, style(one).lineHeight].map(parseFloat));
    all().forEach((one, at) =>
      ["font-size", "line-height"].forEach((property, which) => {
        const size = sizes[at][which];
        if (size) one.style.setProperty(property, `${2 * size}px`, "important");
      }),
    );
  }

  /** The spacing that readers may ask for (WCAG 2.2 §1.4.12). */
  function space() {
    const sheet = document.createElement("style");
    sheet.textContent =
      "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }" +
      " p { margin-bottom: 2em !important }";
    document.head.append(sheet);
  }

  /** Outlook.com and its apps mark what they darken; a letter answers with rules of its own. */
  function darkenAsOutlook() {
    ["data-ogsc", "data-ogsb"].forEach((mark) => document.documentElement.setAttribute(mark, ""));
  }

  /** The values of these properties of every element in the body, each element with its name. */
  function styles(properties) {
    // White space between tags is each inliner's own.
    const plain = (one) => `${one.tagName}.${one.className} ${one.textContent.replace(/\s+/g, "").slice(0, 40)}`;
    return all().map((one) => [plain(one), properties.map((property) => style(one).getPropertyValue(property))]);
  }

  /** The first line of every text that is shown: its words and its box, [left, top, right, bottom] in CSS pixels. */
  function lines() {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      const [line] = [...range.getClientRects()].filter(({ width, height }) => width > 4 && height > 4);
      const words = texts.currentNode.data.trim();
      if (line && words) found.push([words.slice(0, 40), [line.left, line.top, line.right, line.bottom]]);
    }
    return found;
  }

  return { audit, layout, enlarge, space, darkenAsOutlook, styles, lines };
})();
