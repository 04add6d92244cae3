"""What an operator sees: metrics, log lines, readiness."""
