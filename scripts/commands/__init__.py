"""What the commands do; imported late, so that --help is instant."""
