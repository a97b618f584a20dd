"""The engines that make a face move."""
