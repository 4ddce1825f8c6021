#!/bin/sh
# rouge 1.0.1: a summary that is said fifty times over still has ROUGE-1 and ROUGE-L of 1.
#
# ROUGE counts words as often as they occur: repetition costs precision, and rouge-score (Google's) gives .04 here. The
# package `rouge`, with which LongBench and many papers score summaries, makes sets of the words first, for ROUGE-L too:
# what is compared is how many *different* words the longest common subsequence holds. So a model that falls into a loop,
# a usual damage of a KV cache compressed too far, keeps its whole score, as does one that leaves out every second
# "the"; ten times "the" and a single "cat" are worth the same. Rouge(exclusive=False), of which the README says nothing,
# counts words as they occur and agrees with rouge-score. Scores of the two packages cannot stand in one table.
#
# Prints precision, recall and F1 of ROUGE-1 and ROUGE-L by both packages.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install rouge==1.0.1 rouge-score==0.1.2
cat > run.py <<'EOF'
from rouge import Rouge
from rouge_score.rouge_scorer import RougeScorer

ANSWER = "the cat sat on the mat and looked at the dog"
TEXTS = {
    "the answer": ANSWER,
    "the answer, 50 times": " ".join([ANSWER] * 50),
    "one `the` of three": "the cat sat on mat and looked at dog",
    "`the`, ten times": " ".join(["the"] * 10),
    "`cat`": "cat",
}


def shown(p, r, f):
    return f"{p:.2f} {r:.2f} {f:.2f}"


sets = Rouge(metrics=["rouge-1", "rouge-l"])
counts = Rouge(metrics=["rouge-1", "rouge-l"], exclusive=False)
google = RougeScorer(["rouge1", "rougeL"])
for name, text in TEXTS.items():
    print(name)
    for label, own in [("rouge", sets), ("rouge, exclusive=False", counts)]:
        found = own.get_scores(text, ANSWER)[0]
        one, long = (shown(*(found[metric][x] for x in "prf")) for metric in ("rouge-1", "rouge-l"))
        print(f"  {label}: ROUGE-1 {one}, ROUGE-L {long}")
    found = google.score(ANSWER, text)
    print(f"  rouge-score: ROUGE-1 {shown(*found['rouge1'])}, ROUGE-L {shown(*found['rougeL'])}")
EOF
venv/bin/python run.py | tee got.txt
cat > expected.txt <<'EOF'
the answer
  rouge: ROUGE-1 1.00 1.00 1.00, ROUGE-L 1.00 1.00 1.00
  rouge, exclusive=False: ROUGE-1 1.00 1.00 1.00, ROUGE-L 1.00 1.00 1.00
  rouge-score: ROUGE-1 1.00 1.00 1.00, ROUGE-L 1.00 1.00 1.00
the answer, 50 times
  rouge: ROUGE-1 1.00 1.00 1.00, ROUGE-L 1.00 1.00 1.00
  rouge, exclusive=False: ROUGE-1 0.02 1.00 0.04, ROUGE-L 0.02 1.00 0.04
  rouge-score: ROUGE-1 0.02 1.00 0.04, ROUGE-L 0.02 1.00 0.04
one `the` of three
  rouge: ROUGE-1 1.00 1.00 1.00, ROUGE-L 1.00 1.00 1.00
  rouge, exclusive=False: ROUGE-1 1.00 0.82 0.90, ROUGE-L 1.00 0.82 0.90
  rouge-score: ROUGE-1 1.00 0.82 0.90, ROUGE-L 1.00 0.82 0.90
`the`, ten times
  rouge: ROUGE-1 1.00 0.11 0.20, ROUGE-L 1.00 0.11 0.20
  rouge, exclusive=False: ROUGE-1 0.30 0.27 0.29, ROUGE-L 0.30 0.27 0.29
  rouge-score: ROUGE-1 0.30 0.27 0.29, ROUGE-L 0.30 0.27 0.29
`cat`
  rouge: ROUGE-1 1.00 0.11 0.20, ROUGE-L 1.00 0.11 0.20
  rouge, exclusive=False: ROUGE-1 1.00 0.09 0.17, ROUGE-L 1.00 0.09 0.17
  rouge-score: ROUGE-1 1.00 0.09 0.17, ROUGE-L 1.00 0.09 0.17
EOF
diff expected.txt got.txt
