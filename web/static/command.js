// Sends a gate's buttons without leaving the page, and says what became of it.
export function handleCommands() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.matches("[data-command]") || !button) return;
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form));
    fields.set(button.name, button.value);
    button.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(form.getAttribute("action"), {
        method: "POST",
        headers: { Accept: "application/json" },
        body: fields,
      });
      const answer = await response.json();
      if (answer.location) return location.assign(answer.location);
      say(answer.message, answer.ok);
    } catch {
      // Without an answer nobody knows whether it arrived, so it is not sent again: the page shows what the gate does.
      location.reload();
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}

let timer;

function say(message, isGood) {
  const place = document.getElementById("notices");
  const line = document.createElement("p");
  line.className = `notice toast ${isGood ? "moving" : "bad"}`;
  line.textContent = message;
  place.replaceChildren(line);
  clearTimeout(timer);
  timer = setTimeout(() => place.replaceChildren(), isGood ? 6000 : 15000);
}
