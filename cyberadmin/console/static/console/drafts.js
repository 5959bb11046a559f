// Keeps what is typed in this tab until the server says that it is saved: after a log-in in between, it is offered back.
(function () {
  "use strict";
  const PREFIX = "ca-draft:";
  const saved = document.querySelector("meta[name=form-saved]");
  let store;
  try { store = window.sessionStorage; } catch (error) { return; }
  const read = (key) => { try { return JSON.parse(store.getItem(key)); } catch (error) { return null; } };

  if (saved) {
    Object.keys(store).filter((key) => key.startsWith(PREFIX)).forEach((key) => {
      const draft = read(key);
      if (draft && draft.token === saved.content) store.removeItem(key);
    });
  }

  document.querySelectorAll("form[data-draft]").forEach((form) => {
    const key = PREFIX + location.pathname;
    const kept = (field) => field.name && !["hidden", "password", "submit", "button"].includes(field.type) && field.dataset.noDraft === undefined && !field.disabled;
    const value = (field) => (field.type === "checkbox" || field.type === "radio" ? (field.checked ? "1" : "") : field.value);
    const id = (field) => field.name + (field.type === "checkbox" || field.type === "radio" ? "=" + field.value : "");
    const values = () => Object.fromEntries(Array.from(form.elements).filter(kept).map((field) => [id(field), value(field)]));
    const first = JSON.stringify(values());
    const token = form.elements.form_token ? form.elements.form_token.value : "";

    function keep() {
      const now = values();
      if (JSON.stringify(now) !== first || form.dataset.bound !== undefined) {
        store.setItem(key, JSON.stringify({ token: token, values: now, at: Date.now() }));
      }
    }
    form.addEventListener("input", keep);
    form.addEventListener("submit", keep);

    const draft = read(key);
    if (!draft || form.dataset.bound !== undefined || JSON.stringify(draft.values) === first) return;
    const words = document.getElementById("ca-draft-words");
    if (!words) return;
    const box = document.createElement("div");
    box.className = "ca-note warn ca-draft";
    box.setAttribute("role", "status");
    const text = document.createElement("p");
    text.textContent = words.dataset.text;
    const restore = document.createElement("button");
    restore.type = "button";
    restore.className = "ca-button primary";
    restore.textContent = words.dataset.restore;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "ca-button";
    drop.textContent = words.dataset.drop;
    restore.addEventListener("click", () => {
      Array.from(form.elements).filter(kept).forEach((field) => {
        if (!(id(field) in draft.values)) return;
        if (field.type === "checkbox" || field.type === "radio") field.checked = draft.values[id(field)] === "1";
        else field.value = draft.values[id(field)];
      });
      box.remove();
      keep();
    });
    drop.addEventListener("click", () => { store.removeItem(key); box.remove(); });
    box.append(text, restore, drop);
    form.before(box);
  });
})();
