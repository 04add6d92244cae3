"""The rim: HTTP in, problem documents and verdicts out."""
