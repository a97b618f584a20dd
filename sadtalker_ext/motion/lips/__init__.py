"""What lips do for each sound: visemes, coarticulation, contacts."""
