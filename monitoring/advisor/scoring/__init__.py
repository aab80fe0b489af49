"""Was it right? Looks back at decisions an hour, a day and a week later, and at the resolution.

`judge` and `figures` are pure; `plan` writes what is due when, `past` and `reading` find the bid of
that time, `run` brings them together. docs/decisions/ai-scoring.md says what counts and what not.
"""
