"""What a person sees of a search while it runs, here or from another terminal."""
