"""Follow jobs and print their events: `tail` and `list`."""
