"""PuppetDB's query API."""
