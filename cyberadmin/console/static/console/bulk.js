// While a bulk change is planned or applied, shows how far it is; when that ends, shows the page anew.
(function () {
  "use strict";
  const box = document.querySelector("[data-bulk]");
  if (!box || box.dataset.moving === undefined) return;
  const state = box.dataset.state;
  async function ask() {
    let wait = 1000;
    try {
      const answer = await fetch(box.dataset.bulk, { headers: { Accept: "application/json" } });
      if (answer.ok && (answer.headers.get("Content-Type") || "").includes("json")) {
        const now = await answer.json();
        if (now.state !== state || !now.moving) { location.reload(); return; }
        // A button that is being used is not taken away under the hand.
        if (!box.contains(document.activeElement) && box.innerHTML !== now.html) box.innerHTML = now.html;
      } else {
        wait = 10000;
      }
    } catch (error) { wait = 10000; }
    window.setTimeout(ask, document.hidden ? 10000 : wait);
  }
  window.setTimeout(ask, 800);
})();
