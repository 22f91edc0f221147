"""How good PhotoClip's answers are on labelled pictures, as commands that print tables."""
