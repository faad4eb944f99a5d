"""The Refinery: the merge queue that tests what lands and lands what was tested."""
