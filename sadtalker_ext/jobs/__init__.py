"""Jobs that outlive the process: a SQLite store, the threads that work, and what is thrown away."""
