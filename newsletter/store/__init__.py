"""Memory: tables, migrations, one module of queries per noun. All SQL of the product is here."""
