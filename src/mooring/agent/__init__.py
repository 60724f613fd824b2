"""The node agent. Of ours it imports wire and net, and nothing else."""
