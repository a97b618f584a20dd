"""Lists of jobs: read, remembered, and made by this process or by the workers of a Ray cluster."""
