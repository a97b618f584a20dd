import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadtalker_ext.speech.reading import numbers

ONES = dict(
    zip(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
         "eighteen", "nineteen"],
        range(20), strict=True,
    )
)  # fmt: skip
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
        "eighty": 80, "ninety": 90}  # fmt: skip
SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15}


def value_of(words):
    """An independent reading of number words."""
    total = part = 0
    for word in words:
        if word in SCALES:
            total += part * 10 ** SCALES[word]
            part = 0
        elif word == "hundred":
            part *= 100
        else:
            part += ONES.get(word, 0) + TENS.get(word, 0)
    return total + part


@given(st.integers(0, 10**18 - 1))
def test_the_words_of_a_number_have_its_value(value):
    assert value_of(numbers.cardinal(str(value))) == value


@pytest.mark.parametrize(
    ("function", "given_", "expected"),
    [
        ("cardinal", "1250", "one thousand two hundred fifty"),
        ("cardinal", "007", "zero zero seven"),
        ("cardinal", "1" * 19, " ".join(["one"] * 19)),
        ("ordinal", "1", "first"),
        ("ordinal", "12", "twelfth"),
        ("ordinal", "20", "twentieth"),
        ("ordinal", "23", "twenty third"),
        ("ordinal", "100", "one hundredth"),
        ("year", "1984", "nineteen eighty four"),
        ("year", "1905", "nineteen oh five"),
        ("year", "1900", "nineteen hundred"),
        ("year", "2005", "two thousand five"),
        ("year", "2010", "twenty ten"),
        ("decade", "1990", "nineteen nineties"),
        ("decade", "80", "eighties"),
        ("decimal", "3.14", "three point one four"),
        ("decimal", "-5", "minus five"),
        ("decimal", "1,250.5", "one thousand two hundred fifty point five"),
        ("decimal", ".5", "zero point five"),
    ],
)
def test_kinds_of_numbers(function, given_, expected):
    assert " ".join(getattr(numbers, function)(given_)) == expected


def test_fractions():
    assert numbers.fraction("1", "2") == ["one", "half"]
    assert numbers.fraction("3", "4") == ["three", "quarters"]
    assert numbers.fraction("2", "3") == ["two", "thirds"]
