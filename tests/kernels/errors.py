"""How far a kernel's result is from what is right."""


def relative_error(found, expected):
    """Return ``||found - expected|| / ||expected||`` in float64."""
    return ((found.double() - expected).norm() / expected.norm()).item()
