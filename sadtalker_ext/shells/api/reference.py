"""The OpenAPI document as one page to read: no script, and nothing from another server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'"
"""The page's Content-Security-Policy: a browser would refuse whatever slipped in."""

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2563a8; }
@media (prefers-color-scheme: dark) { :root { --accent: #7ab8f5; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { margin: 2rem 0 .25rem; font-size: 1rem; }
a { color: var(--accent); }
code, pre { font: .875em/1.5 ui-monospace, monospace; background: var(--soft); border-radius: 4px; }
code { padding: .1em .3em; overflow-wrap: anywhere; }
pre { padding: .75rem; overflow-x: auto; }
pre code { padding: 0; background: none; overflow-wrap: normal; }
.method { display: inline-block; min-width: 4.5em; font-weight: 700; color: var(--accent); }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
         border-bottom: 1px solid var(--line); }
td:last-child { min-width: 14rem; }
ul.routes { list-style: none; padding: 0; }
"""


def reference_page(document: Json) -> str:
    """Return the page as HTML.

    Args:
        document: OpenAPI, its schemas under `components` as `shapes.named` leaves them.
    """
    info = document["info"]
    routes = [
        (method.upper(), path, route)
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    ]
    parts = [
        f"<h1>{escape(info['title'])} REST</h1>",
        "".join(f"<p>{_words(text)}</p>" for text in info.get("description", "").split("\n\n")),
        '<p>Version {}. For programs: <a href="openapi.json">openapi.json</a>.</p>'.format(
            escape(info["version"])
        ),
        '<ul class="routes">',
        *(
            f'<li><a href="#{_anchor(method, path)}">{_route(method, path)}</a> '
            f"{escape(route['summary'])}</li>"
            for method, path, route in routes
        ),
        "</ul>",
        "<h2>Routes</h2>",
        *(_one_route(*entry) for entry in routes),
        "<h2>Values</h2>",
        *(_one_schema(name, one) for name, one in document["components"]["schemas"].items()),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} REST</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )


def _one_route(method: str, path: str, route: Json) -> str:
    parts = [
        f'<h3 id="{_anchor(method, path)}">{_route(method, path)}</h3>',
        f"<p>{_words(_sentence(route['summary']))} {_words(route.get('description', ''))}</p>",
    ]
    rows = [
        (one["name"], f"{one['in']}, {_kind(one['schema'])}", _limits(one["schema"]))
        for one in route.get("parameters", ())
    ]
    parts.append(_table(("parameter", "kind", ""), rows))
    for kind, content in route.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body as <code>{escape(kind)}</code>: {_kind(content['schema'])}</p>")
        for example in content.get("examples", {}).values():
            text = json.dumps(example["value"], indent=2, ensure_ascii=False)
            parts.append(f"<p>{_words(example['summary'])}:</p>")
            parts.append(f"<pre><code>{escape(text)}</code></pre>")
    rows = [
        (status, _kinds(answer.get("content", {})), _words(answer["description"]))
        for status, answer in sorted(route["responses"].items())
    ]
    parts.append(_table(("answer", "kind", ""), rows))
    return "".join(parts)


def _one_schema(name: str, schema: Json) -> str:
    needed = schema.get("required", ())
    rows = [
        (
            field,
            _kind(one) + (", needed" if field in needed else ""),
            " ".join(filter(None, (_words(one.get("description", "")), _limits(one)))),
        )
        for field, one in schema.get("properties", {}).items()
    ]
    parts = [
        f'<h3 id="{escape(name)}">{escape(name)}</h3>',
        f"<p>{_words(schema['description'])}</p>" if schema.get("description") else "",
        _table(("field", "kind", ""), rows),
    ]
    refused = [(field, "", _words(hint)) for field, hint in schema.get("x-unsupported", {}).items()]
    if refused:
        parts.append("<p>Known to D-ID, and refused here by name:</p>")
        parts.append(_table(("field", "", ""), refused))
    return "".join(parts)


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    cells = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{kind}</td><td>{words}</td></tr>"
        for name, kind, words in rows
    )
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f'<div class="table"><table><tr>{titles}</tr>{cells}</table></div>'


def _kinds(content: Json) -> str:
    return ", ".join(
        # of a file or a stream only the type is worth a word
        _kind(one["schema"]) if "$ref" in one.get("schema", {}) else f"<code>{escape(kind)}</code>"
        for kind, one in content.items()
    )


def _kind(schema: Json) -> str:
    """Return a link to a named schema, or the name of a type."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return escape(" or ".join(kind) if isinstance(kind, list) else kind)


def _limits(schema: Json) -> str:
    words = []
    if "enum" in schema:
        words.append("One of " + ", ".join(_value(one) for one in schema["enum"]) + ".")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        words.append(f"{_value(low)} to {_value(high)}.")
    elif low is not None:
        words.append(f"At least {_value(low)}.")
    if schema.get("default") not in (None, ""):
        words.append(f"Default {_value(schema['default'])}.")
    return " ".join(words)


def _value(value: object) -> str:
    return f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>"


def _words(text: str) -> str:
    """Return running text; `code` and *stress* as in the OpenAPI document."""
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text.strip().rstrip(".")))
    safe = re.sub(r"\*([^*\s]+)\*", r"<em>\1</em>", safe)
    return safe + "." if safe and safe[-1] not in "?!:" and text.strip().endswith(".") else safe


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _route(method: str, path: str) -> str:
    return f'<span class="method">{method}</span><code>{escape(path)}</code>'


def _anchor(method: str, path: str) -> str:
    return escape(re.sub(r"\W+", "-", f"{method}{path}").strip("-").lower())
