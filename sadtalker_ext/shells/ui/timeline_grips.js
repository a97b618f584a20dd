// The entries of a timeline as grips over its curves: the point where one begins, at the height of
// its strength, the one where it ends, and the bar between them. They are dragged, or moved by the
// arrow keys. Only the text is changed (timeline_editor.js); the server draws the curves anew.
(() => {
  const PREFIX = "sadtalker_ext";
  const MOST = 40; // entries that have grips at a time: those around the playhead
  const [TOP, HIGH] = [4, 92]; // percent of the picture, as timeline_plot.py draws the curves
  const SHORTEST = 0.04;
  const STEP = { seconds: 0.04, strength: 0.05 };
  const FIRST_PIXELS = { x: 3, y: 5 }; // so far a finger may tremble
  const ONE_CHANGE_MS = 1500; // key after key within it is undone at once
  const timeline = () => window.sadtalkerExtTimeline;
  const layer = document.createElement("div");
  layer.className = "stx-time-grips";
  let spans = []; // [start, end, whether the end is told, number of the curve] of each entry
  let known = new Map(); // the same by the entry's text
  let grips = new Map(); // place in the list: { bar, start, end }
  let focus = null; // [place, part] of the grip with the focus
  let drag = null;
  let pressed = { key: "", at: 0 };

  const limit = (value, low, high) => Math.min(high, Math.max(low, value));
  const round = (value, digits) => Number(value.toFixed(digits));
  const whole = () => timeline().data().seconds;
  const strength = (entry) => limit(Number(entry?.intensity ?? 1) || 0, 0, 1);

  const UNITS = /^([\d.+]+)\s*(%|f|s)?$/;
  const guessed = (text) => {
    const [, number, unit] = String(text ?? "").trim().match(UNITS) ?? [];
    const times = { "%": whole() / 100, f: 1 / timeline().data().fps }[unit] ?? 1;
    return number === undefined ? null : limit(Number(number) * times, 0, whole());
  };
  // where an entry lies until the server has said it; null: at a word
  const guess = (entry) => {
    const start = guessed(entry.at);
    const end = guessed(entry.until);
    return start === null ? null : [start, end ?? (entry.gesture ? start + 1 : whole()), Number(end !== null), -1];
  };

  // a moment keeps its unit; a word has none that could be moved
  const moment = (before, seconds) => {
    const unit = String(before ?? "").trim().match(UNITS)?.[2];
    if (unit === "%") return `${round((100 * seconds) / whole(), 1)}%`;
    if (unit === "f") return `${Math.round(seconds * timeline().data().fps)}f`;
    return round(seconds, 2);
  };

  // an entry and its span after one of its grips was moved, by seconds and by strength
  const moved = (from, span, part, seconds, more) => {
    const entry = { ...from };
    let [start, end, told] = span;
    const most = Math.max(whole(), SHORTEST);
    if (part === "start") {
      start = limit(start + seconds, 0, (told ? end : most) - SHORTEST);
      if (entry.gesture && !told) end += start - span[0];
    }
    if (part === "end") end = limit(end + seconds, start + SHORTEST, most);
    if (part === "bar") {
      const way = limit(seconds, -start, most - (told ? end : start + SHORTEST));
      [start, end] = [start + way, end + way];
    }
    if (part === "end") told = 1;
    if (start !== span[0]) entry.at = moment(from.at, start);
    if (told && end !== span[1]) entry.until = moment(from.until ?? from.at, end);
    if (more && part !== "end") entry.intensity = round(limit(strength(from) + more, 0, 1), 2);
    return { entry, span: [start, Math.min(end, most), told, span[3]] };
  };

  const words = (place) => {
    const list = timeline().row(place)?.querySelector("[data-key=what]");
    return `${place + 1}. ${list?.selectedOptions[0]?.text ?? ""}`;
  };
  const put = (place, entry, span) => {
    const { bar, start, end } = grips.get(place);
    const share = (seconds) => limit((100 * seconds) / (whole() || 1), 0, 100);
    const high = 100 - TOP - HIGH * strength(entry);
    const [from, to] = [share(span[0]), share(span[1])];
    for (const one of [bar, start, end]) {
      one.style.top = `${high}%`;
      one.className = one.className.replace(/ stx-time-c\d/, "");
      if (span[3] >= 0) one.classList.add(`stx-time-c${span[3] % 8}`);
    }
    bar.style.left = start.style.left = `${from}%`;
    bar.style.width = `${Math.max(0, to - from)}%`;
    end.style.left = `${to}%`;
    end.classList.toggle("stx-time-open", !span[2]);
    const named = { start: `${timeline().word("at")}, ${timeline().word("intensity")}`, end: timeline().word("until") };
    for (const [part, one] of Object.entries({ start, end })) {
      const at = part === "start" ? span[0] : span[1];
      one.setAttribute("aria-label", `${words(place)}: ${named[part]}`);
      one.setAttribute("aria-valuemax", whole().toFixed(2));
      one.setAttribute("aria-valuenow", at.toFixed(2));
      const more = part === "start" ? `, ${strength(entry).toFixed(2)}` : "";
      one.setAttribute("aria-valuetext", `${at.toFixed(2)} s${more}`);
      one.title = `${words(place)}: ${one.getAttribute("aria-valuetext")}`;
    }
  };

  const make = (place) => {
    const parts = {};
    for (const part of ["bar", "start", "end"]) {
      const one = parts[part] = document.createElement("div");
      one.className = `stx-time-${part === "bar" ? "bar-grip" : `grip stx-time-${part}`}`;
      one.dataset.place = place;
      one.dataset.part = part;
      if (part === "bar") { one.setAttribute("aria-hidden", "true"); continue; }
      one.tabIndex = 0;
      one.setAttribute("role", "slider");
      one.setAttribute("aria-valuemin", "0");
      one.setAttribute("aria-describedby", `${PREFIX}_timeline_help`);
    }
    return parts;
  };
  const near = (entries) => {
    const now = timeline().seconds();
    const far = (place) => {
      if (focus?.[0] === place || drag?.place === place) return -1;
      const [start, end] = spans[place];
      return Math.max(start - now, now - end, 0);
    };
    const places = entries.map((_, place) => place).filter((place) => spans[place]);
    return places.sort((a, b) => far(a) - far(b)).slice(0, MOST).sort((a, b) => a - b);
  };
  const draw = () => {
    const view = timeline().plot()?.querySelector(".stx-time-view");
    const entries = timeline().entries();
    if (!view || !whole()) return;
    const places = near(entries);
    if (places.join() !== [...grips.keys()].join()) {
      grips = new Map(places.map((place) => [place, grips.get(place) ?? make(place)]));
      layer.replaceChildren(...[...grips.values()].flatMap(({ bar, start, end }) => [bar, start, end]));
    }
    for (const place of places) {
      if (drag?.place === place) put(place, drag.now.entry, drag.now.span);
      else put(place, entries[place], spans[place]);
    }
    if (layer.parentElement !== view) view.append(layer);
    const held = focus && grips.get(focus[0])?.[focus[1]];
    if (held && document.activeElement === document.body) held.focus({ preventScroll: true });
  };
  document.addEventListener(`${PREFIX}_timeline`, ({ detail }) => {
    const texts = timeline().entries().map((entry) => JSON.stringify(entry));
    const found = timeline().data().spans;
    // a timeline that was refused has none: its entries stay where they are, to be moved back
    if (detail === "curves" && found.length === texts.length) {
      known = new Map(texts.map((text, place) => [text, found[place]]));
    }
    if (detail !== "head") spans = texts.map((text) => known.get(text) ?? guess(JSON.parse(text)));
    if (detail !== "head" || spans.length > MOST) draw();
  });
  // a picture that changes takes away what it does not know, and with it the focus
  new MutationObserver(() => {
    const view = timeline().plot()?.querySelector(".stx-time-view");
    if (view && layer.parentElement !== view) draw();
  }).observe(document, { childList: true, subtree: true });

  const write = (place, { entry, span }, how) => {
    known.set(JSON.stringify(entry), span);
    timeline().change((entries) => { entries[place] = entry; }, how);
  };
  const mark = () => {
    timeline().root()?.querySelectorAll("tbody tr").forEach((row, place) => {
      row.classList.toggle("stx-time-held", focus?.[0] === place);
    });
  };
  const gripOf = (event) => {
    const one = event.target.closest?.(".stx-time-grips [data-part]");
    return one && { one, place: Number(one.dataset.place), part: one.dataset.part };
  };
  document.addEventListener("focusin", (event) => {
    const grip = gripOf(event);
    focus = grip ? [grip.place, grip.part] : null;
    mark();
  });
  document.addEventListener("focusout", (event) => {
    // one that is taken away with the picture gets the focus back
    if (gripOf(event) && event.target.isConnected && !event.relatedTarget) {
      setTimeout(() => { if (!document.activeElement?.closest?.(".stx-time-grips")) { focus = null; mark(); } });
    }
  });

  document.addEventListener("pointerdown", (event) => {
    const grip = gripOf(event);
    const entry = grip && timeline().entries()[grip.place];
    if (!entry || drag || event.button) return;
    event.preventDefault();
    const { place, part, one } = grip;
    (part === "bar" ? grips.get(place).start : one).focus({ preventScroll: true });
    one.setPointerCapture(event.pointerId);
    drag = {
      ...grip, entry, pointer: event.pointerId, x: event.clientX, y: event.clientY, far: {},
      now: { entry, span: spans[place] },
    };
    layer.classList.add("stx-time-dragged");
  });
  document.addEventListener("pointermove", (event) => {
    if (drag?.pointer !== event.pointerId) return;
    const box = layer.getBoundingClientRect();
    const way = { x: event.clientX - drag.x, y: event.clientY - drag.y };
    for (const axis of ["x", "y"]) drag.far[axis] ||= Math.abs(way[axis]) >= FIRST_PIXELS[axis];
    const seconds = drag.far.x ? (way.x / box.width) * whole() : 0;
    const more = drag.far.y ? -way.y / (box.height * (HIGH / 100)) : 0;
    drag.now = moved(drag.entry, spans[drag.place], drag.part, seconds, more);
    put(drag.place, drag.now.entry, drag.now.span);
    timeline().preview(drag.place, drag.now.entry);
  });
  const end = (event) => {
    if (drag?.pointer !== event.pointerId) return;
    const { place, entry, now, far } = drag;
    drag = null;
    layer.classList.remove("stx-time-dragged");
    if (event.type === "pointercancel") { timeline().preview(place, entry); draw(); }
    else if (far.x || far.y) write(place, now);
  };
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  // a grip that is let go is no click on the curves, which would move the playhead
  window.addEventListener("click", (event) => { if (gripOf(event)) event.stopPropagation(); }, true);

  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  document.addEventListener("keydown", (event) => {
    const grip = gripOf(event);
    const entry = grip && timeline().entries()[grip.place];
    if (!entry) return;
    const { place, part } = grip;
    const way = WAYS[event.key];
    const times = event.shiftKey ? 5 : 1;
    if (way && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const same = pressed.key === `${place} ${part}` && event.timeStamp - pressed.at < ONE_CHANGE_MS;
      pressed = { key: `${place} ${part}`, at: event.timeStamp };
      const next = moved(entry, spans[place], part, way[0] * times * STEP.seconds, way[1] * times * STEP.strength);
      write(place, next, { keep: !same });
    } else if (event.key === "Delete") {
      timeline().change((entries) => entries.splice(place, 1));
      (grips.get(Math.min(place, spans.length - 1))?.start ?? timeline().root().querySelector("[data-do=add]")).focus();
    } else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) timeline().undo();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
})();
