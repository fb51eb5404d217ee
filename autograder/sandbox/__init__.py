"""Walls for code that nobody vouches for.

Outside run `session` (the grader's side) and `wall` (the bubblewrap command). Inside run `warm` (the
interpreter with its libraries loaded, which forks for every submission), `jail` (closes the fork in) and
`runner` (runs cells, answers questions about values). `wire` is what passes between them: plain data.
"""
