"""Texts that the command line brings along."""
