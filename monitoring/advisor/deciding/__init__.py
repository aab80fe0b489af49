"""What a question's answer is, and what follows from it, beside the pass and never before it.

Pure: `policy` (what happens without an answer), `guards` (may it sell by itself?), `hours`, `checks`
(is the answer one?), `view` and `prompt` (what is asked). `gather` reads, `cache` remembers, `calling`
asks in time, `run` does one question after the other, `settling` writes down what came of it.
`reviews` and `notes` are thoughts without haste.
"""
