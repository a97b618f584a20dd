"""Random requests made from our own OpenAPI document: never a 5xx, and answers as documented."""

import pytest

pytest.importorskip("schemathesis")

import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.support.api import PREFIX

load_all_checks()
NAMES = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "use_after_free",
]
ROUTES = [
    ("POST", "/talks"),
    ("GET", "/talks"),
    ("GET", "/talks/{talk_id}"),
    ("DELETE", "/talks/{talk_id}"),
    ("GET", "/talks/{talk_id}/video"),
    ("GET", "/talks/{talk_id}/captions"),
    ("GET", "/talks/{talk_id}/events"),
    ("GET", "/options"),
    ("GET", "/engines"),
    ("GET", "/voices"),
    ("GET", "/health"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda word: word)
def test_random_requests(site, client, method, path):
    found = client.get(f"{PREFIX}/openapi.json").json()
    document = schemathesis.openapi.from_dict(found)
    checks = CHECKS.get_by_names(NAMES)
    statuses = set()

    def one(*, case):
        response = case.call(base_url=site.url, auth=site.auth())
        statuses.add(response.status_code)
        assert response.status_code < 500 or response.status_code in (503, 507), response.text
        case.validate_response(response, checks=checks)

    # wrong requests can only be made where there is a body or a parameter with rules
    for mode in GenerationMode if path == "/talks" else (GenerationMode.POSITIVE,):
        strategy = document[f"{PREFIX}{path}"][method].as_strategy(generation_mode=mode)
        examples = hypothesis_settings(
            max_examples=40 if method == "POST" else 15,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        examples(given(case=strategy)(one))()
    assert statuses
    assert 401 not in statuses
