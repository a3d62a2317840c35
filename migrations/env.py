"""Run by Alembic: from `suwen migrate` with a connection at hand, or from Alembic's own command line."""

from alembic import context

from suwen.core import migrate
from suwen.settings import Settings
from suwen.tables import metadata


def run(connection):
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        transactional_ddl=sqlite,
        render_as_batch=sqlite,
        render_item=migrate.render_item,
        compare_type=migrate.compare_type,
        compare_server_default=migrate.compare_default,
        process_revision_directives=migrate.without_engines,
        include_name=lambda name, kind, _parents: kind != "table" or wanted is None or name in wanted,
        include_object=lambda _object, name, kind, _there, _to: kind != "table" or wanted is None or name in wanted,
    )
    with context.begin_transaction():
        context.run_migrations()


wanted = context.config.attributes.get("tables")  # of the script that is being written; None: all of them
connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    url = context.get_x_argument(as_dictionary=True).get("url") or Settings.from_environment().database_url
    with migrate.locked(url) as connection:
        run(connection)
