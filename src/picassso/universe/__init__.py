"""Room universe."""
