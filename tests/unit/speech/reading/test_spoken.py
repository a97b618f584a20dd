import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadtalker_ext.speech.reading.sentences import sentences, tokens
from sadtalker_ext.speech.reading.spoken import punctuation, spoken


def said(text):
    found = tokens(text)
    return " ".join(word for index in range(len(found)) for word in spoken(found, index))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$9.99", "nine dollars and ninety nine cents"),
        ("$1", "one dollar"),
        ("$5 million", "five million dollars"),
        ("£2bn", "two billion pounds"),
        ("€1.50", "one euro and fifty cents"),
        ("£0.01", "zero pounds and one penny"),
        ("¥500", "five hundred yen"),
        ("20¢", "twenty cents"),
        ("US$3", "three dollars"),
        ("-$5", "minus five dollars"),
        ("50%", "fifty percent"),
        ("10-20%", "ten to twenty percent"),
        ("20°C", "twenty degrees Celsius"),
        ("5 km", "five kilometers"),
        ("1 km", "one kilometer"),
        ("10kg", "ten kilograms"),
        ("60 fps", "sixty frames per second"),
        ("6 ft", "six feet"),
        ("1/2", "one half"),
        ("24/7", "twenty four seven"),
        ("120/80", "one hundred twenty over eighty"),
        ("3x4", "three by four"),
        ("2+2=4", "two plus two equals four"),
        ("16:9", "sixteen to nine"),
        ("#5", "number five"),
        ("v1.2.3", "version one point two point three"),
        ("555-1234", "five five five one two three four"),
        ("1,250,000", "one million two hundred fifty thousand"),
        ("7:30 pm", "seven thirty P M"),
        ("10:05", "ten oh five"),
        ("8:00", "eight o'clock"),
        ("7am", "seven A M"),
        ("March 3, 2024", "March third twenty twenty four"),
        ("Jan. 5", "January fifth"),
        ("2024-11-27", "November twenty seventh twenty twenty four"),
        ("12/31/1999", "December thirty first nineteen ninety nine"),
        ("1914-1918", "nineteen fourteen to nineteen eighteen"),
        ("the 1990s", "the nineteen nineties"),
        ("22nd", "twenty second"),
        ("Dr. Smith", "doctor Smith"),
        ("St. Mary's St. is", "saint Mary's street is"),
        ("e.g. this", "for example this"),
        ("5 a.m.", "five A M"),
        ("the U.S. army", "the U S army"),
        ("No. 5", "number five"),
        ("he said no.", "he said no"),
        ("Henry VIII", "Henry the eighth"),
        ("Chapter IV", "Chapter four"),
        ("me@host.org", "me at host dot org"),
        ("https://www.example.com/ab?x=1", "W W W dot example dot com slash ab question mark X "
         "equals one"),
        ("file.txt", "file dot T X T"),
        ("H2O", "H two O"),
        ("GPT-4", "GPT four"),
        ("well-known", "well known"),
        ("and/or", "and or"),
        ("R & D", "R and D"),
        ("Noooooo!", "Noo"),
        ("DVDs", "D V D's"),
        ("the UK and us", "the U K and us"),
        ("camelCaseName", "camel Case Name"),
        ("½ cup", "one half cup"),
        ("😀", ""),
        ("***", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_written_is_said(text, expected):
    assert said(text) == expected


def test_the_dot_of_an_abbreviation_is_no_pause():
    found = tokens("Dr. Smith vs. Jones etc.")
    assert [punctuation(found, index) for index in range(5)] == ["", "", "", "", "."]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text):
    for sentence in sentences(text):
        found = tokens(sentence.text)
        for index in range(len(found)):
            words = spoken(found, index)
            assert all(word and not any(sign.isdigit() for sign in word if sign.isascii())
                       for word in words)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["1" * 500, "$", "$.", "1:2:3:4", "1.2.3.4.5.6.7", "a" * 3000, "--", "£-", "12:99", "0/0",
     "1/0", "99/99/9999", "http://", "@", "x@y", "１２３", "٣", "²", "5'", "-", "+-5"],
)  # fmt: skip
def test_odd_tokens_are_read_or_left_out(text):
    assert isinstance(said(text), str)
