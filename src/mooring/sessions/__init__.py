"""Sessions: states, tokens, documents in force."""
