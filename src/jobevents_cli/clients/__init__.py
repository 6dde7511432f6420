"""The clients of the orchestrator and of PuppetDB: one method per request, values out, our errors."""
