"""The SadTalker networks on the people of a video."""
