"""Exercises of chapter 1: dense layers, softmax and cross-entropy, networks, metrics."""

from course_utils.feedback.exercises import mlp_layers, mlp_losses, mlp_metrics, mlp_networks

# In the order of the notebook.
EXERCISES = [
    mlp_layers.DENSE,
    mlp_losses.SOFTMAX,
    mlp_losses.CROSS_ENTROPY,
    mlp_networks.MLP_FORWARD,
    mlp_networks.COUNT_PARAMETERS,
    mlp_metrics.CONFUSION_MATRIX,
    mlp_metrics.PRECISION_RECALL_F1,
]
