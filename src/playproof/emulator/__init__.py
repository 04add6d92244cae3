"""A local server that speaks the HTTP API of Woodwide, so that the whole system runs, and is tested, without a key.

What it takes in is really parsed, its models are really fitted to the uploaded rows, its jobs really pass through their
states. What can go wrong with a hosted service can be made to go wrong here, on demand: see `playproof.emulator.faults`.
"""
