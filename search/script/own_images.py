"""Code that loads the user's own images."""

from pipelines.image_folder import SUFFIXES, look_at
from pipelines.spec import Spec
from search.script.layout import assign, write


def images_code(spec: Spec) -> str:
    """Write what loads a folder of images.

    Raises:
        DataError: The folder is not there, or not as it was.
    """
    folder = look_at(spec)
    lines = [
        _IMAGES.replace("<<suffixes>>", write(SUFFIXES)),
        assign("CLASSES", list(folder.classes)),
    ]
    listed = f"list_images({write(spec.place)})"
    if "test" in spec.options:
        lines += [
            f"files_train, y_train = {listed}",
            f"files_test, y_test = list_images({write(spec.options['test'])})",
        ]
    else:
        lines += [f"files, y = {listed}", _IMAGES_CUT.rstrip()]
    size = f"{folder.size}, {write(folder.mode)}"
    for part in ("train", "test"):
        lines.append(
            f"X_{part} = np.stack([read_image(f, {size}) for f in files_{part}])"
        )
    return "".join(f"{line}\n" for line in lines)


_IMAGES = '''\
def list_images(folder):
    """Return the files of all classes, and the number of each one's class."""
    files, y = [], []
    for number, name in enumerate(CLASSES):
        inside = (Path(folder) / name).rglob("*")
        found = sorted(f for f in inside if f.suffix.lower() in <<suffixes>>)
        files += found
        y += [number] * len(found)
    return files, np.array(y)


def read_image(file, size, mode):
    """Read an image as 8 bits a pixel, in one size."""
    with Image.open(file) as image:
        if image.mode == "I;16":  # Pillow would cut 16 bits off at 255
            image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
        image = image.convert(mode)
        if image.size != size:
            image = image.resize(size, Image.Resampling.BILINEAR)
        return np.asarray(image)

'''

_IMAGES_CUT = """\
# A fifth of each class is the test.
train, test = train_test_split(
    np.arange(len(y)),
    test_size=max(len(CLASSES), len(y) // 5),
    random_state=0,
    stratify=y,
)
train, test = np.sort(train), np.sort(test)
files_train, y_train = [files[row] for row in train], y[train]
files_test, y_test = [files[row] for row in test], y[test]
"""
