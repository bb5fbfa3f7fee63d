"""The face without a person: works off what was queued, and does the chores that come again and again."""

THREADS = 2  # how many operations one worker performs at once
