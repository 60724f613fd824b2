"""The command line of people. Of ours it imports wire and net, and nothing else."""
