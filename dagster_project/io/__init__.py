"""Everything that touches the world: clock, HTTP, files, tables, the database."""
