"""The label of a dubbed video."""

from types import SimpleNamespace

import numpy as np

from sadtalker_ext.dubbing import finish
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Picture


def test_it_is_in_the_language_of_the_roles(monkeypatch):
    picture = Picture(pixels=np.zeros((8, 8, 3), np.uint8), name="v.mp4")
    monkeypatch.setattr(finish, "_first", lambda *_: picture)
    monkeypatch.setattr(finish, "claim_of", lambda *_: None)
    options = GenerateOptions(mark="label", provenance="none")
    request = SimpleNamespace(options=options, overwrite=False)
    work = SimpleNamespace(request=request, tools=SimpleNamespace(spec=None))
    texts = (["Ja."], [], ["Das ist nicht von mir.", "Und von dir auch nicht."])
    lines = [[SimpleNamespace(speech=SimpleNamespace(text=text)) for text in one] for one in texts]
    assert finish.marking_of(work, None, lines).label == "KI-generiert"
