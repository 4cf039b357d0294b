"""Rules of selection: pure, synchronous, exact. Time, scores and rule packs come in as arguments."""
