"""The SadTalker model (CVPR 2023), implemented from its specification."""
