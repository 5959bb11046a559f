// Copies the text of a field. The button stays hidden where the browser cannot copy; the text can be selected anyway.
(function () {
  "use strict";
  if (!navigator.clipboard) return;
  document.querySelectorAll("[data-copy]").forEach((button) => {
    const words = button.querySelector("span:last-child");
    const before = words.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      words.textContent = button.dataset.copied;
      window.setTimeout(() => { words.textContent = before; }, 3000);
    });
  });
})();
