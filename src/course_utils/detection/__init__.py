"""Detection: boxes, suppression, average precision, anchors, and two small detectors.

The modules of numpy (``boxes``, ``suppression``, ``evaluation``, ``errors``, ``anchors``) do not
import torch; ``losses``, ``networks``, ``training`` and ``weights`` do. Import from the module.
"""
