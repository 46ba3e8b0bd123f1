"""The networks of an ensemble as one Keras model, of Keras' own layers."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.compiling import UNITS
from pipelines.pipeline import Task
from search.common_inputs import SAME, Rescale
from search.quiet import quiet_stderr


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """What a member has learned.

    Attributes:
        name: Of its layer, unique in the model.
        model: A `.keras` file's bytes.
        count: How often it counts in the mean.
        rescale: What its rows need.
    """

    name: str
    model: bytes
    count: int
    rescale: Rescale


def as_one_file(members: Sequence[Network], *, task: Task) -> bytes:
    """Return a model that predicts the members' weighted mean, as a `.keras` file.

    It is functional: Input, each network behind a `Rescaling` where its rows differ,
    and an `Average` to which a network that counts twice goes twice. The networks of a
    regression predict in the target's unit, and so does their mean.

    Args:
        members: At least one; with one, it is returned as it is.
        task: Names the last layer, by which a regression is known.
    """
    if len(members) == 1:
        return members[0].model
    with quiet_stderr(), tempfile.TemporaryDirectory() as folder:
        import keras

        file = Path(folder) / "model.keras"
        networks = []
        for member in members:
            file.write_bytes(member.model)
            network = keras.saving.load_model(file, compile=False, safe_mode=True)
            network.name = member.name
            networks.append(network)
        inputs = keras.Input(networks[0].input_shape[1:])
        outputs: list[Any] = []
        for member, network in zip(members, networks, strict=True):
            rows = inputs
            if member.rescale != SAME:
                scale, offset = map(list, (member.rescale.scale, member.rescale.offset))
                rows = keras.layers.Rescaling(scale, offset)(inputs)
            outputs += [network(rows)] * member.count
        last = UNITS if task == "regression" else "average"
        keras.Model(inputs, keras.layers.Average(name=last)(outputs)).save(file)
        return file.read_bytes()
