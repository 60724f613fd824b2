"""Keys at rest, behind the KeyRing port."""
