"""The conflict radar: which branches, finished or not, cannot both be merged as they stand this moment."""
