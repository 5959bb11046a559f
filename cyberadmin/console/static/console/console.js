// Menus, the client switcher, group pickers, country names, and one submit per click. Every page works without it.
(function () {
  "use strict";
  const $ = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  // Appearance
  function markTheme() {
    $("[data-theme-choice]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === document.documentElement.dataset.theme));
    });
  }
  $("[data-theme-choice]").forEach((button) => {
    button.addEventListener("click", () => { window.caTheme(button.dataset.themeChoice); markTheme(); });
  });
  markTheme();

  // The side menu on small screens
  const menu = document.querySelector("[data-menu]");
  function toggleMenu(open) {
    document.documentElement.classList.toggle("ca-menu-open", open);
    if (menu) menu.setAttribute("aria-expanded", String(open));
  }
  if (menu) menu.addEventListener("click", () => toggleMenu(!document.documentElement.classList.contains("ca-menu-open")));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#ca-sidebar, [data-menu]")) toggleMenu(false);
  });

  // Menus that fold: Escape and a click elsewhere close them
  $("details.ca-switcher, details.ca-user").forEach((box) => {
    document.addEventListener("click", (event) => { if (!box.contains(event.target)) box.open = false; });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && box.open) { box.open = false; box.querySelector("summary").focus(); }
    });
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") toggleMenu(false); });

  // The client switcher: type to narrow, arrows to move, Enter to open the first
  $("[data-switcher]").forEach((box) => {
    const input = box.querySelector("input");
    const links = $("li a", box);
    const visible = () => links.filter((link) => !link.parentElement.hidden);
    box.addEventListener("toggle", () => { if (box.open) { input.value = ""; narrow(); input.focus(); } });
    function narrow() {
      const wanted = plain(input.value.trim());
      links.forEach((link) => { link.parentElement.hidden = !plain(link.textContent).includes(wanted); });
    }
    input.addEventListener("input", narrow);
    box.addEventListener("keydown", (event) => {
      const shown = visible();
      const at = shown.indexOf(document.activeElement);
      if (event.key === "ArrowDown") { event.preventDefault(); (shown[at + 1] || shown[0] || input).focus(); }
      if (event.key === "ArrowUp") { event.preventDefault(); (at > 0 ? shown[at - 1] : input).focus(); }
      if (event.key === "Enter" && document.activeElement === input && shown[0]) { event.preventDefault(); shown[0].click(); }
    });
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const box = document.querySelector("[data-switcher]");
      if (box) { event.preventDefault(); toggleMenu(true); box.open = true; }
    }
  });

  // Narrowing a list of check boxes
  $("[data-narrow]").forEach((input) => {
    const boxes = $(".ca-checks label", input.closest("fieldset"));
    input.addEventListener("input", () => {
      const wanted = plain(input.value.trim());
      boxes.forEach((label) => { (label.closest("div > div") || label).hidden = !plain(label.textContent).includes(wanted); });
    });
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  });

  // A group to filter by: asks the server for titles of this client's groups
  $("[data-combo]").forEach((box) => {
    const [hidden, input, list] = [box.querySelector("[type=hidden]"), box.querySelector("[role=combobox]"), box.querySelector("ul")];
    let waiting = 0;
    let at = -1;
    let asked = 0;
    const options = () => $("li[role=option]", list);
    function close() { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); at = -1; }
    function choose(option) { hidden.value = option.dataset.id; input.value = option.textContent; close(); input.form.requestSubmit(); }
    function mark(next) {
      const all = options();
      at = (next + all.length) % all.length;
      all.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
      if (all[at]) { input.setAttribute("aria-activedescendant", all[at].id); all[at].scrollIntoView({ block: "nearest" }); }
    }
    async function ask() {
      const turn = ++asked;
      const answer = await fetch(box.dataset.source + "&term=" + encodeURIComponent(input.value), { headers: { Accept: "application/json" } });
      if (!answer.ok || turn !== asked) return;
      const found = (await answer.json()).results;
      list.replaceChildren(...found.map((item, index) => {
        const option = document.createElement("li");
        option.id = input.id + "-" + index;
        option.setAttribute("role", "option");
        option.dataset.id = item.id;
        option.textContent = item.text;
        option.addEventListener("mousedown", (event) => { event.preventDefault(); choose(option); });
        return option;
      }));
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      at = -1;
    }
    input.addEventListener("input", () => { hidden.value = ""; clearTimeout(waiting); waiting = setTimeout(ask, 200); });
    input.addEventListener("focus", ask);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && options().length) { event.preventDefault(); mark(at + 1); }
      if (event.key === "ArrowUp" && options().length) { event.preventDefault(); mark(at - 1); }
      if (event.key === "Escape") close();
      if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(options()[at]); }
    });
  });

  // Filters fold away on small screens, unless one is set; they act at once
  $("[data-unfold]").forEach((button) => {
    const folded = (state) => { button.form.classList.toggle("folded", state); button.setAttribute("aria-expanded", String(!state)); };
    folded(button.dataset.active === undefined);
    button.addEventListener("click", () => folded(!button.form.classList.contains("folded")));
  });
  $("[data-filters] select").forEach((select) => select.addEventListener("change", () => select.form.requestSubmit()));
  $("[data-filters]").forEach((form) => form.addEventListener("submit", () => {
    $("input[name], select[name]", form).forEach((field) => { if (!field.value) field.disabled = true; });
  }));

  // Names of countries in the reader's language over their codes
  if (window.Intl && Intl.DisplayNames) {
    const names = new Intl.DisplayNames([document.documentElement.lang + "-CA"], { type: "region" });
    $("select[data-regions]").forEach((select) => {
      const options = Array.from(select.options).filter((option) => option.value);
      options.forEach((option) => { try { option.textContent = names.of(option.value) + " (" + option.value + ")"; } catch (error) { /* a code the browser does not know */ } });
      options.sort((a, b) => a.textContent.localeCompare(b.textContent, document.documentElement.lang));
      const chosen = select.value;
      options.forEach((option) => select.append(option));
      select.value = chosen;
    });
  }

  // One click, one submit (the server recognises a second one as well)
  $("form[data-once]").forEach((form) => form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    window.setTimeout(() => $("button[type=submit]", form).forEach((button) => { button.disabled = true; }), 0);
  }));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) $("form[data-once]").forEach((form) => { delete form.dataset.sent; $("button", form).forEach((button) => { button.disabled = false; }); });
  });

  // Where the errors are
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();
})();
