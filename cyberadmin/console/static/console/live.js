// While something moves, asks what the client's bar, the running pull and the badges of this page say now.
(function () {
  "use strict";
  const bar = document.getElementById("ca-bar-facts");
  if (!bar || !bar.dataset.live) return;
  const FAST = 1000;
  const SLOW = 20000;
  const progress = document.getElementById("ca-progress");
  let pulling = Boolean(progress && progress.textContent.trim());
  const open = () => Array.from(document.querySelectorAll("[data-change][data-open]"));

  function put(element, html) {
    if (element && element.innerHTML !== html) element.innerHTML = html;
  }
  function swap(badge, html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const fresh = template.content.firstElementChild;
    if (!fresh || badge.textContent.trim() === fresh.textContent.trim()) return;
    badge.className = fresh.className;
    badge.innerHTML = fresh.innerHTML;
    if (fresh.dataset.open) badge.dataset.open = "1"; else delete badge.dataset.open;
  }
  // What a change that is over may have altered beside its badge, taken from the page as it is now.
  async function renew() {
    const regions = Array.from(document.querySelectorAll("[data-region]"));
    if (!regions.length) return;
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const now = new DOMParser().parseFromString(await answer.text(), "text/html");
    regions.forEach((region) => {
      const fresh = now.querySelector('[data-region="' + region.dataset.region + '"]');
      if (fresh) put(region, fresh.innerHTML);
    });
  }
  async function ask() {
    let next = SLOW;
    try {
      const ids = Array.from(new Set(open().map((badge) => badge.dataset.change))).slice(0, 100);
      const answer = await fetch(bar.dataset.live + "?changes=" + ids.join(","), { headers: { Accept: "application/json" } });
      if (answer.ok && (answer.headers.get("Content-Type") || "").includes("json")) {
        const now = await answer.json();
        put(bar, now.bar);
        put(progress, now.progress);
        const before = open().length;
        open().forEach((badge) => { if (now.changes[badge.dataset.change]) swap(badge, now.changes[badge.dataset.change]); });
        if (open().length < before) await renew();
        if (pulling && !now.pulling && progress) { location.reload(); return; }
        pulling = now.pulling;
        next = now.moving ? FAST : SLOW;
      }
    } catch (error) { /* the network is away: asked again later */ }
    window.setTimeout(ask, document.hidden ? SLOW : next);
  }
  window.setTimeout(ask, bar.dataset.moving || open().length || pulling ? FAST : SLOW);
})();
