"""The way of a submission: assemble, run, judge, record.

`assemble` takes the answers out of what a student handed in; `judge` runs them in the sandbox and the
author's tests outside it; `engine` does both for one submission; `batch` for many; `record` writes
nbgrader's gradebook and folders.
"""
