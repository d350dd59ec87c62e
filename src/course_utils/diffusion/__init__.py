"""Diffusion: the noising process, samplers, exact mixtures, networks, their training and quality.

The modules of numpy (``process``, ``samplers``, ``mixtures``) do not import torch. Import from the
module.
"""
