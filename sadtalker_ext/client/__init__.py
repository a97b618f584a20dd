"""A client of the REST routes, for programs on this or another machine.

Needs only httpx besides this package::

    from sadtalker_ext.client import Client

    with Client("http://127.0.0.1:7861") as client:
        client.make("portrait.png", "speech.mp3", "video.mp4")
"""

from sadtalker_ext.client.answers import FINAL, ApiError, Talk, TalkProgress
from sadtalker_ext.client.media import Media
from sadtalker_ext.client.session import PREFIX, Client

__all__ = ["FINAL", "PREFIX", "ApiError", "Client", "Media", "Talk", "TalkProgress"]
