#!/bin/sh
# pycma 4.5.0: the option `seed` seeds NumPy's global generator, which every object then draws from.
#
# One expects an evolution strategy with a seed to repeat itself. It does only while nothing else in the process touches
# np.random: an objective that draws noise, a second strategy (islands, restarts, one per task), or np.random.seed in a
# simulator each change all later generations, and two strategies of one seed, asked in turn, differ from the first
# sample on. The other way round, making a strategy resets the random numbers of everybody else. With the option `randn`
# (and `seed` nan, which leaves the global generator alone) an object draws from a generator of its own and repeats.
#
# Prints whether the third generation is as in an undisturbed run.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install cma==4.5.0 numpy==2.4.6
cat > run.py <<'EOF'
import cma
import numpy as np


def strategy(seed=7):
    return cma.CMAEvolutionStrategy(5 * [1.0], 0.5, {"verbose": -9, "seed": seed})


def own(seed=7):
    generator = np.random.default_rng(seed)
    randn = lambda *shape: generator.standard_normal(shape)
    return cma.CMAEvolutionStrategy(5 * [1.0], 0.5, {"verbose": -9, "seed": np.nan, "randn": randn})


def third(make, between=lambda: None):
    es = make()
    for _ in range(3):
        asked = es.ask()
        es.tell(asked, [float(np.sum(x**2)) for x in asked])
        between()
    return np.array(asked)


for name, make in {"seed": strategy, "randn": own}.items():
    alone = third(make)
    print(f"{name}, again:", np.array_equal(alone, third(make)))
    print(f"{name}, the objective draws from np.random:", np.array_equal(alone, third(make, np.random.rand)))
    print(f"{name}, another strategy is made:", np.array_equal(alone, third(make, lambda: strategy(1))))
    first, second = make(), make()
    print(f"{name}, two at once, their first samples:", np.array_equal(first.ask(), second.ask()))

np.random.seed(1)
expected = np.random.rand()
np.random.seed(1)
strategy()
print("np.random goes on as before:", np.random.rand() == expected)
EOF
venv/bin/python -W ignore run.py | tee got.txt
cat > expected.txt <<'EOF'
seed, again: True
seed, the objective draws from np.random: False
seed, another strategy is made: False
seed, two at once, their first samples: False
randn, again: True
randn, the objective draws from np.random: True
randn, another strategy is made: True
randn, two at once, their first samples: True
np.random goes on as before: False
EOF
diff expected.txt got.txt
