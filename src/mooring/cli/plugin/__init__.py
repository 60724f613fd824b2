"""The drop-in session-manager-plugin: same arguments and texts as the stock one."""
