"""Techniques that act on the training rows: altered, mixed, weighed or drawn anew.

How each works stands in `pipelines.augmentation` (layers), `pipelines.warping` and
`pipelines.mixing` (batch by batch) and `pipelines.resampling`. A random crop is
`augment_shift`: the image cut out of one that was padded on all sides.
"""

from spaces.params import Choice, Float
from spaces.space import SearchSpace
from spaces.technique import Technique, switched

FLIP = SearchSpace({"augment_flip": Choice(options=(False, True))})
SHIFT = switched("augment_shift", Float(low=0.02, high=0.2))
"""Largest distance as a share of height and width."""

ROTATION = switched("augment_rotation", Float(low=2.0, high=30.0))
"""Largest angle in degrees."""

ZOOM = switched("augment_zoom", Float(low=0.02, high=0.3))
"""Largest change of size as a share."""

BRIGHTNESS = switched("augment_brightness", Float(low=0.05, high=0.5))
"""Largest change in standard deviations of the pixels."""

CONTRAST = switched("augment_contrast", Float(low=0.05, high=0.5))
"""Largest change of the distances from the mean as a share."""

INPUT_NOISE = switched("augment_noise", Float(low=0.02, high=0.5, log=True))
"""Standard deviation of the noise, in those of the inputs."""

MIX = SearchSpace(
    {
        "mix": Choice(options=("none", "mixup", "cutmix", "cutout")),
        "mix_strength": Float(
            low=0.1, high=1.0, when=("mix", ("mixup", "cutmix", "cutout"))
        ),
    }
)
"""`mix_strength` is alpha of Beta(alpha, alpha) for `mixup` and `cutmix`, the part
that is left out for `cutout`."""

WORD_DROPOUT = switched("word_dropout", Float(low=0.05, high=0.5))
RESAMPLE = SearchSpace({"resample": Choice(options=("none", "over", "under"))})
CLASS_WEIGHTS = SearchSpace({"class_weights": Choice(options=(False, True))})

DATA_TECHNIQUES = (
    Technique(
        name="flip",
        title="Flip",
        summary="mirrors half of the training images, left for right",
        group=FLIP,
        on=("augment_flip=true",),
        paper="Krizhevsky, Sutskever, Hinton 2012, ImageNet Classification with Deep "
        "CNNs, section 4.1",
        inputs=("images",),
    ),
    Technique(
        name="shift",
        title="Shift or random crop",
        summary="moves training images by some pixels",
        group=SHIFT,
        on=("use_augment_shift=on",),
        paper="He et al. 2015, arXiv:1512.03385, section 4.2",
        inputs=("images",),
    ),
    Technique(
        name="rotation",
        title="Rotation",
        summary="turns training images by some degrees",
        group=ROTATION,
        on=("use_augment_rotation=on",),
        paper="Simard, Steinkraus, Platt 2003, ICDAR, section 2",
        inputs=("images",),
    ),
    Technique(
        name="zoom",
        title="Zoom",
        summary="makes training images larger or smaller",
        group=ZOOM,
        on=("use_augment_zoom=on",),
        paper="Simard, Steinkraus, Platt 2003, ICDAR, section 2",
        inputs=("images",),
    ),
    Technique(
        name="brightness",
        title="Brightness",
        summary="makes training images lighter or darker",
        group=BRIGHTNESS,
        on=("use_augment_brightness=on",),
        paper="Howard 2013, arXiv:1312.5402",
        inputs=("images",),
    ),
    Technique(
        name="contrast",
        title="Contrast",
        summary="stretches or shrinks the differences within training images",
        group=CONTRAST,
        on=("use_augment_contrast=on",),
        paper="Howard 2013, arXiv:1312.5402",
        inputs=("images",),
    ),
    Technique(
        name="input-noise",
        title="Noise on the inputs",
        summary="adds Gaussian noise to training rows",
        group=INPUT_NOISE,
        on=("use_augment_noise=on",),
        paper="Bishop 1995, Neural Computation 7",
    ),
    Technique(
        name="mixing",
        title="Mix-up, cut-mix, cut-out",
        summary="mixes training rows and their targets, or leaves out a part",
        group=MIX,
        on=("mix=mixup,cutmix,cutout",),
        paper="Zhang et al. 2018, arXiv:1710.09412; Yun et al. 2019, "
        "arXiv:1905.04899; DeVries and Taylor 2017, arXiv:1708.04552",
        inputs=("images", "vectors"),
    ),
    Technique(
        name="word-dropout",
        title="Word dropout",
        summary="leaves out random words of the training texts",
        group=WORD_DROPOUT,
        on=("use_word_dropout=on",),
        paper="Iyyer et al. 2015, Deep Unordered Composition Rivals Syntactic Methods "
        "for Text Classification",
        inputs=("text",),
    ),
    Technique(
        name="resampling",
        title="Over- and undersampling",
        summary="repeats or leaves out training rows until all classes are as large",
        group=RESAMPLE,
        on=("resample=over,under",),
        paper="Japkowicz and Stephen 2002, Intelligent Data Analysis 6",
        tasks=("classification",),
    ),
    Technique(
        name="class-weights",
        title="Class weights",
        summary="lets all classes count equally in the loss, however rare",
        group=CLASS_WEIGHTS,
        on=("class_weights=true",),
        paper="King and Zeng 2001, Political Analysis 9",
        tasks=("classification",),
    ),
)
