"""Webcam proctoring: measurements with evidence for a human, never verdicts.

Best effort by design: everything here may be killed without touching answers or the clock of an attempt.
"""
