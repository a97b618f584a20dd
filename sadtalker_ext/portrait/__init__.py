"""Finding a face in a picture: detection, mesh, person mask."""
