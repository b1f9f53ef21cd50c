"""The messages of the corpus, in short pieces; `tests.corpus.machines.build` makes whole messages of them."""
