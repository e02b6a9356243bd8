/* The rules of the page "Verification": they are searched in the browser, and only those that were changed are sent. */
"use strict";

(function () {
  const one = function (selector) { return document.querySelector(selector); };
  const all = function (selector, from) { return Array.from((from || document).querySelectorAll(selector)); };
  const search = one("[data-rules-search]"), broken = one("[data-rules-broken]"), set = one("[data-rules-set]"),
    hard = one("[data-rules-hard]");
  const form = one("form[data-only-changed]");

  function isShown(row, text) {
    return row.textContent.toLowerCase().includes(text)
      && !(broken.checked && row.dataset.broken === "0")
      && !(set.checked && row.dataset.set === "")
      && (hard.checked || text !== "" || broken.checked || row.dataset.hard === undefined);
  }

  function show() {
    const text = search.value.trim().toLowerCase();
    all("[data-rule]").forEach(function (row) { row.hidden = !isShown(row, text); });
    all("[data-rules-group]").forEach(function (group) { group.hidden = !group.querySelector("[data-rule]:not([hidden])"); });
    one("[data-rules-found]").textContent = all("[data-rule]:not([hidden])").length;
  }

  one("[data-rules-tools]").hidden = false;
  [search, broken, set, hard].forEach(function (field) { field.addEventListener("input", show); });
  show();

  form.addEventListener("submit", function () {
    all("select", form).forEach(function (select) {
      select.disabled = select.value === select.dataset.stored;
    });
  });
  window.addEventListener("pageshow", function () {
    all("select", form).forEach(function (select) { select.disabled = false; });
  });
})();
