// Keeps "4 min" true. The units are the same in every language of the pages.
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}\u00a0s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u00a0min`;
  const [large, small, units] =
    seconds < 86400
      ? [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, ["h", "min"]]
      : [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, ["d", "h"]];
  return `${large}\u00a0${units[0]}` + (small ? ` ${small}\u00a0${units[1]}` : "");
}

function update() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const text = duration(Date.now() - Number(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
  }
}

export function keepTimes() {
  setInterval(update, 1000);
}
