"""Budgets, measured: every figure is a ratio to a peer in the same interleaved run."""
