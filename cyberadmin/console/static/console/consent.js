// Shows the consent of a contact once a worker has read it; gives up after half a minute.
(function () {
  "use strict";
  const box = document.getElementById("consent");
  if (!box) return;
  let left = 30;
  async function ask() {
    left -= 1;
    try {
      const answer = await fetch(box.dataset.consent, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const now = await answer.json();
        if (now.final) { box.innerHTML = now.html; return; }
      }
    } catch (error) { /* asked again */ }
    if (left > 0) window.setTimeout(ask, 1000);
  }
  window.setTimeout(ask, 700);
})();
