"""How Alembic reaches the database: over the connection that its caller already holds, in that caller's transaction."""

from alembic import context

from playproof.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run when the store opens; for a new one see docs/storage.md")

context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
