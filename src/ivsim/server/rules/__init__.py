"""Rules, as EventBridge has them: which events go to which programs, and what becomes of those on their way."""
