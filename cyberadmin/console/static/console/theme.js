// Runs before the page is painted, so that a dark page is never white first.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function read() {
    try { return localStorage.getItem("ca-theme") || "auto"; } catch (error) { return "auto"; }
  }
  function apply() {
    const choice = read();
    root.classList.toggle("dark", choice === "dark" || (choice === "auto" && dark.matches));
    root.dataset.theme = choice;
  }
  apply();
  dark.addEventListener("change", apply);
  window.caTheme = function (choice) {
    try { localStorage.setItem("ca-theme", choice); } catch (error) { /* private window: this page only */ }
    apply();
  };
})();
