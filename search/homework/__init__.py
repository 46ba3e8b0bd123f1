"""The lecture's homework: overfit, each technique alone, combined, and the notebook."""
