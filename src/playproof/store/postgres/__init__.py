"""PostgreSQL, the engine that several machines share: one writing connection in each process, a pool to read."""
