// The event log: new rows come in at the top; while the reader is further down they wait.
import "./page.js";
import { openStream } from "./status.js";

const log = document.querySelector("[data-log][data-stream]");
const pending = document.querySelector("[data-pending]");
const longest = 500;
let waiting = [];

// Fields without a value need not stand in the address.
document.querySelector("[data-filter]").addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) {
    if (value === "" || value === "any") event.formData.delete(name);
  }
});

if (log) {
  const address = new URL(log.dataset.stream, location.href);
  let hasReset = false;
  openStream(() => address, {
    row: (event) => {
      address.searchParams.set("after", event.lastEventId);
      const template = document.createElement("template");
      template.innerHTML = event.data;
      receive(template.content.firstElementChild);
    },
    position: (event) => address.searchParams.set("after", event.lastEventId),
    reset: () => {
      if (!hasReset) location.reload();
      hasReset = true;
    },
  });
  pending.querySelector("button").addEventListener("click", () => {
    scrollTo({ top: 0 });
    showWaiting();
  });
  addEventListener("scroll", () => isAtTop() && showWaiting(), { passive: true });
}

function isAtTop() {
  return scrollY < 120;
}

function receive(row) {
  if (document.getElementById(row.id)) return;
  waiting.push(row);
  if (isAtTop()) showWaiting();
  else showCount();
}

function showCount() {
  const count = waiting.length;
  pending.hidden = count === 0;
  const text = count === 1 ? pending.dataset.one : pending.dataset.other;
  pending.querySelector("button").textContent = text.replace("{count}", count.toLocaleString(document.documentElement.lang));
}

function showWaiting() {
  document.querySelector("[data-empty]")?.remove();
  for (const row of waiting) {
    row.classList.add("is-new");
    dayOf(row).prepend(row);
  }
  waiting = [];
  showCount();
  const rows = log.querySelectorAll("li");
  for (let index = rows.length - 1; index >= longest; index -= 1) rows[index].remove();
}

// The list of the row's day; a new day gets its heading.
function dayOf(row) {
  const first = log.querySelector(".day");
  if (first?.dataset.day === row.dataset.day) return first.querySelector("ol");
  // After midnight every heading says something else.
  if (first) location.reload();
  const section = document.createElement("section");
  section.className = "day";
  section.dataset.day = row.dataset.day;
  const heading = document.createElement("h2");
  heading.textContent = row.dataset.heading;
  const list = document.createElement("ol");
  section.append(heading, list);
  log.prepend(section);
  return list;
}
