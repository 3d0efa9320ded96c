"""What Alembic runs to migrate: on the connection and within the transaction that `migrating.migrate` opened."""

from alembic import context

from batchcast.store.sql.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
