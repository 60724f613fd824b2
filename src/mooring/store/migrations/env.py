"""What Alembic runs to migrate: on the connection that ``mooring.store.migrate`` gives it."""

from alembic import context

from mooring.store.every_table import METADATA

# The caller's transaction holds the whole; Alembic would not trust SQLite with DDL in one.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
