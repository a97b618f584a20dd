// The stand-alone page: tooltips and keys. A WebUI brings its own scripts for both.
(() => {
  const TOOLTIPS = __TOOLTIPS__;
  const button = (name) => {
    const found = document.getElementById(`sadtalker_ext_${name}`);
    return found && (found.matches("button") ? found : found.querySelector("button"));
  };
  const isShown = (element) => element && element.offsetParent !== null;

  const explain = () => {
    for (const [id, text] of Object.entries(TOOLTIPS)) {
      const element = document.getElementById(id);
      if (element && element.title !== text) element.title = text;
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const generate = button("generate");
      if (isShown(generate)) {
        event.preventDefault();
        // a text that is being written reaches the page's memory when it loses the focus
        document.activeElement?.blur();
        setTimeout(() => generate.click(), 50);
      }
    } else if (event.key === "Escape" && isShown(button("interrupt"))) {
      button("interrupt").click();
    }
  });

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; explain(); }, 300);
  }).observe(document, { childList: true, subtree: true });
})();
