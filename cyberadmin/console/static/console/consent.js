// Shows what a worker reads at the vendor (consent, mailings received) once it has; gives up after half a minute.
(function () {
  "use strict";
  document.querySelectorAll("[data-consent], [data-renew]").forEach(wait);
  function wait(box) {
    let left = 30;
    async function ask() {
      left -= 1;
      try {
        const answer = await fetch(box.dataset.consent || box.dataset.renew, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const now = await answer.json();
          if (now.final) { box.innerHTML = now.html; return; }
        }
      } catch (error) { /* asked again */ }
      if (left > 0) window.setTimeout(ask, 1000);
    }
    window.setTimeout(ask, 700);
  }
})();
