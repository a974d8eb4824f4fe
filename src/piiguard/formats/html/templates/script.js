
// Filter, search and folding. Without it everything can be read: it only hides what is not asked for.
(() => {
  "use strict";
  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const unfold = document.getElementById("unfold");
  const items = [...document.querySelectorAll("[data-item]")];
  const groups = [...document.querySelectorAll("[data-group]")].reverse(); // inner ones first
  const folds = [...document.querySelectorAll("#observations details")];
  const texts = new Map();

  const text = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const apply = () => {
    const wanted = [...form.querySelectorAll("select")].filter((select) => select.value);
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const counts = { claim: [0, 0], observation: [0, 0] };
    for (const item of items) {
      const fits =
        wanted.every((select) => item.dataset[select.name].split(" ").includes(select.value)) &&
        words.every((word) => text(item).includes(word));
      item.hidden = !fits;
      counts[item.dataset.item][0] += fits;
      counts[item.dataset.item][1] += 1;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-item]:not([hidden])");
    const active = wanted.length || words.length;
    shown.value = Object.entries(counts)
      .map(([kind, [fitting, all]]) => `${active ? `${fitting} of ` : ""}${all} ${kind}${all === 1 ? "" : "s"}`)
      .join(", ");
  };

  // A link leads to its place even when that is filtered out or folded.
  const reveal = (id) => {
    const target = document.getElementById(id);
    if (!target) return;
    if (target.closest("[hidden]")) {
      form.reset();
      apply();
    }
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  unfold.addEventListener("click", () => {
    const open = unfold.getAttribute("aria-pressed") !== "true";
    for (const fold of folds) fold.open = open;
    unfold.setAttribute("aria-pressed", open);
  });
  const here = () => reveal(decodeURIComponent(location.hash.slice(1)));
  window.addEventListener("hashchange", here);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) here(); // the address does not change, so nothing else tells
  });

  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of folded) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of folded) fold.open = false;
  });

  apply();
  form.hidden = false;
  if (location.hash) here();
})();
