"""The console: one page that shows and steers the emulator."""
