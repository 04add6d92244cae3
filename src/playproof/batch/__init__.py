"""The durable batch queue."""
