"""Search without a database: folding, pinyin, tokens, queries and their order. Pure."""
