"""Attention: the operator and its heads, positions, transformer blocks, small models.

This file imports no torch; every module does. Import from the module that has what you need:
``from course_utils.attention.core import attention``.
"""
