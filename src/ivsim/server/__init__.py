"""The emulator on a port: HTTP for every AWS SDK, WebSocket for chat clients. What `ivsim[server]` installs."""
