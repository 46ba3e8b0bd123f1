"""JAX's random numbers, with and without the loop of rounds."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import jax
from search.random_bits import unroll_random_bits

if sys.argv[1] == "unrolled":
    unroll_random_bits()

def draw(key):
    return (
        jax.random.uniform(key, (17, 5), minval=-1, maxval=1),
        jax.random.bernoulli(key, .3, (33,)),
        jax.random.truncated_normal(key, -2, 2, (8, 3)),
    )

key = jax.random.PRNGKey(7)
print(json.dumps({
    "loop": "while" in jax.jit(draw).lower(key).as_text(),
    "drawn": [a.tolist() for a in jax.jit(draw)(key)],
}))
"""


def drawn(how):
    command = [sys.executable, "-c", PROGRAM, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_unrolled_rounds_draw_the_same_numbers_without_a_loop():
    rolled, unrolled = drawn("rolled"), drawn("unrolled")

    assert rolled["loop"]  # else there is nothing left to do here
    assert not unrolled["loop"]
    assert unrolled["drawn"] == rolled["drawn"]
