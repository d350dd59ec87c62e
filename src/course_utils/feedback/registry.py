"""The exercises of the course by key; an assignment's module is imported when it is first used."""

from importlib import import_module

from course_utils.feedback.exercise import Exercise

ASSIGNMENTS = (
    "mlp",
    "autodiff",
    "backprop",
    "sgd",
    "convolution",
    "receptive_field",
    "classification",
    "focal_loss",
    "detection",
    "segmentation",
    "diffusion",
    "attention",
    "triton_convolution",
    "triton_attention",
)
# The exercises with kernels live beside the kernels.
_MODULES = {
    "triton_convolution": "course_utils.kernels.exercises.convolution",
    "triton_attention": "course_utils.kernels.exercises.attention",
}


def exercises_of(assignment: str) -> dict[str, Exercise]:
    """Return the exercises of one assignment by key. Raises ValueError for an unknown name."""
    if assignment not in ASSIGNMENTS:
        raise ValueError(f"assignment must be one of {', '.join(ASSIGNMENTS)}, got {assignment!r}")
    module = import_module(
        _MODULES.get(assignment, f"course_utils.feedback.exercises.{assignment}")
    )
    return {exercise.key: exercise for exercise in module.EXERCISES}


def exercise_for(key: str) -> Exercise:
    """Return the exercise ``assignment/function``. Raises ValueError for an unknown key."""
    assignment, slash, _ = key.partition("/")
    if not slash:
        raise ValueError(f"key must read assignment/function, got {key!r}")
    known = exercises_of(assignment)
    if key not in known:
        raise ValueError(f"key must be one of {', '.join(sorted(known))}, got {key!r}")
    return known[key]
