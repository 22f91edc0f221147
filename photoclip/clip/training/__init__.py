"""How the starter model is made and judged. Nothing here is needed to use a model.

`python -m photoclip.clip.training.starter --help` runs the whole recipe; `… .evaluate` prints its figures.
"""
