"""The control endpoints under `/_ivsim/`, with which people and programs in other languages steer the emulator.

Imported when the first request asks for one, so that the server starts without waiting for Starlette and msgspec.
"""
