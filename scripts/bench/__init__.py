"""The parts of `ombilin bench`: a load generator, a naive design to compare with, systems to measure."""
