"""What is run by hand alone: players from npm, in a browser, against a server of ivsim."""
