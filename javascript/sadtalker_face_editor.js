// Placing the points of a face by hand, over the portrait: pointer, touch and keys.
// All words stand in the page's own HTML (face_editor.py), where they are translated.
(() => {
  const PREFIX = "sadtalker_ext";
  const SVG = "http://www.w3.org/2000/svg";
  const SIMPLE = ["left_eye_outer", "right_eye_outer", "mouth_left", "mouth_right"];
  const STEP = 0.004; // of the picture's width, by an arrow key
  const LINES = [
    ["left_eye_outer", "left_eye_top", "left_eye_inner", "left_eye_bottom", "left_eye_outer"],
    ["right_eye_inner", "right_eye_top", "right_eye_outer", "right_eye_bottom", "right_eye_inner"],
    ["mouth_left", "upper_lip", "mouth_right", "lower_lip", "mouth_left"],
    ["mouth_left", "mouth_middle", "mouth_right"],
    ["mouth_left", "mouth_bottom", "mouth_right"],
    ["forehead", "right_cheek", "chin", "left_cheek", "forehead"],
  ];
  const find = (name) => document.getElementById(`${PREFIX}_${name}`);
  const portrait = () => document.querySelector(`#${PREFIX}_picture img`);
  let points = {};
  let start = {};
  let ratio = 1; // the picture's height as a share of its width
  let buttons = {};

  const dialog = () => document.querySelector("dialog.stx-face");
  const names = () => [...dialog().querySelectorAll("li")].map((one) => one.dataset.point);
  const words = (name) => dialog().querySelector(`li[data-point="${name}"]`).textContent;
  const clamp = (value) => Math.min(1.25, Math.max(-0.25, value));
  const copy = (some) => Object.fromEntries(Object.entries(some).map(([k, v]) => [k, [...v]]));

  // lengths are counted in widths of the picture, so that a circle stays one
  const middle = () => {
    const all = Object.values(points);
    return [0, 1].map((axis) => all.reduce((sum, one) => sum + one[axis], 0) / all.length);
  };
  const place = (name) => {
    if (points[name]) return points[name];
    const all = Object.values(points);
    const low = Math.max(...all.map((one) => one[1]));
    const high = Math.min(...all.map((one) => one[1]));
    const right = Math.max(...all.map((one) => one[0]));
    const edge = (value) => Math.min(0.97, Math.max(0.03, value));
    const sheet = dialog().querySelector(".stx-face-sheet");
    const gap = Math.max(0.05, 32 / (sheet.offsetWidth || 640)) / ratio;
    return name === "move" ? [edge(middle()[0]), edge(high - gap)] : [edge(right), edge(low + gap)];
  };

  const smooth = (line) => { // a curve through points: Catmull-Rom as cubic pieces
    const closed = line[0] === line.at(-1);
    const p = line.map((name) => [100 * points[name][0], 100 * points[name][1]]);
    const n = p.length - 1;
    const at = (i) => (closed ? p[(i + n) % n] : p[Math.min(n, Math.max(0, i))]);
    let path = `M${p[0]}`;
    for (let i = 0; i < n; i += 1) {
      const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
      const one = [0, 1].map((k) => b[k] + (c[k] - a[k]) / 6);
      const two = [0, 1].map((k) => c[k] - (d[k] - b[k]) / 6);
      path += `C${one} ${two} ${c}`;
    }
    return path;
  };
  const draw = () => {
    const paths = dialog().querySelectorAll("path");
    [...LINES, ...LINES].forEach((line, i) => {
      paths[i].setAttribute("d", line.every((name) => points[name]) ? smooth(line) : "");
    });
    dialog().querySelector(".stx-face-open-mouth input").checked = Boolean(points.mouth_bottom);
    buttons.mouth_bottom.hidden = !points.mouth_bottom;
    for (const [name, button] of Object.entries(buttons)) {
      if (button.hidden) continue;
      const [x, y] = place(name);
      button.style.left = `${100 * x}%`;
      button.style.top = `${100 * y}%`;
    }
  };
  const tell = (name) => {
    const [x, y] = place(name).map((one) => (100 * one).toFixed(1));
    dialog().querySelector(".stx-face-told").textContent = `${words(name)}: ${x} %, ${y} %`;
  };

  // moves a point, or by "move" and "size" all of them
  const move = (name, x, y) => {
    if (points[name]) {
      points[name] = [clamp(x), clamp(y)];
    } else if (name === "move") {
      const [ax, ay] = place("move");
      for (const one of Object.keys(points)) {
        points[one] = [clamp(points[one][0] + x - ax), clamp(points[one][1] + y - ay)];
      }
    } else {
      const [mx, my] = middle();
      const [ax, ay] = place("size");
      const from = [ax - mx, (ay - my) * ratio];
      const to = [x - mx, (y - my) * ratio];
      const whole = Math.max(1e-6, from[0] ** 2 + from[1] ** 2);
      const along = (from[0] * to[0] + from[1] * to[1]) / whole;
      const turn = (from[0] * to[1] - from[1] * to[0]) / whole;
      if (Math.hypot(along, turn) < 0.2) return;
      for (const [one, [px, py]] of Object.entries(points)) {
        const [dx, dy] = [px - mx, (py - my) * ratio];
        points[one] = [
          clamp(mx + along * dx - turn * dy), clamp(my + (turn * dx + along * dy) / ratio),
        ];
      }
    }
    draw();
    tell(name);
  };

  // small mouths have points that lie over one another: the nearest one is meant
  const nearest = (event) => {
    const away = (button) => {
      const box = button.getBoundingClientRect();
      return Math.hypot(
        event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2,
      );
    };
    const seen = Object.keys(buttons).filter((name) => !buttons[name].hidden);
    return seen.reduce((a, b) => (away(buttons[b]) < away(buttons[a]) ? b : a));
  };
  const listen = (button, ownName) => {
    button.addEventListener("pointerdown", (event) => {
      const name = nearest(event);
      const button = buttons[name];
      event.preventDefault();
      button.focus({ preventScroll: true });
      button.setPointerCapture(event.pointerId);
      const sheet = dialog().querySelector(".stx-face-sheet").getBoundingClientRect();
      const [x, y] = place(name);
      const grip = [event.clientX - x * sheet.width, event.clientY - y * sheet.height];
      let last = [x, y];
      const follow = (now) => {
        const to = [(now.clientX - grip[0]) / sheet.width, (now.clientY - grip[1]) / sheet.height];
        // the handle of all follows the points, so that only the way since the last event counts
        const here = place(name);
        move(name, here[0] + to[0] - last[0], here[1] + to[1] - last[1]);
        last = to;
      };
      const end = () => {
        button.removeEventListener("pointermove", follow);
        button.removeEventListener("pointerup", end);
        button.removeEventListener("pointercancel", end);
      };
      button.addEventListener("pointermove", follow);
      button.addEventListener("pointerup", end);
      button.addEventListener("pointercancel", end);
    });
    button.addEventListener("focus", () => tell(ownName));
    button.addEventListener("keydown", (event) => {
      const way = {
        ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
      }[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      const step = event.shiftKey ? 5 * STEP : STEP;
      const [x, y] = place(ownName);
      move(ownName, x + way[0] * step, y + (way[1] * step) / ratio);
    });
  };

  const fill = () => {
    const sheet = dialog().querySelector(".stx-face-sheet");
    const picture = document.createElement("img");
    picture.src = portrait().currentSrc || portrait().src;
    picture.alt = "";
    picture.draggable = false;
    const lines = document.createElementNS(SVG, "svg");
    lines.setAttribute("viewBox", "0 0 100 100");
    lines.setAttribute("preserveAspectRatio", "none");
    lines.setAttribute("aria-hidden", "true");
    // each line twice, dark below and bright above: it is seen on any picture
    [...LINES, ...LINES].forEach(() => lines.append(document.createElementNS(SVG, "path")));
    [...lines.children].slice(LINES.length).forEach((one) => one.classList.add("stx-bright"));
    buttons = {};
    for (const name of names()) {
      const button = buttons[name] = document.createElement("button");
      button.type = "button";
      button.className = `stx-face-point stx-face-${name}`;
      button.setAttribute("aria-label", words(name));
      button.title = words(name);
      listen(button, name);
    }
    sheet.replaceChildren(picture, lines, ...Object.values(buttons));
  };

  const zoom = (value) => {
    const view = dialog().querySelector(".stx-face-view");
    const sheet = dialog().querySelector(".stx-face-sheet");
    view.style.height = ""; // as high as there is room, but not higher than the picture
    view.style.height = `${Math.min(view.clientHeight, view.clientWidth * ratio)}px`;
    // at 1 the whole picture is seen, however tall it is
    const whole = Math.min(1, view.clientHeight / (view.clientWidth * ratio));
    sheet.style.width = `${100 * whole * value}%`;
    const [x, y] = middle();
    view.scrollLeft = x * sheet.offsetWidth - view.clientWidth / 2;
    view.scrollTop = y * sheet.offsetHeight - view.clientHeight / 2;
  };

  const open = () => {
    const data = find("face_start")?.querySelector(".stx-face-start");
    const shown = portrait();
    if (!data || !shown || !dialog() || dialog().open) return;
    start = JSON.parse(data.dataset.points);
    if (!SIMPLE.every((name) => start[name])) return;
    points = copy(start);
    ratio = (shown.naturalHeight || 1) / (shown.naturalWidth || 1);
    dialog().querySelector("[data-do=forget]").hidden = !data.dataset.kept;
    fill();
    dialog().showModal();
    dialog().querySelector("input[type=range]").value = 1;
    zoom(1);
    draw();
    buttons.move.focus();
  };
  // the hidden button's event reads what was placed here
  const write = (text) => {
    window[`${PREFIX}_face_placed`] = text;
    const button = find("face_keep");
    (button.matches("button") ? button : button.querySelector("button")).click();
  };
  const rounded = () => JSON.stringify(Object.fromEntries(
    Object.entries(points).map(([name, at]) => [name, at.map((one) => Number(one.toFixed(5)))]),
  ));
  const ACTIONS = {
    use: () => { dialog().close(); write(rounded()); },
    again: () => { points = copy(start); draw(); },
    forget: () => { dialog().close(); write(""); },
    cancel: () => dialog().close(),
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".stx-face-open")) open();
    const action = event.target.closest?.("dialog.stx-face [data-do]")?.dataset.do;
    if (action) ACTIONS[action]();
  });
  // an open mouth has the edge of the lower lip as a further point
  const openMouth = (open) => {
    if (!open) delete points.mouth_bottom;
    else points.mouth_bottom = [0, 1].map((k) => (points.mouth_middle[k] + points.lower_lip[k]) / 2);
    draw();
  };
  document.addEventListener("input", (event) => {
    if (event.target.closest?.(".stx-face-open-mouth")) openMouth(event.target.checked);
    if (event.target.closest?.(".stx-face-zoom")) zoom(Number(event.target.value));
  });
  // keys of the page and of a WebUI stay outside
  document.addEventListener("keydown", (event) => {
    if (!dialog()?.open) return;
    if (event.key === "Escape") dialog().close();
    if (event.key === "Escape" || event.key === "Enter") event.stopPropagation();
  }, true);
})();
