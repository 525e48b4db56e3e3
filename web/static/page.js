// What every page does with JavaScript. Without it, each page still says everything and every button still works.
import { keepTimes } from "./time.js";
import { followRegions } from "./live.js";
import { handleCommands } from "./command.js";
import { moveDoors } from "./door.js";
import { readCharts } from "./chart.js";

// A choice of language or colours is kept in a cookie, so it need not stay in the address.
const address = new URL(location.href);
if (address.searchParams.has("lang") || address.searchParams.has("theme")) {
  address.searchParams.delete("lang");
  address.searchParams.delete("theme");
  history.replaceState(null, "", address);
}

keepTimes();
handleCommands();
moveDoors(document);
readCharts();
const main = document.querySelector("main[data-live]");
if (main) followRegions(main);
