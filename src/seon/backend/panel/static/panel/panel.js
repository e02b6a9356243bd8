/* What the panel does in the browser besides unfold, htmx and Alpine. No value of a stranger is ever evaluated here. */
"use strict";

/* Times are shown in the zone of who looks: the next page knows it. */
(function () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  document.cookie = "seon-zone=" + zone + "; path=/; max-age=31536000; samesite=strict; secure";
})();

/* unfold writes the name of a chosen file into the text field next to it: that is another field of our forms. It leaves
   alone what it believes to listen to already. This script runs before unfold's. */
Object.defineProperty(HTMLInputElement.prototype, "hasChangeListener", { value: true });

/* Files that are dropped on a field are as if they had been chosen there. */
document.addEventListener("dragover", function (event) {
  const place = event.target.closest("[data-drop]");
  if (place) {
    event.preventDefault();
    place.classList.add("s-over");
  }
});
document.addEventListener("dragleave", function (event) {
  const place = event.target.closest("[data-drop]");
  if (place) place.classList.remove("s-over");
});
document.addEventListener("drop", function (event) {
  const place = event.target.closest("[data-drop]");
  if (!place || !event.dataTransfer.files.length) return;
  event.preventDefault();
  place.classList.remove("s-over");
  const field = place.querySelector("input[type=file]");
  field.files = event.dataTransfer.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

/* A button copies the text of the element that it names. */
document.addEventListener("click", function (event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  navigator.clipboard.writeText(text).then(function () {
    button.dataset.copied = "1";
    window.setTimeout(function () { delete button.dataset.copied; }, 2000);
  });
});

/* A box in the head of a list ticks all of its rows. */
document.addEventListener("change", function (event) {
  const box = event.target.closest("[data-all]");
  if (!box) return;
  box.closest("form").querySelectorAll("input[name='" + box.dataset.all + "']").forEach(function (one) {
    one.checked = box.checked;
  });
});

/* A part that is fetched again must not take the focus away, nor be fetched while nobody looks. */
document.addEventListener("htmx:beforeRequest", function (event) {
  if (document.hidden && event.detail.elt.dataset.live !== undefined) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", function (event) {
  const active = document.activeElement;
  if (active && active.id && event.detail.target.contains(active)) event.detail.target.dataset.focus = active.id;
});
document.addEventListener("htmx:afterSwap", function (event) {
  const place = event.detail.target, id = place.dataset.focus;
  if (!id) return;
  delete place.dataset.focus;
  const again = document.getElementById(id);
  if (again) again.focus({ preventScroll: true });
});

/* A part that is the same as before stays as it is: what somebody has marked in it stays marked. Who was logged out
   meanwhile gets the login page, and not a page within the page. */
const lastParts = new WeakMap();
document.addEventListener("htmx:beforeSwap", function (event) {
  const place = event.detail.target, octets = event.detail.serverResponse || "";
  if (place.dataset.live === undefined) return;
  if (place.querySelector(":active")) { // somebody is pressing a button of it just now: the click would be lost
    event.detail.shouldSwap = false;
    return;
  }
  if (/<html[\s>]/i.test(octets.slice(0, 2000))) {
    event.detail.shouldSwap = false;
    window.location.reload();
  } else if (lastParts.get(place) === octets) {
    event.detail.shouldSwap = false;
  } else {
    lastParts.set(place, octets);
  }
});

/* Where parts cannot be fetched any more, the page says so: what stands there may be out of date. */
["htmx:sendError", "htmx:responseError", "htmx:timeout", "htmx:afterOnLoad"].forEach(function (name) {
  document.addEventListener(name, function (event) {
    const away = document.getElementById("seon-away");
    if (away && event.detail.elt.dataset.live !== undefined) away.hidden = name === "htmx:afterOnLoad";
  });
});

/* What comes in at the head of a list: a button makes it wait, and it waits while the head is not in sight. */
document.addEventListener("click", function (event) {
  const button = event.target.closest("[data-pause]");
  if (button) button.toggleAttribute("data-paused");
});
document.addEventListener("htmx:beforeRequest", function (event) {
  const place = event.detail.elt;
  if (place.dataset.tail === undefined) return;
  const isPaused = document.querySelector("[data-pause='" + place.id + "'][data-paused]") !== null;
  if (isPaused || place.parentElement.getBoundingClientRect().top < 0) event.preventDefault();
});

/* The page that is open is seen in the side bar, however long that is. */
document.addEventListener("DOMContentLoaded", function () {
  const current = document.querySelector("#nav-sidebar-apps [aria-current]");
  if (current) current.scrollIntoView({ block: "nearest" });
});
