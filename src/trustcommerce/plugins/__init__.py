"""Plugins: found among what is installed, asked for by packs and options, loaded into a registry."""
