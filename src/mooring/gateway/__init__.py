"""The websocket message gateway: control channels, data channels, the relay, the recorder."""
