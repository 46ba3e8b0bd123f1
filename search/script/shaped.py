"""The script's dense layer for what Keras has no layer for, as far as it is used.

The same as `pipelines.reparametrised`, whose docstrings say how and by which source.
"""

from collections.abc import Mapping

from search.script.graph import SHAPED
from spaces.params import Scalar


def shaped_code(params: Mapping[str, Scalar]) -> str:
    """Write the class; nothing where plain dense layers do."""
    dropped = bool(params.get("drop_connect"))
    normed = bool(params.get("weight_norm"))
    pruned = bool(params.get("prune_share"))
    if not (dropped or normed or pruned):
        return ""
    words = {
        "weights left out at random": dropped,
        "weights normalised": normed,
        "small weights pruned": pruned,
    }
    said = ", ".join(word for word, on in words.items() if on)
    pieces = [
        f'class {SHAPED}(keras.layers.Dense):\n    """Dense layer: {said}."""\n\n',
        _INIT if dropped else "",
        _BUILD,
        _LENGTH if normed else "",
        _MASK if pruned else "",
        _KERNEL,
        "        kernel = kernel * self.kept\n" if pruned else "",
        "        kernel = self.length * kernel / norms(kernel)\n" if normed else "",
        "        return kernel\n",
        _CALL,
        _DROP if dropped else "",
        _PRODUCT,
    ]
    functions = (_NORMS if normed else "") + (_PRUNE if pruned else "")
    return functions + "".join(pieces) + "\n\n"


_NORMS = '''\
def norms(kernel):
    """Return the norm of each unit's weights."""
    squares = keras.ops.sum(keras.ops.square(kernel), axis=0, keepdims=True)
    return keras.ops.sqrt(squares + 1e-12)


'''

_PRUNE = f'''\
def prune(model):
    """Leave the smallest weights of each hidden layer out from now on."""
    for layer in model.layers:
        if isinstance(layer, {SHAPED}):
            sizes = np.abs(keras.ops.convert_to_numpy(layer.kernel))
            kept = np.ones_like(sizes)
            n_pruned = round(PRUNE_SHARE * kept.size)
            if n_pruned:
                order = np.argpartition(sizes, n_pruned - 1, axis=None)
                kept.flat[order[:n_pruned]] = 0
            layer.kept.assign(kept)


'''

_INIT = """\
    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.seed_generator = keras.random.SeedGenerator()

"""

_BUILD = """\
    def build(self, input_shape):
        super().build(input_shape)
        trained = self._kernel
        trained.regularizer = None  # `call` penalises what it makes of them
"""

_LENGTH = """\
        self.length = self.add_weight(
            name="length", shape=(1, self.units), constraint=trained.constraint
        )
        self.length.assign(norms(trained))
        trained.constraint = None
"""

_MASK = """\
        self.kept = self.add_weight(
            name="kept", shape=trained.shape, initializer="ones", trainable=False
        )
"""

_KERNEL = '''
    @property
    def kernel(self):
        """The weights that a prediction multiplies by."""
        kernel = keras.ops.convert_to_tensor(self._kernel)
'''

_CALL = """
    def call(self, inputs, training=None):
        kernel = self.kernel
        if self.kernel_regularizer is not None:
            self.add_loss(self.kernel_regularizer(kernel))
"""

_DROP = """\
        if training:
            kernel = keras.random.dropout(
                kernel, DROP_CONNECT, seed=self.seed_generator
            )
"""

_PRODUCT = """\
        outputs = keras.ops.matmul(inputs, kernel)
        if self.bias is not None:
            outputs = outputs + self.bias
        return self.activation(outputs)
"""
