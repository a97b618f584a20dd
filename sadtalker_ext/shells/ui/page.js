// The stand-alone page: tooltips and keys. A WebUI brings its own scripts for both.
(() => {
  const TOOLTIPS = __TOOLTIPS__;
  const button = (name) => {
    const found = document.getElementById(`sadtalker_ext_${name}`);
    return found && (found.matches("button") ? found : found.querySelector("button"));
  };
  const isShown = (element) => element && element.offsetParent !== null;

  const say = window.sadtalkerExtSay || ((text) => text);

  const explain = () => {
    for (const [id, english] of Object.entries(TOOLTIPS)) {
      const element = document.getElementById(id);
      const text = say(english);
      if (element && element.title !== text) element.title = text;
    }
  };

  // before the fields hear of it: gradio's checkboxes flip at Enter, with or without Ctrl
  const capture = true;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const generate = button("generate");
      if (isShown(generate)) {
        event.preventDefault();
        event.stopPropagation();
        // a text that is being written reaches the page's memory when it loses the focus
        document.activeElement?.blur();
        setTimeout(() => generate.click(), 50);
      }
    } else if (event.key === "Escape" && isShown(button("interrupt"))) {
      button("interrupt").click();
    }
  }, capture);

  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".stx-try")) button("play_example")?.click();
  });

  // the bar is made anew again and again; what is read aloud is its stage, once each
  const said = document.createElement("div");
  said.setAttribute("role", "status");
  said.className = "stx-said";
  const announce = () => {
    if (!said.isConnected) document.body.append(said);
    const bar = document.querySelector("#sadtalker_ext_progress .stx-running");
    const stage = bar?.querySelector(".stx-line .stx-stage")?.textContent ?? "";
    const words = stage.replace(/ [\d.,]+ (\/.*|%|s)$/, "");
    // an error or a remark there is read by itself
    const told = document.getElementById("sadtalker_ext_status")?.textContent.trim();
    const done = !bar && !told && document.querySelector("#sadtalker_ext_video video");
    const text = done ? say("The video is ready.") : words;
    if (said.textContent !== text && (bar || said.dataset.busy)) said.textContent = text;
    // the result of before is out of sight now, and would go on being heard
    if (bar && !said.dataset.busy) {
      document.querySelectorAll(".stx-result video").forEach((video) => video.pause());
    }
    said.dataset.busy = bar ? "yes" : "";
  };

  // what makes an example talk is offered as long as there is nothing else to see
  const offer = () => {
    const shown = document.querySelector(".stx-try");
    const empty = document.querySelector("#sadtalker_ext_stage .stx-empty");
    if (shown && shown.hidden === Boolean(empty)) shown.hidden = !empty;
  };

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; explain(); announce(); offer(); }, 300);
  }).observe(document, { childList: true, subtree: true });

  // some browsers hand files over to other programs: the button is seen there
  const clip = new File([""], "a.mp4", { type: "video/mp4" });
  if (navigator.canShare?.({ files: [clip] })) document.documentElement.classList.add("stx-shares");
})();
