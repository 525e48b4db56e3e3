// Lets a moving gate's door move to where it is going, in the time that the server expects it to take.
export function moveDoors(root) {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const panel of root.querySelectorAll(".door .panel")) {
    for (const running of panel.getAnimations()) running.cancel();
    const target = panel.dataset.door;
    const duration = Number(panel.dataset.ms);
    if (target === undefined || isStill || !(duration > 0)) continue;
    const start = panel.getAttribute("transform").match(/-?[\d.]+(?=\))/)?.[0] ?? "0";
    panel.animate(
      [{ transform: `translateY(${start}px)` }, { transform: `translateY(${target}px)` }],
      { duration, fill: "forwards", easing: "linear" },
    );
  }
}
