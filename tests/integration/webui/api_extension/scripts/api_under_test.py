"""For tests of the REST routes in a real WebUI: puts the steered engine and internet in place.

SADTALKER_TEST_CONTROL names the folder tests steer them by; without it nothing is changed. Routes,
settings, credentials, the job table and the WebUI's own server stay what they are.
"""

import os
import sys
from pathlib import Path

if os.environ.get("SADTALKER_TEST_CONTROL"):
    sys.path.append(os.environ["SADTALKER_TEST_ROOT"])

    from sadtalker_ext.engines import registry
    from sadtalker_ext.shells.webui import rest
    from tests.support.under_test import Control, SteeredEngine, SteeredInternet, steered_specs

    control = Control(Path(os.environ["SADTALKER_TEST_CONTROL"]))
    jobs = Path(os.environ["SADTALKER_HOME"]) / "webui"
    specs = steered_specs(SteeredEngine(control, jobs))
    registry.engine_specs = lambda: specs
    internet = SteeredInternet(control)
    hosts_policy = rest._url_policy
    rest._url_policy = lambda: internet.steer(hosts_policy())
