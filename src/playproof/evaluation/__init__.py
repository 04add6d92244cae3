"""How good: labelled corpora, protocols, rates with intervals, the report."""
