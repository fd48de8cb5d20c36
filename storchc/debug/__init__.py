"""``python -m storchc.debug``: what a stage makes of a story, for those who work on the compiler.

It knows every stage, and no other part of storchc knows it.
"""
