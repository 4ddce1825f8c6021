"""Scores random texts with the libraries of LongBench, InfiniteBench and ChouBun: see README.md."""

import json
import random
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import jieba
from fuzzywuzzy import fuzz
from rouge import Rouge
from rouge_score import rouge_scorer

jieba.setLogLevel(60)
target = Path(__file__).parents[2] / "packages/benchmarks/src/public/scores/__fixtures__/library-scores.json"
file, count, seed = (sys.argv[1:] + [target, 150, 1][len(sys.argv) - 1 :])[:3]
count = int(count)
draw = random.Random(int(seed))

lines = Path(jieba.__file__).with_name("dict.txt").read_text(encoding="utf8").splitlines()
chinese = [line.split()[0] for line in lines]
latin = [word for word in chinese if any(character < "\x80" for character in word)]
syllables = "ka lo mi ren su ta vel xo dor pi".split()
english = ["".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(40)]
odd = (
    ["\ufeff", "\x85", "\x1c", "\u3000", "\u00a0", "\u200b", "\u2028", "\r", "\r\n", "\t", "\x00"]
    + ["İ", "ß", "ſ", "ﬁ", "ΑΣ", "é", "e\u0301", "𝒳", "𝟡", "٣", "３", "²", "½", "Ⅷ", "😀", "_"]
    + ["。", "，", "“", "’", "…", "々", "〇", "㐀", "鿿", "豈", "𠮷", "ﾊ", "한", "3.14", "50%", "1.2.3%"]
    + ["x-1", "a_b", "100%%", ".5", "5.", "#", "&", "+", "%", "."]
)


def word() -> str:
    kind = draw.random()
    if kind < 0.5:
        return draw.choice(english)
    if kind < 0.6:
        return draw.choice(english).title() + draw.choice(".,;:!?-'")
    if kind < 0.7:
        return str(draw.randrange(10 ** draw.randint(1, 12)))
    if kind < 0.8:
        return draw.choice(odd)
    if kind < 0.9:
        return draw.choice(["a", "an", "the", "The", "(", "..", "n't"])
    return draw.choice(chinese)


def prose() -> str:
    gaps = [" "] * 8 + ["\n", ". ", "", "  "]
    words = draw.choice([0, 1, 2, 4, 8, 20])
    return "".join(word() + draw.choice(gaps) for _ in range(words))


def mixed() -> str:
    text = ""
    for _ in range(draw.randint(1, 8)):
        text += draw.choice([draw.choice(chinese), draw.choice(chinese), draw.choice(latin), draw.choice(odd)])
    return text


def code() -> str:
    pieces = ["if (", "x", "==", "y[0]", "return ", "foo", "(", ")", ";", "  ", "{", "}", " = ", "1", "."]
    return "".join(draw.choices(pieces, k=draw.choice([0, 2, 6, 12, 90])))


def changed(text: str) -> str:
    characters = list(text)
    for _ in range(draw.randint(0, 5)):
        at = draw.randint(0, len(characters))
        characters[at : at + draw.randint(0, 2)] = draw.choice(["", " ", "x", "的"])
    return "".join(characters)


def pair(make) -> list[str]:
    text = make()
    return [draw.choice([changed(text), changed(text), make(), text]), text]


def rouge_l(prediction: str, answer: str) -> float:
    try:
        return Rouge().get_scores([prediction], [answer], avg=True)["rouge-l"]["f"]
    except ValueError:  # an empty text
        return 0


summaries = rouge_scorer.RougeScorer(["rougeLsum"])
texts = [pair(prose) for _ in range(count)]
lines_of_code = [pair(code) for _ in range(count)]
cut = [mixed() for _ in range(count)]
digits = ["0", "7", "٣", "５", "𝟎", "𝟡", "𝟘", "𝟧", "𝟿", "१", "_", "+", "-", ".", " "]


def integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


numbers = ["".join(draw.choices(digits, k=draw.randint(1, 5))) for _ in range(count)]
recorded = {
    "rouge": [[*each, rouge_l(*each)] for each in texts],
    "rougeLSum": [
        [prediction, answer, summaries.score(answer, prediction)["rougeLsum"].fmeasure]
        for prediction, answer in texts
    ],
    "code": [[*each, fuzz.ratio(*each) / 100] for each in lines_of_code],
    "words": [[text, list(jieba.cut(text))] for text in cut],
    "integers": [[text, integer(text)] for text in numbers],
}
Path(file).parent.mkdir(exist_ok=True)
Path(file).write_text(json.dumps(recorded) + "\n", encoding="utf8")
