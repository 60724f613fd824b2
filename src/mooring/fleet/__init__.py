"""Nodes and activations: rules only."""
