"""What the server says about itself: options, engines, voices, health, and its OpenAPI page."""

import re

from tests.support.api import PREFIX, TALKS


def test_descriptions(client):
    options = client.get(f"{PREFIX}/options").json()
    assert options["properties"]["head_motion"]["maximum"] == 2
    engines = client.get(f"{PREFIX}/engines").json()
    assert engines["default"] == "puppet"
    assert [one["ready"] for one in engines["engines"]] == [False, True]
    assert {"voices", "reason", "hint"} <= set(client.get(f"{PREFIX}/voices").json())
    health = client.get(f"{PREFIX}/health").json()
    assert health["status"] == "ok"
    assert set(health["jobs"]) == {"created", "started", "done", "error", "rejected"}


def test_the_documentation_shows_every_route_and_examples(client):
    document = client.get(f"{PREFIX}/openapi.json").json()
    assert set(document["paths"]) == {
        f"{PREFIX}{path}"
        for path in (
            "/talks",
            "/talks/{talk_id}",
            "/talks/{talk_id}/video",
            "/talks/{talk_id}/captions",
            "/talks/{talk_id}/manifest",
            "/talks/{talk_id}/events",
            "/options",
            "/engines",
            "/voices",
            "/health",
        )
    }
    content = document["paths"][TALKS]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert content["application/json"]["examples"]
    assert "TalkRequest" in document["components"]["schemas"]
    video = document["paths"][f"{TALKS}/{{talk_id}}/video"]["get"]["responses"]["200"]["content"]
    kinds = {"video/mp4", "video/webm", "video/quicktime", "image/gif", "application/zip"}
    assert set(video) == kinds


def test_the_page_to_read_loads_nothing_from_elsewhere(client):
    got = client.get(f"{PREFIX}/docs")
    assert got.headers["content-type"].startswith("text/html")
    assert got.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in got.text
    links = re.findall(r"""(?:src|href|url|action)\s*[=(]\s*["']?([^"')\s>]+)""", got.text)
    assert {link for link in links if not link.startswith("#")} == {"openapi.json"}
    anchors = set(re.findall(r'id="([^"]+)"', got.text))
    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    for word in ("/talks/{talk_id}/events", "head_motion", "idle_seconds", "Idempotency-Key"):
        assert word.lower() in got.text.lower()
    assert "Is it alive? Version" in got.text
    assert "<td>anything</td>" not in got.text
