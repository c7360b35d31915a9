// What is wrong with the page, as far as it can be computed: a list of texts.
// With a frame of the same origin in it, of that too.
(() => {
  const problems = [];
  const short = (e) => e.outerHTML.replace(/\s+/g, " ").slice(0, 90);
  const named = (e) =>
    (e.getAttribute("aria-label") || e.ownerDocument.getElementById(e.getAttribute("aria-labelledby"))?.textContent ||
      e.labels?.[0]?.textContent || e.title || e.textContent || "").trim();

  const channels = (color) => {
    const parts = color.match(/[\d.]+/g).map(Number);
    return color.startsWith("color(srgb") ? [...parts.slice(0, 3).map((c) => c * 255), parts[3] ?? 1] : [parts[0], parts[1], parts[2], parts[3] ?? 1];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const luminance = (color) => {
    const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    const layers = [];
    for (let node = e; node; node = node.parentElement) layers.push(channels(getComputedStyle(node).backgroundColor));
    const dark = matchMedia("(prefers-color-scheme: dark)").matches && e.ownerDocument.defaultView === window;
    return layers.reverse().reduce((below, layer) => over(layer, below), dark ? [18, 18, 18] : [255, 255, 255]);
  };
  const contrast = (e) => {
    const style = getComputedStyle(e);
    const below = ground(e);
    const [a, b] = [luminance(over(channels(style.color), below)), luminance(below)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) problems.push(`contrast ${ratio.toFixed(2)} of ${JSON.stringify(e.textContent.trim().slice(0, 40))} in ${short(e)}`);
  };

  const look = (doc) => {
    // As it is when nothing moves any more.
    for (const animation of doc.getAnimations()) if (Number.isFinite(animation.effect.getComputedTiming().endTime)) animation.finish();
    if (!doc.documentElement.lang) problems.push("html has no lang");
    if (!doc.title) problems.push("no title");
    if (!doc.querySelector("meta[name=viewport]")) problems.push("no viewport");
    const ids = [...doc.querySelectorAll("[id]")].map((e) => e.id);
    for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) problems.push(`two elements have the ID ${id}`);
    if (doc === document && doc.querySelectorAll("h1").length !== 1) problems.push("not one h1");
    for (const e of doc.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], iframe, summary, progress, [tabindex='0']"))
      if (e.checkVisibility() && !named(e)) problems.push(`has no name: ${short(e)}`);
    for (const e of doc.querySelectorAll("img, svg"))
      if (!e.closest("[aria-hidden=true]") && !(e.alt ?? e.getAttribute("aria-label") ?? e.querySelector("title"))) problems.push(`picture without a name: ${short(e)}`);
    const texts = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const e = texts.currentNode.parentElement;
      if (texts.currentNode.data.trim() && !e.closest("script, style, noscript, :disabled, [inert]") && e.checkVisibility()) contrast(e);
    }
    const root = doc.scrollingElement;
    if (root.scrollWidth > root.clientWidth) {
      const wide = [...doc.querySelectorAll("body *")].find((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
      problems.push(`scrolls sideways: ${root.scrollWidth} in ${root.clientWidth} px, ${wide ? short(wide) : ""}`);
    }
    if (matchMedia("(prefers-reduced-motion: reduce)").matches)
      for (const e of doc.querySelectorAll("*")) {
        const { transitionDuration, animationDuration, animationName, scrollBehavior } = getComputedStyle(e);
        const moves = (durations) => durations.split(", ").some((d) => parseFloat(d) > 0.02);
        if (moves(transitionDuration) || (animationName !== "none" && moves(animationDuration)) || scrollBehavior === "smooth")
          problems.push(`moves: ${short(e)}`);
      }
    for (const frame of doc.querySelectorAll("iframe")) if (frame.contentDocument) look(frame.contentDocument);
  };
  look(document);
  return [...new Set(problems)];
})()
