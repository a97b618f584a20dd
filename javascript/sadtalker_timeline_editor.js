// The timeline as a table: its JSON text is written from the table, and the table from the text.
// All words stand in the page's own HTML (timeline_editor.py), where they are translated; curves
// and refusals come from the server when the hidden button is clicked.
(() => {
  const PREFIX = "sadtalker_ext";
  const KINDS = ["emotion", "blend", "control", "gaze", "gesture", "head"];
  const find = (name) => document.getElementById(`${PREFIX}_${name}`);
  const root = () => document.querySelector(`#${PREFIX}_timeline_editor .stx-time`);
  const textOf = () => document.querySelector(`#${PREFIX}_timeline textarea`);
  const plot = () => document.querySelector(`#${PREFIX}_timeline_plot .stx-time-data`);
  const range = () => root()?.querySelector("input[type=range]");
  let shown = null; // the text that the table shows
  let asked = null; // what the curves were last asked for
  let drawn = []; // the element whose curves are known, and what it said
  let data = { seconds: 0, curves: [], spans: [] };
  let history = [];
  // the scripts of the grips and of the player follow
  const tell = (what) => document.dispatchEvent(new CustomEvent(`${PREFIX}_timeline`, { detail: what }));

  const entriesOf = (text) => {
    if (!text.trim()) return [];
    try {
      const found = JSON.parse(text);
      const plain = (one) => one && typeof one === "object" && !Array.isArray(one);
      return Array.isArray(found) && found.every(plain) ? found : null;
    } catch { return null; }
  };
  const line = (entry) => JSON.stringify(entry, null, 1).replace(/\n\s*/g, " ").replace(/([{[]) | ([}\]])/g, "$1$2");
  const written = (entries) => (entries.length ? `[${entries.map(line).join(",\n ")}]` : "");

  // a text field of gradio takes over what is written when it is told of an input
  const write = (text, { keep = true } = {}) => {
    const field = textOf();
    if (!field) return;
    if (keep && field.value !== text) history.push(field.value);
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const number = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null);
  const parts = (text) => text.split(",").map((one) => number(one) ?? one.trim());
  const weights = (text) => Object.fromEntries(
    text.split("+").filter((one) => one.trim()).map((one) => {
      const [name, weight] = one.split(":");
      return [name.trim(), weight === undefined ? 1 : number(weight) ?? weight.trim()];
    }),
  );
  const asText = (value) => {
    if (Array.isArray(value)) return value.join(", ");
    if (value && typeof value === "object") {
      return Object.entries(value).map(([name, one]) => `${name}:${one}`).join("+");
    }
    return value === undefined || value === null ? "" : String(value);
  };
  const headText = (value) => (
    value && typeof value === "object" && !Array.isArray(value)
      ? ["yaw", "pitch", "roll"].map((axis) => value[axis] ?? 0).join(", ")
      : asText(value)
  );

  // what the list of a row shows for an entry, and what stands in the field beside
  const whatOf = (entry) => {
    const kind = KINDS.find((one) => one in entry) || "";
    const value = entry[kind];
    if (kind === "gesture" && value === "look_at") return ["look_at:", asText(entry.point ?? "camera")];
    if (kind === "head") return ["head:", headText(value)];
    if (kind === "gaze" && typeof value === "object") return ["gaze:", asText(value)];
    if (["blend", "control"].includes(kind)) return [`${kind}:`, asText(value)];
    return [`${kind}:${value}`, ""];
  };
  const putWhat = (entry, what, value) => {
    const [kind, name] = [what.slice(0, what.indexOf(":")), what.slice(what.indexOf(":") + 1)];
    for (const one of [...KINDS, "point"]) delete entry[one];
    if (name) entry[kind] = name;
    else if (kind === "look_at") {
      entry.gesture = "look_at";
      entry.point = value.includes(",") ? parts(value) : value.trim();
    } else if (kind === "blend" || kind === "control") entry[kind] = weights(value);
    else entry[kind] = value.includes(",") ? parts(value) : value.trim();
  };
  const moment = (text) => number(text) ?? text.trim();
  const PUT = {
    at: (entry, text) => { entry.at = moment(text); },
    until: (entry, text) => { if (text.trim()) entry.until = moment(text); else delete entry.until; },
    intensity: (entry, text) => { if (text === "") delete entry.intensity; else entry.intensity = Number(text); },
    transition: (entry, text) => { if (text === "") delete entry.transition; else entry.transition = Number(text); },
    ease: (entry, text) => { if (text === "smooth") delete entry.ease; else entry.ease = text; },
  };

  const word = (key) => root().querySelector(`thead [data-key=${key}]`).textContent;
  const choose = (list, value) => {
    if (![...list.options].some((one) => one.value === value)) {
      list.add(new Option(value.replace(":", ": "), value)); // a name that the server will refuse
    }
    list.value = value;
  };
  const fill = (row, entry, place) => {
    const [what, value] = whatOf(entry);
    const texts = {
      at: asText(entry.at), until: asText(entry.until), value,
      intensity: asText(entry.intensity ?? 1), transition: asText(entry.transition),
    };
    for (const field of row.querySelectorAll("[data-key]")) {
      const key = field.dataset.key;
      if (key === "what") choose(field, what);
      else if (key === "ease") choose(field, String(entry.ease ?? "smooth"));
      else field.value = texts[key];
      field.setAttribute("aria-label", `${word(key)}, ${place + 1}`);
    }
    const needs = what.endsWith(":");
    const box = row.querySelector("[data-key=value]");
    box.disabled = !needs;
    box.placeholder = needs ? box.getAttribute(`data-${what.slice(0, -1)}`) || "" : "";
    row.dataset.entry = place;
  };
  const show = () => {
    const text = textOf()?.value ?? "";
    const entries = entriesOf(text);
    const table = root().querySelector(".stx-time-table");
    root().querySelector(".stx-time-unlisted").hidden = entries !== null;
    table.hidden = !entries?.length;
    const body = table.querySelector("tbody");
    const model = table.querySelector("tfoot tr");
    // rows are kept, so that the field somebody is in keeps the focus
    while (body.rows.length > (entries?.length ?? 0)) body.rows[body.rows.length - 1].remove();
    (entries || []).forEach((entry, place) => {
      if (!body.rows[place]) body.append(model.cloneNode(true));
      fill(body.rows[place], entry, place);
    });
    root().querySelector("[data-do=undo]").disabled = history.length === 0;
    root().querySelector("[data-do=clear]").disabled = !text.trim();
    shown = text;
    head();
    tell("entries");
  };

  const seconds = () => Number(range()?.value ?? 0);
  const valueAt = ({ curves, seconds: whole }, curve, time) => {
    const values = curves[curve]?.values ?? [];
    return values[Math.min(values.length - 1, Math.max(0, Math.round((time / whole) * (values.length - 1))))];
  };
  const head = () => {
    const time = seconds();
    const element = plot();
    const output = root().querySelector(".stx-time-head output");
    output.textContent = `${time.toFixed(2)} s`;
    if (!element || !data.seconds) return;
    const line = element.querySelector(".stx-time-now");
    if (line) line.style.left = `${Math.min(100, (100 * time) / data.seconds)}%`;
    for (const one of element.querySelectorAll("output[data-curve]")) {
      one.textContent = (valueAt(data, Number(one.dataset.curve), time) ?? 0).toFixed(2);
    }
    const names = [...element.querySelectorAll(".stx-time-legend li")];
    const told = names.filter((one) => Number(one.querySelector("output").textContent) >= 0.01)
      .map((one) => `${one.querySelector("span").textContent} ${one.querySelector("output").textContent}`);
    range().setAttribute("aria-valuetext", [output.textContent, ...told].join(", "));
    tell("head");
  };
  // one gradio puts new elements there, another one writes the new attributes into the old element
  const state = (element) => [element, ...["seconds", "bad", "spans", "curves"].map((name) => element?.dataset[name])];
  const takeCurves = () => {
    const element = plot();
    if (state(element).every((one, k) => one === drawn[k])) return;
    drawn = state(element);
    data = element
      ? {
        seconds: Number(element.dataset.seconds), fps: Number(element.dataset.fps),
        curves: JSON.parse(element.dataset.curves), spans: JSON.parse(element.dataset.spans),
      }
      : { seconds: 0, curves: [], spans: [] };
    if (data.seconds) range().max = data.seconds;
    const bad = element?.dataset.bad;
    [...root().querySelectorAll("tbody tr")].forEach((row, place) => {
      const refused = String(place + 1) === bad;
      row.classList.toggle("stx-time-bad", refused);
      for (const field of row.querySelectorAll("[data-key]")) {
        if (refused) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
    });
    head();
    tell("curves");
  };

  // other fields that the curves depend on, as they stand now
  const watched = ["timeline", "text", "idle_seconds", "audio_start", "audio_end", "pad_audio"]
    .concat(["emotion", "emotion_intensity", "speech_rate", "transcript"]);
  let sounds = 0; // how often another sound was chosen
  const standing = () => watched.map((name) => (
    document.querySelector(`#${PREFIX}_${name} :is(textarea, input)`)?.value ?? ""
  )).concat(sounds).join("\u0000");
  let last = "";
  const watch = () => {
    if (!root()?.offsetParent || !textOf()) return;
    if (textOf().value !== shown) show();
    takeCurves();
    const now = standing();
    // asked once nobody has typed for a moment
    if (now === last && now !== asked) {
      asked = now;
      const button = find("timeline_look");
      (button.matches("button") ? button : button.querySelector("button")).click();
    }
    last = now;
  };
  setInterval(watch, 300);
  // new curves are taken at once: the grips lie on them, and one may have the focus
  new MutationObserver(() => { if (root()) takeCurves(); }).observe(document, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-spans", "data-curves"],
  });

  const change = (act, how) => {
    const entries = entriesOf(textOf()?.value ?? "");
    if (entries === null) return;
    act(entries);
    write(written(entries), how);
    show();
  };
  const ACTIONS = {
    add: () => {
      change((entries) => entries.push({
        at: Number(seconds().toFixed(2)), emotion: "happy", intensity: 0.8,
      }));
      root().querySelector("tbody tr:last-child [data-key=what]")?.focus();
    },
    undo: () => { write(history.pop() ?? "", { keep: false }); show(); },
    clear: () => { write(""); show(); },
  };
  const mine = (event, what) => event.target.closest?.(`.stx-time ${what}`);
  document.addEventListener("click", (event) => {
    const action = mine(event, "[data-do]")?.dataset.do;
    if (action) ACTIONS[action]();
    const remove = mine(event, ".stx-time-remove");
    if (remove) {
      const place = Number(remove.closest("tr").dataset.entry);
      change((entries) => entries.splice(place, 1));
      const rows = root().querySelectorAll("tbody tr");
      (rows[Math.min(place, rows.length - 1)]?.querySelector(".stx-time-remove")
        ?? root().querySelector("[data-do=add]")).focus();
    }
    const view = event.target.closest?.(".stx-time-view");
    if (view && data.seconds) {
      const box = view.getBoundingClientRect();
      range().value = ((event.clientX - box.left) / box.width) * data.seconds;
      head();
    }
  }, true);
  document.addEventListener("input", (event) => {
    if (mine(event, "input[type=range]")) head();
  });
  document.addEventListener("change", (event) => {
    const list = mine(event, ".stx-time-presets");
    if (list) {
      const entries = JSON.parse(root().dataset.presets)[Number(list.value)];
      if (list.value !== "" && entries) { write(written(entries)); show(); }
      list.value = "";
    }
    const field = mine(event, "tbody [data-key]");
    if (!field) return;
    const row = field.closest("tr");
    const key = field.dataset.key;
    const value = row.querySelector("[data-key=value]");
    change((entries) => {
      const entry = entries[Number(row.dataset.entry)];
      if (key === "what") {
        const example = field.value.endsWith(":") ? value.getAttribute(`data-${field.value.slice(0, -1)}`) : "";
        putWhat(entry, field.value, example);
      } else if (key === "value") putWhat(entry, row.querySelector("[data-key=what]").value, field.value);
      else PUT[key](entry, field.value);
    });
  });
  // keys of the page and of a WebUI stay outside of the fields
  document.addEventListener("keydown", (event) => {
    if (mine(event, "tbody input") && event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
      event.preventDefault();
    }
  });

  window.sadtalkerExtTimeline = {
    entries: () => entriesOf(textOf()?.value ?? "") || [],
    row: (place) => root()?.querySelectorAll("tbody tr")[place],
    heard: () => { sounds += 1; },
    data: () => data, seconds, plot, root, valueAt, word, change,
    // an entry as it is while it is being dragged; written once it is let go
    preview: (place, entry) => fill(window.sadtalkerExtTimeline.row(place), entry, place),
    undo: () => ACTIONS.undo(),
    goTo: (time) => { range().value = time; head(); },
  };
})();
