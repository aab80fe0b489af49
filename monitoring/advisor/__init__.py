"""The AI stage: reads news, screens them, and answers what the asking rules ask; beside the pass."""
