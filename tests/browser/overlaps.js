/* What lies over what, and what is wider than the window. */
const wanted = "a,button,input,select,textarea,label,td,th,h1,h2,h3,p,dt,dd,li,summary,legend,code,progress,canvas,time,span";
const shown = [...document.querySelectorAll(wanted)].filter(e => {
  if (e.closest(".s-hidden") || e.type === "hidden") return false;
  if (e.closest("#nav-sidebar") && getComputedStyle(document.querySelector("#nav-sidebar")).display === "none") return false;
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own && !["INPUT", "SELECT", "TEXTAREA", "PROGRESS", "CANVAS"].includes(e.tagName)) return false;
  const style = getComputedStyle(e);
  return style.visibility !== "hidden" && e.getClientRects().length && e.offsetWidth > 1 && e.offsetHeight > 1;
});
const scroller = e => e.closest("#nav-sidebar-apps, .s-table, pre") ;
const boxes = shown.map(e => {
  const r = e.getBoundingClientRect(), s = scroller(e);
  if (!s) return [e, r];
  const b = s.getBoundingClientRect();
  return [e, {left: Math.max(r.left, b.left), right: Math.min(r.right, b.right), top: Math.max(r.top, b.top), bottom: Math.min(r.bottom, b.bottom)}];
}).filter(([e, r]) => r.right - r.left > 1 && r.bottom - r.top > 1);
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
return found;
