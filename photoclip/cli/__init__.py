"""The library from a terminal. `main.build` makes the commands; nothing here knows of a model or a window."""
