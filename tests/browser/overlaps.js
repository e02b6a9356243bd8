/* What lies over what, and what is wider than the window. */
const wanted = "a,button,input,select,textarea,label,td,th,h1,h2,h3,p,dt,dd,li,summary,legend,code,progress,canvas,time,span";
const shown = [...document.querySelectorAll(wanted)].filter(e => {
  if (e.closest(".s-hidden") || e.type === "hidden") return false;
  if (e.closest("#nav-sidebar") && getComputedStyle(document.querySelector("#nav-sidebar")).display === "none") return false;
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own && !["INPUT", "SELECT", "TEXTAREA", "PROGRESS", "CANVAS"].includes(e.tagName)) return false;
  return e.checkVisibility({visibilityProperty: true}) && e.offsetWidth > 1 && e.offsetHeight > 1; // not: in closed details
});
/* What is seen of an element: what clips it (a scrolled table, a heading for screen readers only) cuts it. */
const seen = (e, r) => {
  const box = {left: r.left, right: r.right, top: r.top, bottom: r.bottom};
  for (let up = e.parentElement; up && up !== document.body; up = up.parentElement) {
    if (getComputedStyle(up).overflowX === "visible") continue;
    const b = up.getBoundingClientRect();
    box.left = Math.max(box.left, b.left); box.right = Math.min(box.right, b.right);
    box.top = Math.max(box.top, b.top); box.bottom = Math.min(box.bottom, b.bottom);
  }
  return box;
};
const boxes = shown.flatMap(e => [...e.getClientRects()].map(line => [e, seen(e, line)])) // a text may take several lines
  .filter(([e, r]) => r.right - r.left > 1 && r.bottom - r.top > 1);
const found = [];
for (let i = 0; i < boxes.length && found.length < 5; i++)
  for (let j = i + 1; j < boxes.length; j++) {
    const [a, p] = boxes[i], [b, q] = boxes[j];
    if (a.contains(b) || b.contains(a)) continue;
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left), high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 2 && high > 2) found.push(a.tagName + " '" + (a.textContent || a.name || "").trim().slice(0, 40) + "' over " + b.tagName + " '" + (b.textContent || b.name || "").trim().slice(0, 40) + "'");
  }
if (document.documentElement.scrollWidth > window.innerWidth + 1)
  found.push("wider than the window: " + document.documentElement.scrollWidth + " > " + window.innerWidth + " by " +
    [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1 && !e.closest(".s-table")).slice(-1).map(e => e.outerHTML.slice(0, 120)));
for (const e of document.querySelectorAll(".s-table"))
  if (e.scrollWidth > e.clientWidth + 1 && e.checkVisibility()) found.push("a table is wider than its place: " + e.scrollWidth + " > " + e.clientWidth + " " + e.textContent.trim().replace(/\s+/g, " ").slice(0, 60));
return found;
