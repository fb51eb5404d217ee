"""The author's half: answers as students type them, sealed keys, the build and its proof.

`answers` reads `answers.toml`; `keys` runs the answers and seals them; `build` makes `release/`; `verify`
proves that right answers pass and wrong ones fail with their own hints.
"""
