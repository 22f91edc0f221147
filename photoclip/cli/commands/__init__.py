"""One module a group of commands. Each has `register(app)`, which `photoclip.cli.main.build` calls."""
