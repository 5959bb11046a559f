// Merge fields at the cursor, and the size of the HTML while it is edited. The page works without it.
(function () {
  "use strict";
  const bodies = Array.from(document.querySelectorAll("textarea[data-body]"));
  let last = bodies[0];
  bodies.forEach((body) => body.addEventListener("focus", () => { last = body; }));
  document.querySelectorAll("[data-insert]").forEach((button) => {
    button.addEventListener("click", () => {
      if (!last) return;
      last.focus();
      last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
      last.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });

  const html = bodies.find((body) => body.dataset.body === "html");
  const said = document.querySelector("[data-size]");
  if (!html || !said) return;
  function tell() {
    const bytes = new TextEncoder().encode(html.value).length;
    const over = bytes > Number(said.dataset.limit);
    said.textContent = (over ? said.dataset.over : said.dataset.text).replace("{}", Math.round(bytes / 1024).toLocaleString(document.documentElement.lang));
    said.classList.toggle("et-over", over);
    said.hidden = bytes === 0;
  }
  html.addEventListener("input", tell);
  tell();
})();
