// Counts the contacts that are picked, picks a whole page, and keeps the picks of one client while its list is paged,
// sorted and searched, until the next step is taken. The bar works without it, for the contacts of one page.
(function () {
  "use strict";
  const form = document.querySelector("[data-picking]");
  if (!form) return;
  const key = "picks:" + location.pathname;
  const most = Number(form.dataset.picking);
  const boxes = Array.from(document.querySelectorAll("input[name=pick]"));
  const here = new Set(boxes.map((box) => box.value));
  const part = (name) => form.querySelector("[data-pick-" + name + "]");
  const all = part("all"), none = part("none"), elsewhere = part("elsewhere"), full = part("full");
  const option = form.querySelector("option[value=picked]");
  const picked = new Set(read());

  // A browser that keeps nothing for pages leaves the picks of this page.
  function read() {
    try { return JSON.parse(sessionStorage.getItem(key)) || []; } catch { return []; }
  }
  function keep() {
    try { sessionStorage.setItem(key, JSON.stringify([...picked])); } catch { /* this page only */ }
  }
  function show() {
    boxes.forEach((box) => { box.checked = picked.has(box.value); });
    const others = [...picked].filter((value) => !here.has(value)).length;
    option.textContent = option.dataset.text + " (" + picked.size + ")";
    elsewhere.hidden = others === 0;
    elsewhere.querySelector("b").textContent = others;
    none.hidden = picked.size === 0;
    all.setAttribute("aria-pressed", String(boxes.every((box) => box.checked)));
  }
  function pick(values, wanted) {
    const room = most - picked.size;
    const fresh = values.filter((value) => !picked.has(value));
    if (wanted) fresh.slice(0, room).forEach((value) => picked.add(value));
    else values.forEach((value) => picked.delete(value));
    full.hidden = !wanted || fresh.length <= room;
    form.elements.scope.value = "picked";
    keep();
    show();
  }

  all.hidden = boxes.length === 0;
  all.addEventListener("click", () => pick([...here], boxes.some((box) => !box.checked)));
  none.addEventListener("click", () => pick([...picked], false));
  boxes.forEach((box) => box.addEventListener("change", () => pick([box.value], box.checked)));
  form.addEventListener("submit", () => { try { sessionStorage.removeItem(key); } catch { /* nothing was kept */ } });
  form.addEventListener("formdata", (event) => {
    if (form.elements.scope.value !== "picked") event.formData.delete("pick");
    else picked.forEach((value) => { if (!here.has(value)) event.formData.append("pick", value); });
  });
  // Coming back to the page as it was left: what was picked is still meant.
  window.addEventListener("pageshow", (event) => { if (event.persisted) keep(); show(); });
  if (picked.size) form.elements.scope.value = "picked";
  show();
})();
