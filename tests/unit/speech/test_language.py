import pytest

from sadtalker_ext.speech.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The people in the village have been waiting.", "en"),
        ("Die Leute haben nicht auf uns gewartet.", "de"),
        ("Les gens ne sont pas dans la maison.", "fr"),
        ("La gente no está en la casa, pero ya viene.", "es"),
        ("O homem não está em casa com a mãe.", "pt"),
        ("Gli uomini sono nella casa della nonna.", "it"),
        ("Küçük köpek ve yavru kedi birlikte oynuyor.", "tr"),
        ("我的爸爸明天要买一本新书。", "cmn"),
        ("わたしは本を読みます。", "ja"),
        ("나는 밥을 먹어요.", "ko"),
        ("Моя бабушка дома.", "ru"),
        ("मेरा भाई घर में है।", "hi"),
        ("42", "en"),
        ("", "en"),
        ("The cat is on the table and it will not go.", "en"),
        ("Guten Morgen, das ist ein Test und nicht mehr.", "de"),
        ("Bonjour, je suis content de vous voir.", "fr"),
        ("Hola, ¿cómo está usted? Muy bien, gracias.", "es"),
        ("Ciao, come stai? Sono molto felice di vederti.", "it"),
        ("Привет, как дела?", "ru"),
        ("こんにちは、元気ですか", "ja"),
        ("你好，世界", "cmn"),
        ("안녕하세요", "ko"),
        ("नमस्ते", "hi"),
        ("12345", "en"),
        ("Zyx blorp.", "en"),
        ("A.B.C. D.E.F.", "en"),
        ("1/2 e.g. i.e. C++", "en"),
        ("Obrigado, você é muito gentil.", "pt"),
    ],
)
def test_the_language_of_a_text(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("El gato duerme y la casa es muy grande.", "es"),
        ("Der var en gang en mand, og han havde ikke noget hus.", "da"),
        ("Det var en gång en man och han hade inte något hus.", "sv"),
        ("A kutya és a macska az udvaron van.", "hu"),
        ("Câinele și pisica sunt în casă.", "ro"),
        ("Con chó và con mèo ở trong nhà.", "vi"),
        ("Det var en gang en mann, og han hadde ikke noe hus.", "nb"),
        ("Jeg vet ikke hva du mener, men takk for hjelpen.", "nb"),
        ("Jeg ved ikke, hvad du mener, men tak for hjælpen.", "da"),
        ("Kucing itu tidak ada di rumah saya.", "id"),
    ],
)
def test_languages_of_some_words_are_told(text, language):
    """All but Spanish were English, or each other, to one of the two guessers there were."""
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Моя бабуся вдома, і їй добре.", "uk"),
        ("Україна має багато міст.", "uk"),
        ("Баба ми е вкъщи и пие чай с мъжа си.", "bg"),
        ("Здравей, как си? Аз съм добре.", "bg"),
        ("Он вошёл в подъезд и сказал: «Доброе утро, Україно».", "ru"),
        ("Объект сдан.", "ru"),
        ("Мая бабуля дома, і ёй добра. Яна была ў лесе.", "be"),
    ],
)
def test_languages_in_cyrillic_letters_are_told_apart(text, language):
    assert language_of(text) == language
