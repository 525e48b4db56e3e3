// Takes over regions of the page as the server sends them.
import { openStream } from "./status.js";
import { morph } from "./morph.js";
import { moveDoors } from "./door.js";

export function followRegions(main) {
  const handlers = {};
  for (const region of main.querySelectorAll("[data-region]")) {
    handlers[region.dataset.region] = (event) => {
      const template = document.createElement("template");
      template.innerHTML = event.data;
      morph(region, template.content);
      moveDoors(region);
    };
  }
  openStream(() => main.dataset.live, handlers);
}
