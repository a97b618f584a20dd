"""Reading ONNX files and running them in numpy."""
