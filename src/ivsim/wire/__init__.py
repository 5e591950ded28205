"""rest-json as botocore's service models define it. Knows nothing of IVS."""
