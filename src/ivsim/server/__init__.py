"""The emulator on a port: HTTP for every AWS SDK, WebSocket for chat clients. What `ivsim[server]` installs."""

try:
    import filelock  # noqa: F401
    import httptools  # noqa: F401
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
    import websockets  # noqa: F401
except ModuleNotFoundError as missing:
    text = f'{missing.name} is not installed; pip install "ivsim[server]"'
    raise ModuleNotFoundError(text, name=missing.name) from None
