"""What a host lacks, and what stands in for it."""

from types import SimpleNamespace

from sadtalker_ext.host import offers

BAR = SimpleNamespace(create_task_id=str)
NO_BAR = SimpleNamespace()


def test_the_page_is_told_of_progress_as_often_as_the_host_says():
    options = SimpleNamespace(live_preview_refresh_period=1500)
    assert offers.look_seconds(BAR, options) == 1.5
    assert offers.look_seconds(BAR, SimpleNamespace()) == 1.0
    options.live_preview_refresh_period = 1
    assert offers.look_seconds(BAR, options) == offers.LEAST_LOOK_SECONDS
    # its page takes long to draw what changed
    assert offers.look_seconds(NO_BAR, options) == offers.SDNEXT_LOOK_SECONDS
    options.live_preview_refresh_period = 5000
    assert offers.look_seconds(NO_BAR, options) == 5.0
