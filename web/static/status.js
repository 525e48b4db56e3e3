// The lamp that says whether the page is live.
export function showStatus(isOn) {
  for (const status of document.querySelectorAll("[data-live-status]")) {
    status.classList.toggle("is-on", isOn);
    status.classList.toggle("is-off", !isOn);
    const text = isOn ? status.dataset.on : status.dataset.off;
    const place = status.querySelector("[data-live-text]");
    if (place.textContent !== text) place.textContent = text;
    const reload = status.querySelector("[data-reload]");
    if (reload) reload.hidden = isOn;
  }
}

// Opens a stream, keeps it open, and closes it while the page is put away. A browser gives up for good when a server
// answers with an error while it restarts, so then the stream is opened anew.
export function openStream(address, handlers) {
  let source;
  let timer;
  const open = () => {
    clearTimeout(timer);
    source = new EventSource(address());
    source.onopen = () => showStatus(true);
    source.onerror = () => {
      showStatus(false);
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, 3000);
    };
    for (const [name, handle] of Object.entries(handlers)) source.addEventListener(name, handle);
  };
  open();
  addEventListener("pagehide", () => {
    clearTimeout(timer);
    source.close();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
}
