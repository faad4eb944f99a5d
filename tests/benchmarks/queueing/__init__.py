"""The merge queue's simulator: a workload, a world in which runs take time, our policy, and its peers."""
