"""`show`: one job with its nodes, or one plan with its jobs, in every format."""
