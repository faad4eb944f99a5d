"""The panes of the town, one file each; none knows another."""
