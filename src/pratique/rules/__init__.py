"""Entry rules: data that a destination publishes, judged by a small total engine, and what they need to be shown."""
