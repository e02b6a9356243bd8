/* Pages that stand alone have the theme that was chosen in the panel. */
"use strict";
(function () {
  let chosen = "auto";
  try { chosen = JSON.parse(window.localStorage.getItem("_x_adminTheme") || '"auto"'); } catch (error) { /* none chosen */ }
  const dark = chosen === "dark" || (chosen !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
