"""`make bench`: the pass beside its floor and beside freqtrade, in one run (docs/benchmarks.md)."""
