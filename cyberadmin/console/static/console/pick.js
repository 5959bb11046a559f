// Counts the contacts that are picked, and picks a whole page. The bar works without it.
(function () {
  "use strict";
  const form = document.querySelector("[data-picking]");
  if (!form) return;
  const boxes = Array.from(document.querySelectorAll("input[name=pick]"));
  const all = form.querySelector("[data-pick-all]");
  const option = form.querySelector("option[value=picked]");
  function count() {
    const picked = boxes.filter((box) => box.checked).length;
    option.textContent = option.dataset.text + " (" + picked + ")";
    all.setAttribute("aria-pressed", String(picked === boxes.length));
  }
  all.hidden = boxes.length === 0;
  all.addEventListener("click", () => {
    const wanted = boxes.some((box) => !box.checked);
    boxes.forEach((box) => { box.checked = wanted; });
    form.elements.scope.value = "picked";
    count();
  });
  boxes.forEach((box) => box.addEventListener("change", () => { form.elements.scope.value = "picked"; count(); }));
  window.addEventListener("pageshow", count);
  count();
})();
