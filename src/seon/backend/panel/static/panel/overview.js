/* Draws the charts of the overview from the tables beside them: the numbers stand in the page once. */
"use strict";
(function () {
  const COLOURS = ["--s-c1", "--s-c2", "--s-c3", "--s-c4", "--s-c5", "--s-c6", "--s-c7"];
  const drawn = new Map();

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
  function octets(value) {
    const units = ["", " kB", " MB", " GB", " TB", " PB"];
    let at = 0;
    while (value >= 1000 && at < units.length - 1) { value /= 1000; at += 1; }
    return Math.round(value * 10) / 10 + units[at];
  }
  function read(table) {
    const rows = Array.from(table.tBodies[0].rows);
    const names = Array.from(table.tHead.rows[0].cells).slice(1).map(function (cell) { return cell.textContent; });
    return {
      labels: rows.map(function (row) { return row.cells[0].textContent; }),
      datasets: names.map(function (name, at) {
        return {
          label: name,
          data: rows.map(function (row) { return Number(row.cells[at + 1].dataset.value); }),
          backgroundColor: colour(COLOURS[at % COLOURS.length]),
          barPercentage: 0.95, categoryPercentage: 0.95,
        };
      }),
    };
  }
  function options(unit) {
    const text = colour("--s-quiet"), line = colour("--s-line");
    const shown = unit === "octets" ? octets : function (value) { return value; };
    return {
      animation: false, responsive: true, maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { position: "bottom", align: "start", labels: { color: text, boxWidth: 12 } },
        tooltip: { callbacks: { label: function (item) { return item.dataset.label + ": " + shown(item.parsed.y); } } },
      },
      scales: {
        x: { stacked: true, grid: { display: false }, ticks: { color: text, maxRotation: 0, autoSkipPadding: 16 } },
        y: { stacked: true, beginAtZero: true, grid: { color: line }, border: { display: false },
             ticks: { color: text, precision: 0, maxTicksLimit: 6, callback: shown } },
      },
    };
  }
  function draw() {
    drawn.forEach(function (chart, canvas) {
      if (!canvas.isConnected) { chart.destroy(); drawn.delete(canvas); }
    });
    document.querySelectorAll("canvas[data-chart]").forEach(function (canvas) {
      const known = drawn.get(canvas);
      if (known) known.destroy();
      const table = document.getElementById(canvas.dataset.chart);
      drawn.set(canvas, new Chart(canvas, { type: "bar", data: read(table), options: options(canvas.dataset.unit) }));
    });
  }
  /* Tables that somebody has opened stay open when the numbers are fetched again. */
  const open = new Set();
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.id !== "numbers") return;
    open.clear();
    event.detail.target.querySelectorAll("details[open]").forEach(function (one) { open.add(one.id); });
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "numbers") return;
    open.forEach(function (id) { const one = document.getElementById(id); if (one) one.open = true; });
    draw();
  });
  document.addEventListener("DOMContentLoaded", function () {
    draw();
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  });
})();
