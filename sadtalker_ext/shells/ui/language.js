// The language of the stand-alone page: English texts are replaced as they appear. A WebUI does
// this by itself, from the files in the folder "localizations".
(() => {
  const { keys, texts, own } = __WORDS__;
  const KEY = "sadtalker_ext_language";
  const CHOICE = ".stx-language";
  const UNTOUCHED = "script, style, textarea, pre, code, .stx-path, .stx-language, .file-name";
  const ATTRIBUTES = ["title", "placeholder", "aria-label", "alt", "label"];
  const NUMBERS = /^(.+?) ([\d.,]+ \/ [\d.,]+(?: \S+)?|[\d.,]+ (?:%|s|MB|GB))$/s;
  const MOST_KEPT = 5000;

  const supported = (code) => {
    const short = String(code || "").toLowerCase().split("-")[0];
    return short === "en" || texts[short] ? short : "";
  };
  // an address with "?lang=" and the choice in the header are remembered
  const asked = supported(new URLSearchParams(location.search).get("lang"));
  const stored = () => {
    try { return supported(localStorage.getItem(KEY)); } catch { return ""; }
  };
  // whether the next page will know; a browser may keep nothing
  const remember = (code) => {
    try { localStorage.setItem(KEY, code); } catch { return false; }
    return stored() === code;
  };
  if (asked) remember(asked);
  const wished = (navigator.languages || [navigator.language]).map(supported).find(Boolean);
  const language = asked || stored() || wished || "en";

  const table = new Map();
  const templates = [];
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // "a {0} b {1:words}" becomes an expression; a hole that comes again has to match the same
  const template = (key, value) => {
    const kinds = {};
    const source = key.split(/(\{\d+(?::\w+)?\})/).map((part) => {
      const hole = part.match(/^\{(\d+)(?::(\w+))?\}$/);
      if (!hole) return escaped(part);
      const [, number, kind] = hole;
      if (number in kinds) return `\\k<h${number}>`;
      kinds[number] = kind || "";
      return `(?<h${number}>.+?)`;
    }).join("");
    const literal = key.replace(/\{[^}]*\}/g, "").length;
    return { pattern: new RegExp(`^${source}$`, "s"), kinds, value, literal };
  };
  (texts[language] || []).forEach((value, index) => {
    if (/\{\d/.test(keys[index])) templates.push(template(keys[index], value));
    else table.set(keys[index], value);
  });
  // the one that says most is tried first
  templates.sort((one, other) => other.literal - one.literal);

  const fill = ({ kinds, value }, groups) => value.replace(
    /\{(\d+)(?::\w+)?\}/g,
    (_, number) => {
      const data = groups[`h${number}`];
      if (kinds[number] === "list") return data.split(", ").map((one) => say(one)).join(", ");
      return kinds[number] === "words" ? say(data) : data;
    },
  );
  const kept = new Map();
  const found = (text) => {
    const known = table.get(text);
    if (known !== undefined) return known;
    const counted = text.match(NUMBERS);
    if (counted && table.has(counted[1])) return `${table.get(counted[1])} ${counted[2]}`;
    for (const one of templates) {
      const match = text.match(one.pattern);
      if (match) return fill(one, match.groups);
    }
    return text;
  };
  // the translation of an English text; a text that is not known stays as it is
  function say(text) {
    if (language === "en") return text;
    const core = text.trim();
    if (!core || !/[a-z]/i.test(core)) return text;
    if (!kept.has(core)) {
      if (kept.size > MOST_KEPT) kept.clear();
      kept.set(core, found(core));
    }
    return text.replace(core, () => kept.get(core));
  }
  window.sadtalkerExtSay = say;

  // names that people gave must not be taken for words of ours
  const isTheirs = (element, text) => Object.entries(own).some(([id, ours]) => (
    element.closest(`#${id} ul, #${id} input`) && !ours.includes(text.trim())
  ));
  const textNode = (node) => {
    const parent = node.parentElement;
    if (!parent || parent.closest(UNTOUCHED)) return;
    const text = node.data;
    const other = say(text);
    if (other !== text && !isTheirs(parent, text)) node.data = other;
  };
  const attributes = (element) => {
    for (const name of ATTRIBUTES) {
      const text = element.getAttribute(name);
      if (!text || element.closest(".stx-path")) continue;
      const other = say(text);
      if (other !== text) element.setAttribute(name, other);
    }
  };
  const everything = (root) => {
    if (root.nodeType === Node.TEXT_NODE) { textNode(root); return; }
    if (root.nodeType !== Node.ELEMENT_NODE) return;
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = root; node; node = walk.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) textNode(node);
      else attributes(node);
    }
  };

  // a closed list shows its choice in a text field, which gradio writes and reads in English:
  // the field shows the translation only while nobody is in it
  const closedLists = () => {
    for (const field of document.querySelectorAll("#sadtalker_ext_root input[role=combobox]")) {
      if (field === document.activeElement || field.value === field.dataset.shown) continue;
      const other = say(field.value);
      if (other === field.value || isTheirs(field, field.value)) continue;
      field.dataset.english = field.value;
      field.dataset.shown = field.value = other;
    }
  };
  const english = (event) => {
    const field = event.target;
    if (!field.matches?.("input[role=combobox]") || !field.dataset.shown) return;
    if (field.value === field.dataset.shown) field.value = field.dataset.english;
    delete field.dataset.shown;
  };

  const begin = () => {
    document.documentElement.lang = language;
    document.addEventListener("change", (event) => {
      if (!event.target.matches?.(CHOICE)) return;
      const { value } = event.target;
      const address = new URL(location.href);
      if (remember(value)) address.searchParams.delete("lang");
      else address.searchParams.set("lang", value);
      // going to an address that differs after its "#" only, or not at all, would load nothing
      history.replaceState(history.state, "", address);
      location.reload();
    });
    const shown = () => {
      const choice = document.querySelector(CHOICE);
      if (choice && choice.value !== language) choice.value = language;
    };
    new MutationObserver(shown).observe(document.body, { childList: true, subtree: true });
    if (language === "en") return;
    everything(document.body);
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.type === "childList") change.addedNodes.forEach(everything);
        else if (change.type === "characterData") textNode(change.target);
        else attributes(change.target);
      }
    }).observe(document.body, {
      childList: true, subtree: true, characterData: true,
      attributes: true, attributeFilter: ATTRIBUTES,
    });
    document.addEventListener("focusin", english, true);
    setInterval(closedLists, 400);
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
