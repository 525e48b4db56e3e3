// Reads the values under the pointer out of a chart: a line and a line of text, without asking the server.
const left = 44;
const rightMargin = 12;

function pointsOf(figure) {
  if (figure.dataset.points !== figure.readPoints) {
    figure.readPoints = figure.dataset.points;
    figure.parsed = figure.dataset.points.split(";").filter(Boolean).map((point) => point.split(",").map(Number));
  }
  return figure.parsed;
}

function nearest(points, seconds) {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < seconds) low = middle + 1;
    else high = middle;
  }
  const before = points[low - 1];
  return before && seconds - before[0] < points[low][0] - seconds ? before : points[low];
}

function show(figure, chart, clientX) {
  const points = pointsOf(figure);
  if (!points.length) return;
  const box = chart.getBoundingClientRect();
  const width = chart.viewBox.baseVal.width;
  const from = Number(figure.dataset.from);
  const length = Math.max(1, Number(figure.dataset.to) - from);
  const place = ((clientX - box.left) / box.width) * width;
  const point = nearest(points, ((place - left) / (width - left - rightMargin)) * length);
  const x = left + (point[0] / length) * (width - left - rightMargin);
  let line = chart.querySelector(".cross");
  if (!line) {
    line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("class", "cross");
    chart.append(line);
  }
  line.setAttribute("d", `M${x} 10V236`);
  const language = document.documentElement.lang;
  const number = (value) => `${value.toLocaleString(language, { maximumFractionDigits: 1 })}\u202f${figure.dataset.unit}`;
  const moment = new Date((from + point[0]) * 1000);
  const time = moment.toLocaleString(language, {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
    timeZone: document.documentElement.dataset.zone || undefined,
  });
  const range = point[2] === point[3] ? "" : ` (${number(point[2])} – ${number(point[3])})`;
  figure.querySelector("[data-readout]").textContent = `${time}: ${number(point[1])}${range}`;
}

export function readCharts() {
  document.addEventListener("pointermove", (event) => {
    const chart = event.target.closest?.("[data-chart] svg.chart");
    if (chart) show(chart.closest("[data-chart]"), chart, event.clientX);
  });
  document.addEventListener("pointerout", (event) => {
    const chart = event.target.closest?.("[data-chart] svg.chart");
    if (!chart || chart.contains(event.relatedTarget)) return;
    chart.querySelector(".cross")?.remove();
    chart.closest("[data-chart]").querySelector("[data-readout]").textContent = "";
  });
}
