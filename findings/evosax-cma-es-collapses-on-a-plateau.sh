#!/bin/sh
# evosax 0.3.2: where all candidates are equally good, CMA_ES shrinks its step size to nothing within some 50 generations.
#
# On a plateau (rewards that stay 0 until the first success, or classes counted in whole numbers) an evolution strategy
# should go on as wide as it was: with nothing to choose, its step size is a random walk. Candidates of equal fitness get
# the weight of their mean rank here, so that all have that of the middle one, which is near 0. The weights then do not
# add up to 1, the path that the step size is set by is far shorter than a random one, and a short path means "shrink":
# to .2 of the first step after 10 generations, .0002 after 50, 1e-15 after 200. The search is over before it has begun,
# nothing is raised, and it happens in part wherever several candidates tie. In cmaes and pycma, which rank ties by their
# order, it stays at a few tenths and more. A tiny random number added to each fitness helps.
#
# Prints within which bounds the spread of the candidates is (standard deviation, 1 in the first generation; 20
# dimensions, 16 candidates, three seeds) after generations of a constant objective; the numbers go to stderr.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install evosax==0.3.2 jax==0.10.2 flax==0.12.8 cmaes==0.13.1
cat > run.py <<'EOF'
import sys

import jax
import jax.numpy as jnp
import numpy as np
from cmaes import CMA
from evosax.algorithms.distribution_based.cma_es import CMA_ES

DIMS, POPULATION, AT, SEEDS = 20, 16, (10, 50, 200), (1, 2, 3)


def by_evosax(seed, equal):
    strategy = CMA_ES(population_size=POPULATION, solution=jnp.zeros(DIMS))
    params = strategy.default_params

    @jax.jit
    def generation(key, state):
        asking, telling, noise, key = jax.random.split(key, 4)
        points, state = strategy.ask(asking, state, params)
        values = jnp.zeros(POPULATION) if equal else 1e-9 * jax.random.uniform(noise, (POPULATION,))
        state, _ = strategy.tell(telling, points, values, state, params)
        return key, state

    key = jax.random.key(seed)
    state = strategy.init(key, jnp.zeros(DIMS), params)
    for made in range(1, max(AT) + 1):
        key, state = generation(key, state)
        if made in AT:
            yield float(state.std * jnp.sqrt(jnp.trace(state.C) / DIMS))


def by_cmaes(seed):
    optimizer = CMA(mean=np.zeros(DIMS), sigma=1.0, seed=seed, population_size=POPULATION)
    for made in range(1, max(AT) + 1):
        points = np.array([optimizer.ask() for _ in range(POPULATION)])
        optimizer.tell([(point, 0.0) for point in points])
        if made in AT:
            yield float(points.std(axis=0).mean())


for name, spreads, bounds in [
    ("evosax CMA_ES, equal", lambda seed: by_evosax(seed, True), [(0.1, 0.3), (1e-5, 1e-3), (0, 1e-12)]),
    ("evosax CMA_ES, with noise", lambda seed: by_evosax(seed, False), [(0.1, 10)] * 3),
    ("cmaes CMA, equal", by_cmaes, [(0.1, 10)] * 3),
]:
    runs = [list(spreads(seed)) for seed in SEEDS]
    for at, found, (least, most) in zip(AT, zip(*runs), bounds):
        print(f"{name}, {at}: {' '.join(f'{x:.2g}' for x in found)}", file=sys.stderr)
        print(f"{name}, generation {at}: spread between {least:g} and {most:g}: {least <= min(found) and max(found) <= most}")
EOF
JAX_PLATFORMS=cpu venv/bin/python run.py | tee got.txt
cat > expected.txt <<'EOF'
evosax CMA_ES, equal, generation 10: spread between 0.1 and 0.3: True
evosax CMA_ES, equal, generation 50: spread between 1e-05 and 0.001: True
evosax CMA_ES, equal, generation 200: spread between 0 and 1e-12: True
evosax CMA_ES, with noise, generation 10: spread between 0.1 and 10: True
evosax CMA_ES, with noise, generation 50: spread between 0.1 and 10: True
evosax CMA_ES, with noise, generation 200: spread between 0.1 and 10: True
cmaes CMA, equal, generation 10: spread between 0.1 and 10: True
cmaes CMA, equal, generation 50: spread between 0.1 and 10: True
cmaes CMA, equal, generation 200: spread between 0.1 and 10: True
EOF
diff expected.txt got.txt
