"""Files to tables, one module a source; nothing is changed silently, nothing is lost."""
