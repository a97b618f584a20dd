"""The visible label is in its corner, readable, and nowhere else."""

import numpy as np
import pytest

from sadtalker_ext.encoder import fonts
from sadtalker_ext.encoder.label import Label, can_draw
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.option_fields.label_words import LABEL_WORDS
from tests.support import media


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize(("height", "width"), [(512, 512), (256, 256), (1080, 1920), (1200, 800)])
def test_the_label_stays_in_its_corner(level, height, width):
    frame = np.full((height, width, 3), level, np.uint8)
    marked = Label().draw(frame)
    assert (frame == level).all(), "the caller's frame is not touched"
    rows, columns = np.nonzero((marked != frame).any(axis=2))
    assert rows.min() > height * 0.8
    assert columns.min() > width * 0.35
    high = np.ptp(rows) + 1
    expected = max(round(0.045 * min(height, width)), 16)
    if level:
        assert high == expected
    else:  # on black only the letters differ, not their plate
        assert 0.5 * expected < high < expected
    patch = marked[rows.min() : rows.max(), columns.min() : columns.max()].astype(int)
    # dark plate and light letters, whatever is below
    assert np.percentile(patch, 97) - np.percentile(patch, 20) > 80


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 200), (200, 32), (16, 16), (2, 2)])
def test_small_frames_do_no_harm(height, width):
    frame = np.full((height, width, 3), 200, np.uint8)
    marked = Label().draw(frame)
    assert marked.shape == frame.shape
    assert (marked[: height // 4] == 200).all()


@pytest.mark.parametrize("language", LABEL_WORDS)
def test_every_wording_is_drawn_or_known_to_lack_a_font(language):
    words = LABEL_WORDS[language]
    if not can_draw(words):
        assert not words.isascii()
        pytest.skip(f"no font here for {words}")
    frame = np.full((512, 512, 3), 128, np.uint8)
    marked = Label(words).draw(frame)
    rows, columns = np.nonzero((marked > 200).any(axis=2))
    assert len(rows) > 60 and rows.min() > 470 and columns.min() > 180
    if language != "en":
        assert (marked != Label().draw(frame)).any()


def test_a_letter_that_a_font_lacks_is_seen():
    assert can_draw("AI-generated")
    assert not can_draw("AI \uffff")


def test_the_video_carries_it(tmp_path):
    plain, marked = tmp_path / "plain.mp4", tmp_path / "marked.mp4"
    for path in (plain, marked):
        with VideoWriter(path, label="AI-generated" if path == marked else "") as writer:
            for _ in range(5):
                writer.write(np.full((256, 256, 3), 90, np.uint8))
    difference = np.abs(media.read_frames(plain)[0].astype(int) - media.read_frames(marked)[0])
    assert difference[-1, 235:250, 150:250].max() > 100
    assert difference[-1, :200].max() <= 1


def test_fonts_are_looked_for_once(monkeypatch):
    from PIL import ImageFont

    asked = []
    monkeypatch.setattr(ImageFont, "truetype", lambda *about: asked.append(about) or 1 / 0)
    monkeypatch.setattr(fonts, "_FILES", ())
    fonts.font_for.cache_clear()
    assert fonts.font_for("й", 20) is None
    monkeypatch.setattr(fonts, "_FILES", ("DejaVuSans.ttf",))
    assert fonts.font_for("й", 20) is None
    assert not asked
    fonts.font_for.cache_clear()
