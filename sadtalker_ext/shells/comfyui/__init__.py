"""The extension's side of ComfyUI: nodes."""
