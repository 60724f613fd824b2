"""The web pages of people: for now one plain page."""
