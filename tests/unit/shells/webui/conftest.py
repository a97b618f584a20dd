import asyncio

import pytest

from tests.unit.host.conftest import host, webui

__all__ = ["host", "webui"]


@pytest.fixture(scope="package", autouse=True)
def closed_loops():
    """Close the event loops that gradio opens for a page and leaves behind."""
    opened, new_loop = [], asyncio.new_event_loop

    def remembered():
        opened.append(new_loop())
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", remembered)
        yield
    asyncio.set_event_loop(None)
    for loop in opened:
        loop.close()
