"""Running on Spark: the same statements, layer by layer, over tables of a session."""
