"""Triton kernels that run without a GPU: set-up, guard, recorder, compiler, reference kernels.

Importing this package imports neither torch nor triton; its modules do.
"""
