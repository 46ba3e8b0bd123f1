"""The techniques: those of the model, the optimizer and the training, and of the rows.

Each has a group of its own that can be joined with any other group. How each works
stands where it is built: `pipelines.layers`, `pipelines.reparametrised`,
`pipelines.compiling`, `pipelines.schedules`, `pipelines.averaging`,
`pipelines.snapshots`, `pipelines.pruning`, `pipelines.early_stopping`. Those that act
on the training rows are in `spaces.augmentation`.
"""

from spaces.augmentation import DATA_TECHNIQUES
from spaces.dense import REGULARIZATION, capacity
from spaces.evaluation import ENSEMBLE
from spaces.params import Choice, Float, Int, Param
from spaces.space import SearchSpace
from spaces.technique import Technique, switched

_SWITCH = Choice(options=("off", "on"))


def _off_on(name: str, **params: Param) -> SearchSpace:
    """Return a switch and what it switches; each of these names it in `when`."""
    return SearchSpace({name: _SWITCH, **params})


def _of_dense(*names: str) -> SearchSpace:
    return SearchSpace({name: REGULARIZATION.params[name] for name in names})


EARLY_STOPPING = _off_on(
    "early_stopping", patience=Int(low=1, high=10, when=("early_stopping", ("on",)))
)
L1 = _of_dense("l1", "l1_strength")
L2 = _of_dense("l2", "l2_strength")
WEIGHT_DECAY = _off_on(
    "weight_decay",
    weight_decay_strength=Float(
        low=1e-3, high=1.0, log=True, when=("weight_decay", ("on",))
    ),
)
"""A step takes off learning rate times strength of each kernel."""

DROPOUT = switched("dropout", Float(low=0.05, high=0.6))
DROP_CONNECT = switched("drop_connect", Float(low=0.05, high=0.6))
GAUSSIAN_NOISE = switched("gaussian_noise", Float(low=0.02, high=0.5, log=True))
BATCH_NORM = _of_dense("batch_norm")
LAYER_NORM = SearchSpace({"layer_norm": Choice(options=(False, True))})
WEIGHT_NORM = SearchSpace({"weight_norm": Choice(options=(False, True))})
CONSTRAINT = SearchSpace(
    {
        "constraint": Choice(options=("none", "max_norm", "unit_norm")),
        "max_norm": Float(
            low=0.5, high=5.0, log=True, when=("constraint", ("max_norm",))
        ),
    }
)
INPUT_NORM = SearchSpace({"input_norm": Choice(options=("standard", "minmax", "raw"))})
"""Read by `prepare`; without it inputs are standardised."""

LABEL_SMOOTHING = switched("label_smoothing", Float(low=0.01, high=0.3))
SKIP = SearchSpace({"skip": Choice(options=(False, True))})
SCHEDULE = SearchSpace(
    {
        "schedule": Choice(options=("constant", "linear", "exponential", "cosine")),
        "warmup": Float(low=0.0, high=0.3, when=("schedule", ("cosine",))),
    }
)
AVERAGING = SearchSpace(
    {
        "averaging": Choice(options=("none", "ema", "swa")),
        "ema_momentum": Choice(
            options=(0.9, 0.99, 0.999), when=("averaging", ("ema",))
        ),
        "swa_start": Float(low=0.25, high=0.9, when=("averaging", ("swa",))),
    }
)
"""`ema_momentum` is the share of the average that a step keeps; `swa_start` the share
of the epochs after which the mean begins."""

SNAPSHOTS = switched("snapshots", Int(low=2, high=5))
PRUNING = switched("prune_share", Float(low=0.1, high=0.95))

TECHNIQUES = {
    technique.name: technique
    for technique in (
        Technique(
            name="capacity",
            title="Capacity",
            summary="fewer or more layers, narrower or wider",
            group=capacity(6),
            on=(),
            paper="Goodfellow, Bengio, Courville 2016, Deep Learning, section 5.2",
        ),
        Technique(
            name="early-stopping",
            title="Early stopping",
            summary="ends, and goes back, where rows set apart are predicted best",
            group=EARLY_STOPPING,
            on=("early_stopping=on",),
            paper="Prechelt 1998, Early Stopping - But When?",
        ),
        Technique(
            name="l1",
            title="L1 penalty",
            summary="adds the sum of absolute weights to the loss: many become tiny",
            group=L1,
            on=("l1=on",),
            paper="Tibshirani 1996, Journal of the Royal Statistical Society B 58",
        ),
        Technique(
            name="l2",
            title="L2 penalty",
            summary="adds the sum of squared weights to the loss: all become smaller",
            group=L2,
            on=("l2=on",),
            paper="Krogh and Hertz 1991, A Simple Weight Decay Can Improve "
            "Generalization",
        ),
        Technique(
            name="l1-l2",
            title="L1 and L2 penalty",
            summary="both penalties (elastic net)",
            group=L1 | L2,
            on=("l1=on", "l2=on"),
            paper="Zou and Hastie 2005, Journal of the Royal Statistical Society B 67",
        ),
        Technique(
            name="weight-decay",
            title="Decoupled weight decay",
            summary="each step makes the weights smaller, beside the gradient",
            group=WEIGHT_DECAY,
            on=("weight_decay=on",),
            paper="Loshchilov and Hutter 2019, arXiv:1711.05101",
        ),
        Technique(
            name="dropout",
            title="Dropout",
            summary="leaves out random units in training",
            group=DROPOUT,
            on=("use_dropout=on",),
            paper="Srivastava et al. 2014, JMLR 15",
        ),
        Technique(
            name="drop-connect",
            title="DropConnect",
            summary="leaves out random weights in training",
            group=DROP_CONNECT,
            on=("use_drop_connect=on",),
            paper="Wan et al. 2013, ICML",
        ),
        Technique(
            name="gaussian-noise",
            title="Gaussian noise",
            summary="adds noise to what each hidden layer receives in training",
            group=GAUSSIAN_NOISE,
            on=("use_gaussian_noise=on",),
            paper="Bishop 1995, Neural Computation 7",
        ),
        Technique(
            name="batch-norm",
            title="Batch normalization",
            summary="standardises each unit over the rows of a batch",
            group=BATCH_NORM,
            on=("batch_norm=true",),
            paper="Ioffe and Szegedy 2015, arXiv:1502.03167",
        ),
        Technique(
            name="layer-norm",
            title="Layer normalization",
            summary="standardises each row over the units of a layer",
            group=LAYER_NORM,
            on=("layer_norm=true",),
            paper="Ba, Kiros, Hinton 2016, arXiv:1607.06450",
        ),
        Technique(
            name="input-norm",
            title="Input normalization",
            summary="scales inputs to 0..1, or not, instead of to mean 0 and spread 1",
            group=INPUT_NORM,
            on=("input_norm=minmax,raw",),
            paper="LeCun, Bottou, Orr, Mueller 1998, Efficient BackProp, section 4.3",
            inputs=("images", "vectors"),
        ),
        Technique(
            name="weight-norm",
            title="Weight normalization",
            summary="trains direction and length of a unit's weights apart",
            group=WEIGHT_NORM,
            on=("weight_norm=true",),
            paper="Salimans and Kingma 2016, arXiv:1602.07868",
        ),
        Technique(
            name="constraint",
            title="Norm constraint",
            summary="keeps the norm of a unit's weights at 1 or below a bound",
            group=CONSTRAINT,
            on=("constraint=max_norm,unit_norm",),
            paper="Srivastava et al. 2014, JMLR 15, section 5.1",
        ),
        Technique(
            name="label-smoothing",
            title="Label smoothing",
            summary="trains on targets that leave some probability to other classes",
            group=LABEL_SMOOTHING,
            on=("use_label_smoothing=on",),
            paper="Szegedy et al. 2016, arXiv:1512.00567, section 7",
            tasks=("classification",),
        ),
        Technique(
            name="skip",
            title="Skip connections",
            summary="adds a layer's input to its output, from the second layer on",
            group=SKIP,
            on=("skip=true",),
            paper="He et al. 2015, arXiv:1512.03385",
        ),
        Technique(
            name="schedule",
            title="Learning rate schedule",
            summary="lets the learning rate fall over the epochs",
            group=SCHEDULE,
            on=("schedule=linear,exponential,cosine",),
            paper="Loshchilov and Hutter 2017, arXiv:1608.03983",
        ),
        Technique(
            name="averaging",
            title="Weight averaging",
            summary="ships the mean of the weights of many steps (EMA) or epochs (SWA)",
            group=AVERAGING,
            on=("averaging=ema,swa",),
            paper="Izmailov et al. 2018, arXiv:1803.05407",
        ),
        Technique(
            name="snapshots",
            title="Snapshot ensemble",
            summary="averages the predictions of several lows of a cyclic schedule",
            group=SNAPSHOTS,
            on=("use_snapshots=on",),
            paper="Huang et al. 2017, arXiv:1704.00109",
        ),
        Technique(
            name="ensemble",
            title="Ensemble of seeds",
            summary="averages the predictions of networks with different seeds",
            group=ENSEMBLE,
            on=("members=2..5",),
            paper="Lakshminarayanan, Pritzel, Blundell 2017, arXiv:1612.01474",
        ),
        Technique(
            name="pruning",
            title="Pruning of small weights",
            summary="sets the smallest weights to zero and trains on with the others",
            group=PRUNING,
            on=("use_prune_share=on",),
            paper="Han et al. 2015, arXiv:1506.02626",
        ),
        *DATA_TECHNIQUES,
    )
}
"""By name."""
