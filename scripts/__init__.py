"""The command line `ombilin`, the two set-up commands and the demo; thin over the services."""
