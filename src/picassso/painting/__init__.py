"""Room painting."""
