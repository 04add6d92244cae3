"""Alembic migrations of the schema, in the package so that every installation can upgrade itself."""
