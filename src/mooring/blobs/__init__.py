"""Sealed recordings at rest, behind the BlobStore port."""
