"""What is run by make alone: the check of a release, and players from npm, in a browser, against a server of ivsim."""
