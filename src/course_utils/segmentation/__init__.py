"""Segmentation: metrics, instances, the U-Net, its losses, training and tiles.

The modules of numpy (``metrics``, ``instances``) do not import torch. Import from the module.
"""
