"""Logistic regression on the reviews, on the rows that `imdb` trains and tests on.

    .venv/bin/python benchmarks/reviews.py

The strength of its penalty is chosen by three folds of the training rows; the test rows
are scored once.
"""

from itertools import product

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import cross_val_score

from pipelines.registry import get_pipeline

STRENGTHS = (0.01, 0.1, 1.0, 10.0)
"""scikit-learn's C; 1 is its default."""


def main() -> None:
    """Print the choice and its test scores."""
    pipeline = get_pipeline("imdb")
    train = pipeline.load("train")
    found = []
    for weighting, ngrams in product(("multi-hot", "tf-idf"), (1, 2)):
        params = {"n_words": 20_000, "ngrams": ngrams, "weighting": weighting}
        # The words are chosen on all training rows: a little to its advantage.
        rows = pipeline.prepare(train.X, train.y, params)(train.X)
        for strength in STRENGTHS:
            model = LogisticRegression(C=strength, max_iter=2000)
            score = cross_val_score(model, rows, train.y, cv=3, n_jobs=-1).mean()
            print(f"{weighting}, {ngrams} words at most, C {strength}: {score:.4f}")
            found.append((score, params, strength))
    _, params, strength = max(found, key=lambda each: each[0])
    transform = pipeline.prepare(train.X, train.y, params)
    model = LogisticRegression(C=strength, max_iter=2000)
    model.fit(transform(train.X), train.y)
    test = pipeline.load("test")
    predicted = model.predict_proba(transform(test.X))
    print(
        f"chosen: {params}, C {strength}\n"
        f"{train.source}; {len(train.y):,} training, {len(test.y):,} test rows\n"
        f"test accuracy {accuracy_score(test.y, predicted[:, 1] > 0.5):.4f}, "
        f"log_loss {log_loss(test.y, predicted):.4f}"
    )


if __name__ == "__main__":
    main()
