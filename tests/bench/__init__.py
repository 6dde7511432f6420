"""The benchmark: ratios of whole commands, measured in pairs in one run. `python -m bench`, in the folder `tests`."""
