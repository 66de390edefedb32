"""The signaling service's database: tables, migrations, engine and stores."""
