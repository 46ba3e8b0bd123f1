"""Random numbers on the processor in JAX: the same ones, from faster programs.

On the processor JAX writes its generator, Threefry, as a loop of five rounds, meant to
be compiled sooner. Today the loop takes longer to compile than the rounds one after
the other (.2 against .1 s for each layer's initial weights and for each dropout layer)
and longer to run: an epoch of 250-306-288 with dropout takes 7 % more processor time.
"""

import functools


@functools.cache
def unroll_random_bits() -> None:
    """Let JAX write Threefry's rounds without a loop, as it does on other devices.

    The numbers stay the same: they are integers' sums, shifts and exclusive ors.
    Programs that were compiled before stay as they are. The rules are private to JAX;
    a version that has moved them keeps its own.

    Source: Salmon, Moraes, Dror and Shaw 2011, Parallel Random Numbers: As Easy as
    1, 2, 3, section 4 (the rounds).
    """
    try:
        from jax._src.interpreters import mlir
        from jax._src.random.threefry2x32 import (
            _threefry2x32_lowering_rule,
            threefry2x32_p,
        )
    except ImportError:
        return
    mlir.register_lowering(
        threefry2x32_p, _threefry2x32_lowering_rule, platform="cpu", inline=False
    )
