/* What of a stranger's values has become more than a text. */
const found = [];
if (window.evil) found.push("a script of a stranger ran");
for (const e of document.querySelectorAll("#evil, [onerror], [hx-get='/evil'], [x-init*='evil']")) found.push("a stranger's element: " + e.outerHTML.slice(0, 100));
for (const e of document.querySelectorAll("script:not([src])")) found.push("a script without a file: " + e.outerHTML.slice(0, 100));
for (const e of document.querySelectorAll("*")) for (const a of e.attributes)
  if (/^(x-|@|:|hx-)/.test(a.name) && /evil|<|alert\(/.test(a.value)) found.push("a stranger's value in " + a.name);
for (const e of document.querySelectorAll("td, dd, p, li, h1, h2, code, span"))
  if (/^49$/.test(e.textContent.trim())) found.push("a template of a stranger was filled in");
return found;
