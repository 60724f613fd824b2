"""The steps, each named for what it brings; ``down_revision`` puts them in order."""
