"""Live video on the port of encoders: RTMP in, without transcoding."""
