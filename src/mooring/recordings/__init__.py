"""Recordings: metadata and who may watch."""
