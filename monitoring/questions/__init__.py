"""Questions that the asking rules raise: raised here, answered here, carried out here.

Imports nothing of `monitoring.advisor`: the pass raises questions, and never waits for an answer.
`asking` raises and moves them, `answering` is what a person does, `selling` what follows from it,
`upkeep` what time alone brings.
"""
