"""Service models of ours, in botocore's format: what botocore lacks, and Mooring's own."""
