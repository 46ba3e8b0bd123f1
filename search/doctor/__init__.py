"""What `tunefold doctor` looks at; a file for each section, `examine` joins them."""
