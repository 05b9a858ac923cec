"""The two typed cores, expressions and relations, and the way from text to them.

In: expression texts. Out: frozen trees with types, units, nullability, ranges and positions.
Four visitors read them and nothing else: generated Python, SQL, the reference, the analyses.
"""
