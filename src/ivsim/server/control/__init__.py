"""The control endpoints under `/_ivsim/`: what people and programs in other languages do to the emulator.

Imported when the first request asks for one, so that the server starts without waiting for Starlette and msgspec.
"""
