"""A camera and a microphone for pages in tests, on a machine that has none."""

from __future__ import annotations

CAMERA = """
  const cameraOf = (width, height) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    let hue = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${(hue += 5)} 80% 50%)`;
      context.fillRect(0, 0, width, height);
    }, 50);
    return canvas.captureStream(20).getVideoTracks()[0];
  };
  const silence = () => new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
"""
"""Functions of JavaScript that return tracks: a colour that changes, of so many pixels, and silence."""
