"""Texts to be spoken in training: common words of many languages, and invented ones like them.

Turkish and Polish are kept out of everything here: they tell how well unknown languages are heard.
"""

from __future__ import annotations

import random

WORDS = {
    "en": "the of and people make time because good water before through where much before "
    "again between number always those picture family change small river important children "
    "without second money above mouth paper happy blue voice beautiful morning probably pepper "
    "bubble member remember number problem public people push above everybody five very evening "
    "move love think other weather both would should world word work further church judge "
    "measure pleasure yellow young year usual music huge few beauty view food foot look good wood "
    "boot boat know show down town house mouse boy join noise voice girl bird early learn air "
    "care where near clear beer car heart part star four door more north strong long wrong "
    "thing singing ring anger finger thank bank drink quick question quiet square splash spring",
    "de": "und nicht haben werden können müssen schön über früher Mädchen Bücher Straße "
    "Wasser Pferd Apfel Kopf Pfennig Zimmer zwischen Zeitung Woche machen sprechen möchte Brot "
    "Boden Mutter Vater Bruder Freund Feuer Leute heute neu Baum kaufen Auge fünf zwölf öffnen "
    "Vogel viel Wald wieder immer Sommer Winter Abend Morgen geben bleiben bauen leben "
    "Problem Papier",
    "fr": "bonjour maison enfant toujours jamais beaucoup pourquoi femme homme peuple rouge "
    "vert blanc bleu heureux deux feu peur coeur fleur soeur lune rue plume huit nuit pluie lui "
    "oui trois voir moi travail fille famille montagne campagne pain vin brun parfum bon monde "
    "nom chambre jambe temps vent chien bien jour bonheur petit grand chaud froid jeune "
    "vieux pomme",
    "es": "hombre mujer pueblo tiempo siempre nunca porque cuando donde bueno grande pequeño "
    "agua fuego tierra cielo noche mañana trabajo familia problema palabra libro mesa puerta "
    "ventana ciudad corazón viejo joven rojo verde blanco negro pobre abrir vivir beber comer "
    "llamar pájaro perro gato caballo guerra cuerpo cabeza boca mano pie ojo feliz gracias amigo",
    "it": "giorno notte uomo donna bambino casa acqua fuoco terra cielo sempre mai perché "
    "quando buono grande piccolo bello brutto vecchio giovane rosso verde bianco nero parlare "
    "mangiare bere vivere aprire bambola pomeriggio problema parola libro tavolo porta finestra "
    "città cuore gatto cane cavallo guerra corpo testa bocca mano piede occhio famiglia figlio zio",
    "pt": "homem mulher tempo sempre nunca porque quando onde bom grande pequeno água fogo "
    "terra céu noite manhã trabalho família problema palavra livro mesa porta janela cidade "
    "coração velho jovem vermelho verde branco preto pobre abrir viver beber comer chamar pássaro "
    "cão gato cavalo guerra corpo cabeça boca mão pé olho feliz obrigado amigo também não "
    "irmão bem",
    "nl": "mens vrouw huis kind water vuur aarde hemel altijd nooit waarom wanneer goed groot "
    "klein mooi oud jong rood groen wit zwart spreken eten drinken leven openen probleem woord "
    "boek tafel deur venster stad hart kat hond paard oorlog lichaam hoofd mond hand voet oog "
    "vijf buiten bruin vuur uur neus deur leuk nieuw geel weg zee mooi boom gebeuren begrijpen",
    "sv": "människa kvinna hus barn vatten eld jord himmel alltid aldrig varför när god stor "
    "liten vacker gammal ung röd grön vit svart tala äta dricka leva öppna problem ord bok bord "
    "dörr fönster stad hjärta katt hund häst krig kropp huvud mun hand fot öga sju sjö köpa höra "
    "lyssna nyckel yta tyst hus ut du bo mor son kyrka tjugo skjorta blomma bröd smör måne fågel",
    "da": "menneske kvinde hus barn vand ild jord himmel altid aldrig hvorfor god stor lille "
    "smuk gammel ung rød grøn hvid sort tale spise drikke leve åbne problem ord bog bord dør vindue "
    "by hjerte kat hund hest krig krop hoved mund hånd fod øje syv købe høre lytte nøgle fugl brød",
    "fi": "ihminen nainen talo lapsi vesi tuli maa taivas aina miksi hyvä suuri pieni kaunis "
    "vanha nuori punainen vihreä valkoinen musta puhua syödä juoda elää avata ongelma sana kirja "
    "pöytä ovi ikkuna kaupunki sydän kissa koira hevonen sota keho pää suu käsi jalka silmä yö työ "
    "tyttö poika perhe ystävä hyvää päivää kiitos paljon bussi banaani bensiini apua vapaa pimeä",
    "ru": "человек женщина дом ребёнок вода огонь земля небо всегда никогда почему когда "
    "хороший большой маленький красивый старый молодой красный зелёный белый чёрный говорить есть "
    "пить жить открыть проблема слово книга стол дверь окно город сердце кошка собака лошадь война "
    "тело голова рот рука нога глаз бабушка папа мама любовь время семья рыба мышь быть "
    "воздух шапка",
    "cs": "člověk žena dům dítě voda oheň země nebe vždy nikdy proč kdy dobrý velký malý "
    "krásný starý mladý červený zelený bílý černý mluvit jíst pít žít otevřít problém slovo kniha "
    "stůl dveře okno město srdce kočka pes kůň válka tělo hlava ústa ruka noha oko babička "
    "řeka přítel",
    "ro": "om femeie casă copil apă foc pământ cer mereu niciodată bun mare mic frumos bătrân "
    "tânăr roșu verde alb negru vorbi mânca bea trăi deschide problemă cuvânt carte masă ușă "
    "fereastră oraș inimă pisică câine cal război corp cap gură mână picior ochi pâine vin "
    "floare împreună",
    "hu": "ember asszony ház gyerek víz tűz föld ég mindig soha miért mikor jó nagy kicsi szép "
    "öreg fiatal piros zöld fehér fekete beszél eszik iszik él nyit probléma szó könyv asztal ajtó "
    "ablak város szív macska kutya ló háború test fej száj kéz láb szem öt hét tíz köszönöm "
    "fűszer üveg",
    "el": "άνθρωπος γυναίκα σπίτι παιδί νερό φωτιά γη ουρανός πάντα ποτέ γιατί πότε καλός "
    "μεγάλος μικρός όμορφος παλιός νέος κόκκινος πράσινος άσπρος μαύρος μιλάω τρώω πίνω ζω ανοίγω "
    "πρόβλημα λέξη βιβλίο τραπέζι πόρτα παράθυρο πόλη καρδιά γάτα σκύλος άλογο μπαμπάς "
    "μπορώ αμπέλι φίλος",
    "hi": "आदमी औरत घर बच्चा पानी आग ज़मीन आसमान हमेशा कभी क्यों कब अच्छा बड़ा छोटा सुंदर बूढ़ा जवान लाल "
    "हरा सफ़ेद काला बोलना खाना पीना जीना खोलना समस्या शब्द किताब मेज़ दरवाज़ा खिड़की शहर दिल बिल्ली कुत्ता घोड़ा "
    "युद्ध शरीर सिर मुँह हाथ पैर आँख भाई बहन पिता माता फल फूल भाषा प्रेम बाज़ार मौसम बहुत "
    "मुझे अब पीपल कमल भविष्य",
    "ar": "رجل امرأة بيت طفل ماء نار أرض سماء دائما أبدا لماذا متى جيد كبير صغير جميل قديم "
    "شاب أحمر أخضر أبيض أسود تكلم أكل شرب عاش فتح مشكلة كلمة كتاب طاولة باب نافذة مدينة قلب قطة "
    "كلب حصان حرب جسم رأس فم يد قدم عين أب أم بحر باب خبز مفتاح بعيد وقت يوم سوق فوق ممكن برتقال",
    "fa": "مرد زن خانه کودک آب آتش زمین آسمان همیشه هرگز چرا کی خوب بزرگ کوچک زیبا پیر جوان سرخ "
    "سبز سفید سیاه گفتن خوردن نوشیدن زندگی باز مشکل کلمه کتاب میز در پنجره شهر قلب گربه سگ اسب جنگ "
    "بدن سر دهان دست پا چشم پدر مادر برادر خواهر بهار باران برف پرنده مهربان ممنون",
    "id": "orang perempuan rumah anak air api bumi langit selalu mengapa kapan baik besar kecil "
    "indah tua muda merah hijau putih hitam bicara makan minum hidup buka masalah kata buku meja "
    "pintu jendela kota jantung kucing anjing kuda perang badan kepala mulut tangan kaki mata bapak "
    "ibu pergi pulang bunga pisang empat lima tujuh sembilan belum sudah membeli pembaca nyanyi",
    "vi": "người phụ nữ nhà trẻ nước lửa đất trời luôn tại sao khi tốt lớn nhỏ đẹp già trẻ đỏ "
    "xanh trắng đen nói ăn uống sống mở vấn đề từ sách bàn cửa thành phố tim mèo chó ngựa chiến tranh "
    "đầu miệng tay chân mắt mẹ bố bạn bè bao nhiêu phải màu bên",
    "sw": "mtu mwanamke nyumba mtoto maji moto dunia mbingu daima kwa nini lini nzuri kubwa "
    "ndogo mzee kijana nyekundu nyeupe nyeusi sema kula kunywa kuishi fungua tatizo neno kitabu "
    "meza mlango dirisha mji moyo paka mbwa farasi vita mwili kichwa mdomo mkono mguu jicho baba "
    "mama ndugu rafiki wewe yeye habari asubuhi jioni mvua upepo samaki mbuzi mpira pombe",
}
_KANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわんがぎぐげござじずぜぞ"
    "だでどばびぶべぼぱぴぷぺぽ"
)
_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s y w".split()
_FINALS = {
    "jqxy": "i ia ie iao iu ian in iang ing u ue uan un".split(),
    "w": "a o ai ei an en ang eng u".split(),
    "bpmf": "a o ai ei ao ou an en ang eng i ie ian in u".split(),
    "": "a e ai ei ao ou an en ang eng ong u uo".split(),
}

VOICES = {
    "en": ("en-us", "en-us", "en", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-029"),
    "es": ("es", "es-419"),
    "fr": ("fr", "fr-be"),
    "pt": ("pt", "pt-br"),
    "zh": ("cmn-latn-pinyin",),
}
"""espeak-ng voices of a language; otherwise the language's own code."""

LANGUAGES = (*WORDS, "zh", "ja", "ko")
_WEIGHTS = [6.0 if one == "en" else 2.0 if one in ("zh", "fr", "hi") else 1.0 for one in LANGUAGES]


def any_language(chance: random.Random) -> str:
    """Return a language; English most often."""
    return chance.choices(LANGUAGES, _WEIGHTS)[0]


def any_text(language: str, chance: random.Random) -> str:
    """Return a sentence of real and invented words."""
    words = [_word(language, chance) for _ in range(chance.randint(4, 12))]
    if len(words) > 5 and chance.random() < 0.5:
        words[len(words) // 2] += ","
    return " ".join(words) + chance.choice(".?!.")


def _word(language: str, chance: random.Random) -> str:
    if language == "zh":
        return "".join(_pinyin(chance) for _ in range(chance.randint(1, 3)))
    if language == "ja":
        return "".join(chance.choice(_KANA) for _ in range(chance.randint(2, 5)))
    if language == "ko":
        return "".join(
            chr(
                0xAC00
                + chance.randrange(19) * 588
                + chance.randrange(21) * 28
                + chance.choice((0, 0, 0, 1, 4, 8, 16, 17, 21))
            )
            for _ in range(chance.randint(1, 4))
        )
    words = WORDS[language].split()
    return chance.choice(words) if chance.random() < 0.6 else _invented(words, chance)


def _pinyin(chance: random.Random) -> str:
    initial = chance.choice(_INITIALS)
    finals = next(
        finals for letters, finals in _FINALS.items() if initial[0] in letters or not letters
    )
    return f"{initial}{chance.choice(finals)}{chance.randint(1, 4)}"


def _invented(words: list[str], chance: random.Random) -> str:
    """Return a word whose letters follow each other, two by two, as in the given words."""
    follow: dict[str, list[str]] = {}
    for word in words:
        padded = f"  {word} "
        for at in range(len(word) + 1):
            follow.setdefault(padded[at : at + 2], []).append(padded[at + 2])
    made = "  "
    while len(made) < 14:
        letter = chance.choice(follow[made[-2:]])
        if letter == " ":
            break
        made += letter
    return made.strip() or chance.choice(words)
