"""Pictures: the gate in front of the decoder, the detector, and the processes that run it.

Only `detector` and `decoder` import OpenCV; the web process imports the gate alone.
"""
